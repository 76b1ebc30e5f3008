from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.sip import SipRequest, parse_message
from telephony.sip.dtmf_info import as_relay


def info(body: bytes, kind: str = "application/dtmf", method: str = "INFO") -> SipRequest:
    head = f"{method} sip:bot@host SIP/2.0\r\nCall-ID: a\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    message = parse_message(head.encode() + body)
    assert isinstance(message, SipRequest)
    return message


@pytest.mark.parametrize(
    ("body", "key"),
    [(b"5", "5"), (b"*\r\n", "*"), (b" # ", "#"), (b"10", "*"), (b"11", "#"), (b"12", "A"), (b"d", "D")],
)
def test_a_plain_key_becomes_a_relayed_one(body: bytes, key: str) -> None:
    request = info(body)
    as_relay(request)
    assert request.body == f"Signal={key}\r\nDuration=160\r\n".encode()
    assert request.first("content-type") == "application/dtmf-relay"
    assert request.content_length == len(request.body)


@pytest.mark.parametrize("body", [b"", b"99", b"16", b"z", b"123456", b"\xff", b"Signal=5\r\nDuration=99"])
def test_what_is_no_key_stays_as_it_is(body: bytes) -> None:
    request = info(body)
    before = bytes(request)
    as_relay(request)
    assert bytes(request) == before


def test_other_messages_stay_as_they_are() -> None:
    for request in (info(b"5", "application/dtmf-relay"), info(b"5", "text/plain"), info(b"5", method="MESSAGE")):
        before = bytes(request)
        as_relay(request)
        assert bytes(request) == before


@given(st.binary(max_size=20))
def test_any_body_leaves_a_message_that_can_be_read(body: bytes) -> None:
    request = info(body)
    as_relay(request)
    assert isinstance(parse_message(bytes(request)), SipRequest)
