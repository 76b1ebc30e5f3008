"""The situations of RFC 4475, written from its descriptions: what a proxy must take, and what it must refuse."""

from __future__ import annotations

import pytest

from telephony.sip import SipRequest, SipResponse, check_request, check_response, parse_message
from tests.telephony.messages import SDP, request
from voicebot.errors import SipMessageError

# Section 3.1.1.1: folds, compact names, odd case, blanks wherever they may stand, escapes in quotes.
TORTUOUS = (
    b"INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n"
    b"TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n"
    b'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n'
    b"MaX-fOrWaRdS: 0068\r\n"
    b"Call-ID: wsinv.ndaksdj@192.0.2.1\r\n"
    b"Content-Length   : 0\r\n"
    b"cseq: 0009\r\n  INVITE\r\n"
    b"Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n"
    b"s :\r\n"
    b"NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
    b"UnknownHeaderWithUnusualValue: ;;,,;;,;\r\nContent-Type: application/sdp\r\n"
    b"Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n"
    b"v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n"
    b" SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n"
    b'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n'
    b"  secondparam ; q = 0.33\r\n"
    b"\r\n"
)

VALID = {
    "3.1.1.1 wsinv": TORTUOUS,
    "3.1.1.2 intmeth": request(
        "!interesting-Method0123456789_*+`.%indeed'~",
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
        headers={"To": '"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:a@example.com>'},
    ),
    "3.1.1.3 esc01": request(uri="sip:sips%3Auser%40example.com@example.net", headers={"Max-Forwards": "87"}),
    "3.1.1.4 escnull": request("REGISTER", headers={"To": "sip:null-%00-null@example.com"}),
    "3.1.1.5 esc02": request("RE%47IST%45R", headers={"To": '"%Z%45" <sip:resource@example.com>'}),
    "3.1.1.6 lwsdisp": request("OPTIONS", headers={"From": "caller<sip:caller@example.com>;tag=323"}),
    "3.1.1.7 longreq": request(
        headers={"From": f"<sip:{'longcallername' * 9}@example.net>;tag=12{'9824' * 20}", "Call-ID": "x" * 300},
        extra="Via: SIP/2.0/TCP sip33.example.com\r\nV: SIP/2.0/TCP sip32.example.com\r\n" * 17,
    ),
    "3.1.1.8 dblreq": request("REGISTER") + request("INVITE"),
    "3.1.1.9 semiuri": request("OPTIONS", "sip:user;par=u%40example.net@example.com"),
    "3.1.1.10 transports": request(
        "OPTIONS", extra="Via: SIP/2.0/SCTP t1\r\nVia: SIP/2.0/TLS t2\r\nVia: SIP/2.0/UNKNOWN t3\r\n"
    ),
    "3.1.2.12 baddate": request(extra="Date: Fri, 01 Jan 2010 16:00:00 EST\r\n"),
    # An element may refuse these two or be liberal; this one is liberal.
    "3.1.2.14 badaspec": request("OPTIONS", headers={"To": '"Watson, Thomas" < sip:t.watson@example.org >'}),
    "3.1.2.15 baddn": request("OPTIONS", headers={"From": "Bell, Alexander <sip:a.g.bell@example.com>;tag=43"}),
    "3.3.4 unksm2": request("REGISTER", headers={"To": "isbn:2983792873"}),
    "3.3.7 regaut01": request("REGISTER", extra="Authorization: NoOneKnowsThisScheme opaque-data=here\r\n"),
    "3.4.1 inv2543": request(
        headers={"Via": "SIP/2.0/UDP iftgw.example.com", "From": "<sip:+13035551111@ift.example.net;user=phone>",
                 "To": "sip:+13035552222@company.example.com;user=phone", "Max-Forwards": None},
        body=SDP,
    ),
}  # fmt: skip

