from __future__ import annotations

from typing import Any

import pytest

from voicebot.errors import ProtocolError
from voicebot.protocol.expectation import Expectation, Expected, KeyEntry, emit_expectation, parse_expectation
from voicebot.protocol.fields import Fields
from voicebot.protocol.instruction import SendDigits, emit_instructions, parse_instructions
from voicebot.protocol.lenient import LenientFields


@pytest.mark.parametrize("entry", [KeyEntry(), KeyEntry("", 500, True), KeyEntry("*", 60_000, False)])
def test_how_digits_are_typed_comes_back_as_it_was(entry: KeyEntry) -> None:
    expectation = Expectation(Expected.DIGITS, (4, 4), entry)
    assert parse_expectation(Fields(emit_expectation(expectation))) == expectation


def test_nothing_is_said_of_keys_unless_there_is_something() -> None:
    assert "keys" not in emit_expectation(Expectation(Expected.DIGITS))
    assert parse_expectation(Fields({"kind": "digits"})).keys is None
    assert parse_expectation(Fields({"kind": "digits", "keys": {}})).keys == KeyEntry()


@pytest.mark.parametrize(
    "keys", [1, "x", {"end": "##"}, {"end": "x"}, {"gap_ms": 0}, {"gap_ms": True}, {"gap_ms": 1e9}, {"masked": "yes"}]
)
def test_what_cannot_be_read_is_an_error_and_on_the_telephone_a_secret(keys: Any) -> None:
    with pytest.raises(ProtocolError):
        parse_expectation(Fields({"kind": "digits", "keys": keys}))
    assert parse_expectation(LenientFields({"kind": "digits", "keys": keys})).masked


def test_keys_for_the_far_end_come_back_as_they_were() -> None:
    plain = emit_instructions([SendDigits("12#A")])
    assert plain == {"voicebot_sendDigits": {"digits": "12#A"}}
    assert parse_instructions(Fields(plain)) == (SendDigits("12#A"),)


@pytest.mark.parametrize("digits", ["", "1 2", "x", "1" * 65])
def test_what_cannot_be_typed_is_refused(digits: str) -> None:
    with pytest.raises(ProtocolError):
        parse_instructions(Fields({"voicebot_sendDigits": {"digits": digits}}))
    assert parse_instructions(LenientFields({"voicebot_sendDigits": {"digits": digits}})) == ()
