from telephony.sip import SipRequest, can_reply, make_reply, parse_message
from tests.telephony.messages import request


def parsed(data: bytes) -> SipRequest:
    message = parse_message(data)
    assert isinstance(message, SipRequest)
    return message


def test_a_reply_holds_what_the_client_matches_it_by() -> None:
    invite = parsed(request(extra="Via: SIP/2.0/UDP first;branch=z9hG4bK9\r\nSubject: not copied\r\n"))
    via = invite.top_via.seen_from("192.0.2.7", 4444)
    reply = parse_message(bytes(make_reply(invite, 486, via, extra=[("Retry-After", "5")], secret=b"s")))
    assert reply.start_line == "SIP/2.0 486 Busy Here"
    assert reply.all("via") == [str(via), "SIP/2.0/UDP first;branch=z9hG4bK9"]
    for key in ("from", "call-id", "cseq"):
        assert reply.first(key) == invite.first(key)
    assert reply.first("retry-after") == "5"
    assert reply.first("subject") is None
    assert reply.to.tag


def test_the_to_tag_is_the_same_for_every_repeat() -> None:
    def tag(data: bytes, secret: bytes = b"s") -> str:
        message = parsed(data)
        return make_reply(message, 486, message.top_via, secret=secret).to.tag

    assert tag(request()) == tag(request())
    assert tag(request()) != tag(request(call_id="other"))
    assert tag(request()) != tag(request(), b"t")
    assert tag(request(to_tag="near")) == "near"


def test_an_unreadable_to_is_given_back_as_it_came() -> None:
    message = parsed(request(headers={"To": '"open <sip:a@b>'}))
    assert make_reply(message, 400, message.top_via).first("to") == '"open <sip:a@b>'


def test_what_cannot_be_answered() -> None:
    assert can_reply(parsed(request()))
    assert not can_reply(parsed(request("ACK")))
    assert not can_reply(parsed(request(headers={"Via": None})))
    assert not can_reply(parsed(request(headers={"Via": "nonsense"})))
    assert not can_reply(parsed(request(headers={"From": None})))