INVALID = {
    "3.1.2.1 badinv01": (request(headers={"Via": "SIP/2.0/UDP 192.0.2.15;;,;,,", "Contact": "<sip:a@b>;;;;"}), 400),
    "3.1.2.2 clerr": (request(headers={"Content-Length": "9999"}, body=SDP), 400),
    "3.1.2.3 ncl": (request(headers={"Content-Length": "-999"}, body=SDP), 400),
    "3.1.2.4 scalar02": (request("REGISTER", headers={"CSeq": "36893488147419103232 REGISTER"}), 400),
    "3.1.2.6 quotbal": (request(headers={"To": '"Mr. J. User <sip:j.user@example.com>'}), 400),
    "3.1.2.7 ltgtruri": (request(uri="<sip:user@example.com>"), 400),
    "3.1.2.8 lwsruri": (request(uri="sip:user@example.com; lr"), 400),
    "3.1.2.9 lwsstart": (request(uri=" sip:user@example.com "), 400),
    "3.1.2.10 trws": (request("OPTIONS").replace(b"SIP/2.0\r\n", b"SIP/2.0  \r\n", 1), 400),
    "3.1.2.11 escruri": (request(uri="sip:user@example.com?Route=%3Csip:example.com%3E"), 400),
    "3.1.2.13 regbadct": (request(headers={"Contact": "sip:user@example.com?Route=%3Csip:sip.example.com%3E"}), 400),
    "3.1.2.16 badvers": (request("OPTIONS").replace(b"SIP/2.0\r\n", b"SIP/7.0\r\n", 1), 505),
    "3.1.2.17 mismatch01": (request("OPTIONS", headers={"CSeq": "8 INVITE"}), 400),
    "3.1.2.18 mismatch02": (request("NEWMETHOD", headers={"CSeq": "8 INVITE"}), 400),
    "3.3.1 insuf": (request(headers={"Call-ID": None, "From": None, "To": None}), 400),
    "3.3.2 unkscm": (request("OPTIONS", "nobodyKnowsThisScheme:totallyopaquecontent"), 416),
    "3.3.3 novelsc": (request("OPTIONS", "soap.beep://192.0.2.103:3002"), 416),
    "3.3.8 multi01": (request(extra="CSeq: 5 INVITE\r\nCall-ID: other\r\nFrom: <sip:x@y>;tag=1\r\n"), 400),
    "3.3.9 mcl01": (request("OPTIONS", extra="Content-Length: 5\r\n", body=b""), 400),
}  # fmt: skip


@pytest.mark.parametrize("name", VALID)
def test_strange_but_valid(name: str) -> None:
    message = parse_message(VALID[name])
    assert isinstance(message, SipRequest)
    check_request(message)


@pytest.mark.parametrize("name", INVALID)
def test_invalid(name: str) -> None:
    data, status = INVALID[name]
    message = parse_message(data)
    assert isinstance(message, SipRequest)
    with pytest.raises(SipMessageError) as error:
        check_request(message)
    assert error.value.status == status


def test_what_the_tortuous_invite_says() -> None:
    message = parse_message(TORTUOUS)
    assert message.cseq == (9, "INVITE")
    assert message.max_forwards == 68
    assert message.to.tag == "1918181833n"
    assert message.from_.tag == "98asjd8"
    assert [via.host for via in message.vias] == ["192.0.2.2", "spindle.example.com", "192.168.255.111"]
    assert message.vias[2].branch == "z9hG4bK30239"
    assert dict(message.contacts[0].params) == {"newparam": "newvalue", "secondparam": None, "q": "0.33"}


def response(line: str, cseq: str = "1 OPTIONS") -> SipResponse:
    data = request("OPTIONS", headers={"CSeq": cseq}).split(b"\r\n", 1)[1]
    message = parse_message(line.encode() + b"\r\n" + data)
    assert isinstance(message, SipResponse)
    return message


@pytest.mark.parametrize("line", ["SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое", "SIP/2.0 100 "])
def test_odd_reason_phrases(line: str) -> None:
    # Sections 3.1.1.12 and 3.1.1.13
    check_response(response(line))
    assert response(line).start_line == line


def test_response_with_overlarge_numbers() -> None:
    # Section 3.1.2.5
    with pytest.raises(SipMessageError):
        check_response(response("SIP/2.0 503 Service Unavailable", "9292394834772304023312 OPTIONS"))


def test_response_with_an_unknown_overlarge_status() -> None:
    # Section 3.1.2.19: no status line at all
    with pytest.raises(SipMessageError):
        parse_message(b"SIP/2.0 4294967301 better not break the receiver\r\nCSeq: 1 INVITE\r\n\r\n")
