import pytest

from telephony.sip import parse_via
from voicebot.errors import SipMessageError


def test_parse_tolerates_blanks_where_the_grammar_does() -> None:
    via = parse_via("SIP  / 2.0\t/ UDP  192.0.2.2 : 5070 ;branch=390skdjuw")
    assert (via.transport, via.host, via.port, via.branch) == ("UDP", "192.0.2.2", 5070, "390skdjuw")
    assert not via.has_cookie


def test_a_branch_of_the_cookie_alone_is_none() -> None:
    assert not parse_via("SIP/2.0/UDP a;branch=z9hG4bK").has_cookie
    assert parse_via("SIP/2.0/UDP a;branch=z9hG4bK1").has_cookie


def test_rport_and_received_are_filled() -> None:
    via = parse_via("SIP/2.0/UDP 10.0.0.1:5070;rport;branch=z9hG4bK1").seen_from("192.0.2.9", 40000)
    assert str(via) == "SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bK1;rport=40000;received=192.0.2.9"
    assert via.reply_address == ("192.0.2.9", 40000)


def test_without_rport_the_port_is_the_sent_by_port() -> None:
    via = parse_via("SIP/2.0/UDP pbx.example.com;branch=z9hG4bK1").seen_from("192.0.2.9", 40000)
    assert via.reply_address == ("192.0.2.9", 5060)
    same = parse_via("SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK1").seen_from("192.0.2.9", 5070)
    assert "received" not in same.params


def test_a_sender_cannot_choose_where_the_response_goes() -> None:
    via = parse_via("SIP/2.0/UDP 192.0.2.9;received=203.0.113.1;rport=9;branch=z9hG4bK1").seen_from("192.0.2.9", 40000)
    assert via.reply_address == ("192.0.2.9", 40000)


def test_ipv6() -> None:
    via = parse_via("SIP/2.0/UDP [2001:db8::9]:5070;rport;branch=z9hG4bK1").seen_from("2001:db8::9", 5071)
    assert via.reply_address == ("2001:db8::9", 5071)
    assert parse_via(str(via)) == via


@pytest.mark.parametrize("text", ["", "SIP/2.0/UDP", "SIP/2.0 UDP a", "SIP/2.0/UDP a;;b=1", "SIP/2.0/UDP a:0", "x"])
def test_malformed(text: str) -> None:
    with pytest.raises(SipMessageError):
        parse_via(text)


def test_a_bad_rport_is_an_error_when_it_is_used() -> None:
    with pytest.raises(SipMessageError):
        _ = parse_via("SIP/2.0/UDP a;rport=70000").reply_address
