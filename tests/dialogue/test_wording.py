from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.wording import consists_of, core, denies, length, normalise


@pytest.mark.parametrize(
    ("text", "expected"),
    [("您好,请 问?", "您好请问"), ("It's OK, Fine!", "it's ok fine"), ("ＡＢＣ １２", "abc 12"), ("…", "")],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text).replace(" ", "") == expected.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("嗯那个多少钱啊", "zh", "多少钱"),
        ("嗯", "zh", "嗯"),
        ("uh well yes please", "en", "yes"),
        ("please", "en", "please"),
    ],
)
def test_core(text: str, language: str, expected: str) -> None:
    assert core(text, language) == expected


@pytest.mark.parametrize("text", ["不要转人工", "没有", "我不去", "别打了", "没收到"])
def test_denials(text: str) -> None:
    assert denies(text, "zh")


@pytest.mark.parametrize("text", ["没问题", "是不是要带证件", "能不能改", "不好意思请问", "差不多", "好不好"])
def test_no_denials(text: str) -> None:
    assert not denies(text, "zh")


def test_denials_in_english() -> None:
    assert denies("i don't want it", "en")
    assert not denies("do you know it", "en")


def test_length_counts_characters_in_mandarin_and_words_in_english() -> None:
    assert length("我要5g套餐", "zh") == 5
    assert length("a real person", "en") == 3


YES = frozenset({"对", "是的", "没错", "好"})


@pytest.mark.parametrize("text", ["对", "对对对", "对对是的没错", "好的谢谢", "对啊"])
def test_made_of_words(text: str) -> None:
    assert consists_of(text, YES)


@pytest.mark.parametrize("text", ["", "谢谢", "对了", "对不对", "好吃", "的"])
def test_not_made_of_words(text: str) -> None:
    assert not consists_of(text, YES)


@given(st.text(max_size=30))
def test_any_text_can_be_normalised(text: str) -> None:
    plain = normalise(text)
    assert normalise(plain) == plain
    for language in ("zh", "en"):
        assert bool(core(plain, language)) == bool(plain)
