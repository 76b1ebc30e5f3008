from __future__ import annotations

import json

import pytest

from telephony.line.invite import from_host, read_invite


def invite(uri: str = "sip:8001@10.0.0.1", sender: str = "<sip:alice@pbx.example:5062>", extra: str = "") -> str:
    lines = [
        f"INVITE {uri} SIP/2.0",
        "Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK1",
        f"From: {sender};tag=1",
        "To: <sip:8002@10.0.0.1>",
        "Call-ID: abc",
        "CSeq: 1 INVITE",
        *([extra] if extra else []),
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""])


def test_reads_caller_called_and_x_headers() -> None:
    info = read_invite(invite(extra="X-Ticket: 47 11"), "abc", "token")
    assert (info.call_id, info.caller, info.called) == ("abc", "alice", "8001")
    assert info.headers == {"X-Ticket": "47 11"}


@pytest.mark.parametrize("uri", ["sip:token@10.0.0.1:5060", "sip:10.0.0.1"])
def test_our_own_contact_is_not_what_was_dialled(uri: str) -> None:
    assert read_invite(invite(uri), "abc", "token").called == "8002"


@pytest.mark.parametrize("user", ["anonymous", "Anonymous", "unknown"])
def test_a_withheld_number_is_empty(user: str) -> None:
    assert read_invite(invite(sender=f"<sip:{user}@anonymous.invalid>"), "abc", "").caller == ""


def test_a_number_is_read_without_parameters_and_escapes() -> None:
    info = read_invite(invite("sip:%2B49151;phone-context=x@10.0.0.1", sender="<tel:+4930;x=1>"), "abc", "")
    assert (info.caller, info.called) == ("+4930", "+49151")


def test_bytes_that_are_no_text_do_not_travel_on() -> None:
    headers = read_invite(invite(extra="X-Name: caf\udce9"), "abc", "").headers
    assert json.dumps(headers).encode() == b'{"X-Name": "caf\\ufffd"}'


def test_what_cannot_be_read_is_left_out() -> None:
    assert read_invite("nonsense", "abc", "").caller == ""
    assert read_invite(invite(sender="<mailto:x>"), "abc", "").called == "8001"


def test_host_of_the_caller() -> None:
    assert from_host(invite()) == "pbx.example"
    assert from_host("nonsense") == ""
