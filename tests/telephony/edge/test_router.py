"""No bytes, from whichever side, may stop the edge or make it send where it should not."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.edge.hop import Side
from tests.telephony.edge.bench import CALLER, WORKER, Bench, reply
from tests.telephony.messages import SDP, request
from tests.telephony.sip.test_torture import INVALID, VALID

ROUTES = 'Route: "x" <sip:w1@192.0.2.4;lr>, <sip:127.0.0.1:7000;lr>\r\nRequire: timer\r\n'
SEEDS = [
    request(body=SDP, extra=ROUTES),
    request("BYE", "sip:w1@192.0.2.4", to_tag="near", extra=ROUTES),
    request(headers={"Via": "SIP/2.0/UDP 127.0.0.1:7001;rport;branch=z9hG4bKw"}, uri="sip:1001@192.0.2.50"),
    reply(Bench().inward(request()), 200),
    *VALID.values(),
    *(data for data, _ in INVALID.values()),
]
PIECES = [b"\r\n", b'"', b"<", b">", b";", b",", b" ", b":", b"\\", b"@", b"[", b"rport=0", b"received=x", b"99999"]


def try_all(data: bytes) -> None:
    bench = Bench()
    send = bench.router.from_outside(data, CALLER)
    # Requests go to workers; the edge's own answers to the address the datagram came from, never elsewhere.
    assert send is None or send.side is Side.WORKERS or send.host == CALLER[0]
    bench.router.from_worker(data, WORKER)


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    try_all(data)


@settings(max_examples=400)
@given(st.data())
def test_any_damage(data: st.DataObject) -> None:
    message = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 5))):
        position = data.draw(st.integers(0, len(message)))
        cut = data.draw(st.integers(0, 12))
        message[position : position + cut] = data.draw(st.one_of(st.binary(max_size=6), st.sampled_from(PIECES)))
    try_all(bytes(message))


def test_torture_messages_get_their_answers() -> None:
    for name, (data, status) in INVALID.items():
        bench = Bench()
        bench.router.from_outside(data, CALLER)
        answered = dict(bench.stats.answered)
        # Nothing to answer by: no From, no Via that can be read.
        unanswerable = ("insuf", "badinv01")
        assert answered == ({} if name.endswith(unanswerable) else {status: 1}), name
