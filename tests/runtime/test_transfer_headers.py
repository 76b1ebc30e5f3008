from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.conversation.leg import CallInfo
from voicebot.runtime.transfer_headers import MAX_HEADER_CHARACTERS, header_value, transfer_headers

CALL = CallInfo("a84b@host", "139", "8001")


def test_the_session_and_the_reason_are_told() -> None:
    assert transfer_headers("3_f7de", CALL, "service", "wants a person") == {
        "X-Voicebot-Session": "3_f7de",
        "X-Voicebot-Call": "a84b@host",
        "X-Voicebot-Reason": "wants a person",
        "X-Voicebot-Line": "service",
    }


def test_without_a_session_the_call_stands_for_it() -> None:
    assert transfer_headers("", CALL, "service", "r")["X-Voicebot-Session"] == "a84b@host"


def test_what_is_empty_is_left_out() -> None:
    assert set(transfer_headers("s", CALL, "\r\n", "r")) == {
        "X-Voicebot-Session",
        "X-Voicebot-Call",
        "X-Voicebot-Reason",
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("wants a person", "wants a person"),
        ("投诉", "%E6%8A%95%E8%AF%89"),
        ('100% sure; "<x>", a=b', '100%25 sure; "<x>", a=b'),
        ("one\r\nX-Evil: two\tthree\x00", "one X-Evil: two three"),
        ("  ", ""),
    ],
)
def test_a_value_is_one_line_of_ascii(text: str, value: str) -> None:
    assert header_value(text) == value


def test_a_long_value_is_cut_between_characters() -> None:
    assert header_value("投" * 100) == "%E6%8A%95" * 22
    assert header_value("x" * 1000) == "x" * MAX_HEADER_CHARACTERS


@given(st.text(max_size=300))
def test_whatever_the_text_the_value_is_safe_and_can_be_read_back(text: str) -> None:
    value = header_value(text)
    assert len(value) <= MAX_HEADER_CHARACTERS
    assert all(" " <= character <= "~" for character in value)
    plain = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    assert plain.startswith(unquote(value))
