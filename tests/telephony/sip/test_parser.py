import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.sip import SipRequest, SipResponse, can_reply, check_request, check_response, make_reply, parse_message
from tests.telephony.messages import SDP, request
from voicebot.errors import SipMessageError


def test_a_usual_message_comes_out_as_it_went_in() -> None:
    data = request(body=SDP, extra="v: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK2\r\nx-Odd:  kept\r\n")
    assert bytes(parse_message(data)) == data.replace(b"x-Odd:  kept", b"x-Odd: kept")


def test_lists_are_split_compact_names_known_and_folds_joined() -> None:
    data = request(
        headers={"Via": None},
        extra='v: SIP/2.0/UDP a;branch=z9hG4bK1 ,\r\n SIP/2.0/TCP b\r\nRoute: "x, y" <sip:a;lr>,<sip:b>\r\n',
    )
    message = parse_message(data)
    assert message.all("via") == ["SIP/2.0/UDP a;branch=z9hG4bK1", "SIP/2.0/TCP b"]
    assert message.all("route") == ['"x, y" <sip:a;lr>', "<sip:b>"]
    assert message.defect is None


def test_bytes_that_are_no_utf8_survive() -> None:
    data = request(extra="Subject: \udcff\udcfe ü\r\n")
    assert bytes(parse_message(data)) == data


def test_response() -> None:
    message = parse_message(b"SIP/2.0 486 Busy Here\r\nCSeq: 1 INVITE\r\n\r\n")
    assert isinstance(message, SipResponse)
    assert (message.status, message.reason) == (486, "Busy Here")


def test_the_body_is_cut_to_content_length() -> None:
    message = parse_message(request(body=b"abc") + b"INVITE sip:again SIP/2.0")
    assert (message.body, message.defect) == (b"abc", None)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (request(headers={"Content-Length": "4"}, body=b"abc"), 400),
        (request(headers={"Content-Length": "-1"}), 400),
        (request()[:-2], 400),
        (request(extra="X: a\nVia: SIP/2.0/UDP b\r\n"), 400),
        (request(extra="X: a\rb\r\n"), 400),
        (request(extra="X: a\x00b\r\n"), 400),
        (request(extra="no colon here\r\n"), 400),
        (request(extra="X: 1\r\n" * 200), 400),
        (request(extra=" folded\r\n" * 3000), 400),
        (request(extra="X: " + "a" * 70000 + "\r\n"), 513),
    ],
)
def test_defects_are_kept_with_their_status(data: bytes, status: int) -> None:
    message = parse_message(data)
    assert message.defect is not None
    assert message.defect.status == status
    assert message.call_id == "call-1@192.0.2.1"


@pytest.mark.parametrize(
    "data", [b"", b"\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x00\x01\x00\x00!\x12\xa4B", b"INVITE\r\n"]
)
def test_what_is_no_sip_at_all_raises(data: bytes) -> None:
    with pytest.raises(SipMessageError):
        parse_message(data)


def handle(data: bytes) -> None:
    """All that is done to a datagram before it is routed; anything but SipMessageError is a crash."""
    try:
        message = parse_message(data)
    except SipMessageError:
        return
    assert bytes(message)
    try:
        if isinstance(message, SipRequest):
            check_request(message)
        else:
            check_response(message)
    except SipMessageError as error:
        if isinstance(message, SipRequest) and can_reply(message):
            reply = make_reply(message, error.status, message.top_via, reason=error.message)
            assert parse_message(bytes(reply)).call_id == message.call_id
        return
    # What passed the check reads the same after a round trip.
    again = parse_message(bytes(message))
    assert (again.headers, again.body) == (message.headers, message.body)


@given(st.binary(max_size=600))
def test_any_bytes(data: bytes) -> None:
    handle(data)


@settings(max_examples=300)
@given(st.data())
def test_any_damage_to_a_real_message(data: st.DataObject) -> None:
    message = bytearray(request(body=SDP, extra='Route: "x" <sip:a;lr>, <sip:b;lr>\r\nSupported: timer\r\n'))
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(0, len(message) - 1))
        cut = data.draw(st.integers(0, 20))
        message[position : position + cut] = data.draw(
            st.one_of(
                st.binary(max_size=8), st.sampled_from([b"\r\n", b'"', b"<", b">", b";", b",", b" ", b":", b"\\"])
            )
        )
    handle(bytes(message))


@given(
    st.sampled_from(["Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Contact", "Content-Length", "Route"]),
    st.text(max_size=60),
)
def test_any_header_value(name: str, value: str) -> None:
    handle(request(headers={name: value.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")}))
