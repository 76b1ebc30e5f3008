from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.synthesis.speakable import has_cjk, speakable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**重点**：请看[官网](http://a.cn/x)😀", "重点：请看官网"),
        ("# 标题\n- 第一\n- 第二", "标题。第一。第二"),
        ("1. one\n2. two.\nthree", "1. one. 2. two. three"),
        ("`code` and ~~gone~~ and __bold__", "code and gone and bold"),
        ("```python\nprint\n```", "print"),
        ("snake_case_name stays", "snake_case_name stays"),
        ("按*键，5 * 3", "按*键，5 * 3"),
        ("a\u200bb\x00c\ud800d", "ab cd"),
        ("👍🏽 好", "好"),
        ("25℃", "25℃"),
        ("👋🎉", ""),
        ("。。。", ""),
    ],
)
def test_what_nobody_reads_aloud_goes(text: str, expected: str) -> None:
    assert speakable(text) == expected


@given(st.text(max_size=100))
def test_no_control_character_or_line_end_is_left_and_a_second_pass_keeps_plain_text(text: str) -> None:
    spoken = speakable(text)
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co") for character in spoken)
    assert spoken == spoken.strip()


def test_ideographs_are_told_from_other_letters() -> None:
    assert has_cjk("abc好")
    assert not has_cjk("abc カナ é")
