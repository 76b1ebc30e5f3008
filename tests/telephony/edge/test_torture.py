"""RFC 4475 and what scanners send, at the edge: the right answer or silence, counted, and nothing reaches a worker."""

from __future__ import annotations

import pytest

from telephony.edge import EdgeConfig
from telephony.edge.config import AccessConfig
from telephony.edge.hop import Side
from telephony.sip import SipResponse, parse_message
from tests.telephony.edge.bench import CALLER, Bench
from tests.telephony.messages import SDP, request
from tests.telephony.sip.test_torture import INVALID, VALID

# What the edge makes of the valid ones: None goes to a worker.
ANSWERS = {
    # Its To has a tag, and there is no such dialog.
    "3.1.1.1 wsinv": 481,
    "3.1.1.2 intmeth": 501,
    "3.1.1.4 escnull": 403,
    "3.1.1.5 esc02": 501,
    "3.1.1.6 lwsdisp": 200,
    "3.1.1.8 dblreq": 403,
    "3.1.1.9 semiuri": 200,
    "3.1.1.10 transports": 200,
    "3.1.2.14 badaspec": 200,
    "3.1.2.15 baddn": 200,
    "3.3.4 unksm2": 403,
    "3.3.7 regaut01": 403,
}


@pytest.mark.parametrize("name", VALID)
def test_strange_but_valid(bench: Bench, name: str) -> None:
    send = bench.router.from_outside(VALID[name], CALLER)
    assert send is not None
    if name not in ANSWERS:
        assert send.side is Side.WORKERS
        assert bench.stats.to_workers == 1
        return
    message = parse_message(send.data)
    assert isinstance(message, SipResponse)
    assert message.status == ANSWERS[name]
    assert bench.stats.answered[message.status] == 1


@pytest.mark.parametrize("name", INVALID)
def test_invalid(bench: Bench, name: str) -> None:
    data, status = INVALID[name]
    send = bench.router.from_outside(data, CALLER)
    assert bench.stats.to_workers == 0
    if send is None:
        # Too little to answer by: no Call-ID, From or To; a Via that cannot be read.
        assert bench.stats.dropped["malformed request"] == 1
        assert name in ("3.3.1 insuf", "3.1.2.1 badinv01")
        return
    message = parse_message(send.data)
    assert isinstance(message, SipResponse)
    assert (message.status, bench.stats.answered[status]) == (status, 1)


@pytest.mark.parametrize("name", [*VALID, *INVALID])
def test_strangers_hear_nothing_of_it(name: str) -> None:
    bench = Bench(config=EdgeConfig(access=AccessConfig(allow=("10.0.0.0/8",))))
    data = VALID[name] if name in VALID else INVALID[name][0]
    assert bench.router.from_outside(data, CALLER) is None
    assert sum(bench.stats.refused.values()) == 1
    assert bench.stats.to_workers == 0


def test_unknown_requirements_and_methods(bench: Bench) -> None:
    # RFC 4475 sections 3.3.5 (bext01), 3.3.6 (invut) and 3.3.11 (cparam01).
    refusal = bench.ask(request("OPTIONS", extra="Require: nothingSupportsThis, nothingSupportsThisEither\r\n"))
    assert refusal.status == 420
    assert refusal.first("unsupported") == "nothingsupportsthis, nothingsupportsthiseither"
    assert bench.ask(request("MESSAGE", call_id="2")).first("allow") is not None
    odd_body = request(headers={"Content-Type": "application/unknownformat"}, body=b"<audio/>", call_id="3")
    assert bench.inward(odd_body).body == b"<audio/>"
    assert bench.inward(request(body=SDP, extra="Contact: <sip:x@y>;unknownparam\r\n", call_id="4")).body == SDP


def test_max_forwards_and_a_loop(bench: Bench) -> None:
    # RFC 4475 section 3.3.12 (zeromf): an OPTIONS for us is answered, whatever its Max-Forwards.
    assert bench.ask(request("OPTIONS", headers={"Max-Forwards": "0"})).status == 200
    assert bench.ask(request(headers={"Max-Forwards": "0"})).status == 483


SCAN = (
    "OPTIONS sip:100@192.0.2.4 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.1.1:5060;branch=z9hG4bK-1453;rport\r\n"
    'Max-Forwards: 70\r\nTo: "{name}"<sip:100@1.1.1.1>\r\nFrom: "{name}"<sip:100@1.1.1.1>;tag=3731\r\n'
    "User-Agent: {agent}\r\nCall-ID: 7410\r\nContact: sip:100@127.0.1.1:5060\r\nCSeq: 1 {method}\r\n"
    "Accept: application/sdp\r\nContent-Length: 0\r\n\r\n"
)


@pytest.mark.parametrize("method", ["OPTIONS", "REGISTER", "INVITE"])
def test_scans_in_the_manner_of_svmap_svwar_and_svcrack(bench: Bench, method: str) -> None:
    scan = SCAN.replace("OPTIONS sip", f"{method} sip").format(
        name="sipvicious", agent="friendly-scanner", method=method
    )
    assert bench.router.from_outside(scan.encode(), CALLER) is None
    assert bench.stats.refused["scanner"] == 1
