import pytest

from telephony.sip import SipRequest, parse_message
from tests.telephony.messages import request
from voicebot.errors import SipMessageError


def parsed(data: bytes) -> SipRequest:
    message = parse_message(data)
    assert isinstance(message, SipRequest)
    return message


def test_typed_access() -> None:
    message = parsed(request(to_tag="near", extra="Route: <sip:a;lr>, <sip:b;lr>\r\nSupported: Timer,replaces\r\n"))
    assert message.call_id == "call-1@192.0.2.1"
    assert (message.from_.tag, message.to.tag) == ("far", "near")
    assert message.cseq == (1, "INVITE")
    assert message.max_forwards == 70
    assert message.content_length == 0
    assert [route.uri for route in message.routes] == ["sip:a;lr", "sip:b;lr"]
    assert [contact.uri for contact in message.contacts] == ["sip:bob@192.0.2.1:5060"]
    assert message.tokens("supported") == ["timer", "replaces"]
    assert message.top_via.branch == "z9hG4bK776asdhds"


def test_push_append_pop_and_replace_keep_the_order() -> None:
    message = parsed(request(extra="Route: <sip:a;lr>\r\n"))
    message.push("Via", "SIP/2.0/UDP edge;branch=z9hG4bK0")
    message.push("Record-Route", "<sip:edge;lr>")
    message.append("Route", "<sip:b;lr>")
    message.append("X-New", "1")
    assert [header.name for header in message.headers][:2] == ["Record-Route", "Via"]
    assert message.all("route") == ["<sip:a;lr>", "<sip:b;lr>"]
    assert message.headers[-1].name == "X-New"
    assert message.pop("route", last=True) == "<sip:b;lr>"
    assert message.pop("via") == "SIP/2.0/UDP edge;branch=z9hG4bK0"
    assert message.pop("reason") is None
    message.replace("max-forwards", "69")
    message.replace("expires", "60")
    assert (message.max_forwards, message.first("expires")) == (69, "60")


@pytest.mark.parametrize("value", ["1", "x INVITE", "2147483648 INVITE", "1 INVITE x", ""])
def test_malformed_cseq(value: str) -> None:
    with pytest.raises(SipMessageError):
        _ = parsed(request(headers={"CSeq": value})).cseq


def test_a_missing_header_is_named() -> None:
    with pytest.raises(SipMessageError, match="Missing Call-Id"):
        _ = parsed(request(headers={"Call-ID": None})).call_id
