from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.conversation.heard import heard_text


@pytest.mark.parametrize(
    ("text", "heard_ms", "total_ms", "expected"),
    [
        ("您好请问", 0, 1000, ""),
        ("您好请问", 500, 1000, "您好"),
        ("您好请问", 1000, 1000, "您好请问"),
        ("Good morning to you", 500, 1000, "Good"),
        ("Good morning to you", 1000, 1000, "Good morning to you"),
        ("一二三四五六七八九十", 1000, None, "一二三四"),
    ],
)
def test_the_cut_is_in_proportion_to_time(text: str, heard_ms: int, total_ms: int | None, expected: str) -> None:
    assert heard_text(text, heard_ms, total_ms) == expected


@given(st.text(), st.integers(0, 5000), st.none() | st.integers(1, 5000))
def test_what_was_heard_is_a_beginning_of_the_text(text: str, heard_ms: int, total_ms: int | None) -> None:
    assert text.startswith(heard_text(text, heard_ms, total_ms))
