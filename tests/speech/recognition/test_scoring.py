from __future__ import annotations

import pytest

from voicebot.speech.recognition.scoring import (
    character_errors,
    edit_distance,
    en_number,
    errors,
    word_errors,
    zh_number,
)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "distance"),
    [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("abc", "abc", 0), ("ab", "ba", 2)],
)
def test_edit_distance(reference: str, hypothesis: str, distance: int) -> None:
    assert edit_distance(reference, hypothesis) == distance


@pytest.mark.parametrize(
    ("reference", "hypothesis"),
    [
        ("请问营业时间", "請問營業時間?"),
        ("我的号码是一三八零零", "我的号码是13800。"),
        ("幺三八", "138"),
        ("十一倍", "11倍"),
        ("二零一六年", "2016年"),
        ("零一零八", "0108"),
        ("两千零一十六", "2016"),
        ("百分之六十", "60%"),
        ("三百二十八万一千一百三十八点四八", "3281138点四八"),
        ("VIP会员", "vip会员"),
    ],
)
def test_mandarin_that_says_the_same_has_no_errors(reference: str, hypothesis: str) -> None:
    assert character_errors(reference, hypothesis)[0] == 0


def test_mandarin_errors_are_counted_per_character() -> None:
    assert character_errors("转人工", "转员工") == (1, 3)
    assert character_errors("转人工", "") == (3, 3)
    assert errors("转人工", "帮我转人工", "zh") == (2, 3)


@pytest.mark.parametrize(
    ("reference", "hypothesis"),
    [
        ("four queen of clubs", "Four, queen of clubs."),
        ("IN EIGHTEEN THIRTEEN", "in eighteen thirteen"),
        ("one zero two", "1-0-2"),
        ("go forward ten meters", "Go forward 10 meters."),
        ("what's the weather like", "What’s the weather like?"),
        ("twenty one thousand", "21,000"),
        ("in eighteen thirteen", "in 1813"),
        ("oh seven", "oh 7"),
    ],
)
def test_english_that_says_the_same_has_no_errors(reference: str, hypothesis: str) -> None:
    assert word_errors(reference, hypothesis)[0] == 0


def test_english_errors_are_counted_per_word() -> None:
    assert word_errors("billing department", "filling department please") == (2, 2)
    assert errors("a b c", "a c", "en") == (1, 3)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *[(0, "零"), (10, "十"), (16, "十六"), (20, "二十"), (105, "一百零五"), (110, "一百一十"), (1000, "一千")],
        *[(2016, "二千零一十六"), (10005, "一万零五"), (3281138, "三百二十八万一千一百三十八")],
    ],
)
def test_zh_number(value: int, words: str) -> None:
    assert zh_number(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *[(0, "zero"), (13, "thirteen"), (20, "twenty"), (42, "forty two"), (105, "one hundred five")],
        *[(2016, "two thousand sixteen"), (1_000_001, "one million one")],
    ],
)
def test_en_number(value: int, words: str) -> None:
    assert en_number(value) == words
