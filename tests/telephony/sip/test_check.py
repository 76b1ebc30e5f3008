import pytest

from telephony.sip import SipRequest, SipResponse, check_request, check_response, parse_message
from tests.telephony.messages import request
from voicebot.errors import SipMessageError


def status_of(data: bytes) -> int:
    """The status that answers a request, 0 if it passes."""
    message = parse_message(data)
    assert isinstance(message, SipRequest)
    try:
        check_request(message)
    except SipMessageError as error:
        return error.status
    return 0


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "BYE", "ACK", "FOO"])
def test_sound_requests_pass(method: str) -> None:
    assert status_of(request(method)) == 0


@pytest.mark.parametrize("name", ["From", "To", "CSeq", "Call-ID", "Contact"])
def test_missing_headers(name: str) -> None:
    assert status_of(request(headers={name: None})) == 400


def test_missing_max_forwards_is_forgiven() -> None:
    assert status_of(request(headers={"Max-Forwards": None})) == 0


@pytest.mark.parametrize("line", ["CSeq: 1 INVITE", "Call-ID: b", "f: <sip:a@b>;tag=1", "Max-Forwards: 3", "l: 0"])
def test_repeated_headers(line: str) -> None:
    assert status_of(request(extra=line + "\r\n")) == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [("Max-Forwards", "300"), ("CSeq", "1 BYE"), ("Call-ID", "a b"), ("Contact", "*"), ("From", "<sip:a@b>"),
     ("Via", "SIP/3.0/UDP a"), ("To", '"open <sip:a@b>')],
)  # fmt: skip
def test_malformed_headers(name: str, value: str) -> None:
    assert status_of(request(headers={name: value})) == 400


def test_from_without_tag_is_forgiven_for_old_senders() -> None:
    assert status_of(request(headers={"From": "<sip:a@b>", "Via": "SIP/2.0/UDP a;branch=1"})) == 0


def test_a_later_via_counts_too() -> None:
    assert status_of(request(extra="Via: nonsense\r\n")) == 400


@pytest.mark.parametrize(("version", "status"), [("SIP/7.0", 505), ("SIP/3.14", 505), ("sip/2.0", 0)])
def test_versions(version: str, status: int) -> None:
    assert status_of(request().replace(b"SIP/2.0\r\n", version.encode() + b"\r\n", 1)) == status


def test_responses() -> None:
    good = request().replace(b"INVITE sip:1000@192.0.2.4 SIP/2.0", b"SIP/2.0 200 OK", 1)
    for data, fits in [
        (good, True),
        (good.replace(b" 200 ", b" 099 "), False),
        (good.replace(b"CSeq: 1", b"CSeq: x"), False),
    ]:
        message = parse_message(data)
        assert isinstance(message, SipResponse)
        if fits:
            check_response(message)
        else:
            with pytest.raises(SipMessageError):
                check_response(message)
