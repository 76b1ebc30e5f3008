"""Peers: which one gets a call, what makes one dead, and the questions that find out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from telephony.edge import Dispatcher, Edge, EdgeConfig
from telephony.edge.config import AccessConfig
from telephony.edge.hop import Side
from telephony.edge.peers import RETRY_S, Peer, PeerConfig, Peers
from telephony.sip import SipRequest, parse_uri
from tests.telephony.edge.bench import WORKER, Bench, arrived, reply
from tests.telephony.edge.peers import Peer as Socket
from tests.telephony.messages import request

DOMAIN = "sip:100@pbx.example.com"
VIA: dict[str, str | None] = {"Via": "SIP/2.0/UDP 127.0.0.1:7001;rport;branch=z9hG4bKw"}
FIRST = PeerConfig("first", "192.0.2.50", 5080, domain="pbx.example.com", priority=1)
SECOND = PeerConfig("second", "192.0.2.51", 5060, domain="pbx.example.com", priority=2)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def chosen(
    peers: Peers, call_id: str, uri: str = DOMAIN, *, starts: bool = True, sticks: bool = True, avoid: str = ""
) -> str:
    peer = peers.choose(parse_uri(uri), call_id, "tag", starts, sticks, {avoid})
    return peer.config.name if peer is not None else ""


def named(peers: Peers, name: str) -> Peer:
    return next(peer for peer in peers.all if peer.config.name == name)


def test_the_best_that_lives_gets_the_call_and_keeps_it() -> None:
    peers = Peers([SECOND, FIRST])
    assert chosen(peers, "1") == "first"
    assert not peers.failed(named(peers, "first"))
    assert peers.failed(named(peers, "first"))
    assert [chosen(peers, "1"), chosen(peers, "2")] == ["first", "second"]
    assert peers.answered(named(peers, "first"), 405)
    assert [chosen(peers, "2"), chosen(peers, "3")] == ["second", "first"]


def test_a_registration_moves_and_with_none_alive_the_best_is_tried() -> None:
    peers = Peers([FIRST, SECOND])
    assert chosen(peers, "register", sticks=False) == "first"
    assert peers.answered(named(peers, "first"), 503)
    assert chosen(peers, "register", sticks=False) == "second"
    peers.failed(named(peers, "second"), at_once=True)
    assert chosen(peers, "4") == "first"


def test_a_peer_that_was_tried_is_passed_over() -> None:
    peers = Peers([FIRST, SECOND])
    assert chosen(peers, "1", avoid="first") == "second"
    assert chosen(peers, "2", avoid="second") == "first"
    assert chosen(Peers([FIRST]), "3", avoid="first") == ""


def test_equals_take_turns() -> None:
    peers = Peers([FIRST, PeerConfig("third", "192.0.2.52", 5060, domain="pbx.example.com")])
    assert [chosen(peers, str(number)) for number in range(4)] == ["first", "third", "first", "third"]


def test_a_peer_that_is_not_asked_is_tried_again_after_a_while() -> None:
    clock = Clock()
    peers = Peers(
        [
            PeerConfig("first", "192.0.2.50", 5080, domain="d", options_s=0),
            PeerConfig("second", "x", 1, domain="d", priority=2),
        ],
        clock,
    )
    peers.failed(named(peers, "first"), at_once=True)
    assert chosen(peers, "1", "sip:1@d") == "second"
    clock.now_s += RETRY_S
    assert chosen(peers, "2", "sip:1@d") == "first"


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("sip:1@pbx.example.com", "first"),
        ("sip:1@pbx.example.com:5061", ""),
        ("sip:1@192.0.2.50", ""),
        ("sip:1@10.0.0.7", "alone"),
        ("sip:1@10.0.0.7:5090", "alone"),
        ("sip:1@10.0.0.7:5060", ""),
        ("sip:1@example.com", ""),
    ],
)
def test_which_addresses_are_a_peers(uri: str, name: str) -> None:
    assert chosen(Peers([FIRST, PeerConfig("alone", "10.0.0.7", 5090)]), "1", uri) == name


def test_a_call_goes_to_the_peer_with_its_uri_unchanged() -> None:
    bench = Bench(config=EdgeConfig(peers=(FIRST, SECOND)))
    invite = bench.outward(request(uri=DOMAIN, headers=VIA), ("192.0.2.50", 5080))
    assert invite.uri == DOMAIN
    named(bench.router.peers, "first").failures = 9
    for method in ("CANCEL", "ACK"):
        bench.outward(request(method, DOMAIN, headers=VIA, to_tag="x" * (method == "ACK")), ("192.0.2.50", 5080))
    bench.outward(request(uri=DOMAIN, headers=VIA, call_id="2"), ("192.0.2.51", 5060))


@pytest.mark.parametrize(("extra", "next_port"), [("", 5080), ("Retry-After: 9\r\n", 5060)])
def test_a_peer_that_says_it_is_overloaded_is_left_alone(extra: str, next_port: int) -> None:
    bench = Bench(config=EdgeConfig(peers=(FIRST, SECOND)))
    invite = bench.outward(request(uri=DOMAIN, headers=VIA), ("192.0.2.50", 5080))
    refusal = reply(invite, 503).replace(b"\r\n\r\n", f"\r\n{extra}\r\n".encode())
    assert bench.router.from_outside(refusal, ("192.0.2.50", 5080)) is not None
    place = ("192.0.2.50" if next_port == 5080 else "192.0.2.51", next_port)
    bench.outward(request(uri=DOMAIN, headers=VIA, call_id="2"), place)


def test_a_peer_that_cannot_be_reached_is_left_alone() -> None:
    bench = Bench(config=EdgeConfig(peers=(FIRST, SECOND)))
    send = bench.router.from_worker(request(uri=DOMAIN, headers=VIA), WORKER)
    assert send is not None
    assert send.request is not None
    arrived(bench.router.unreachable(send.request, WORKER), Side.WORKERS, WORKER)
    bench.outward(request(uri=DOMAIN, headers=VIA, call_id="2"), ("192.0.2.51", 5060))


def test_calls_of_a_peer_carry_its_name() -> None:
    config = EdgeConfig(access=AccessConfig(allow=("any",)), sources={"trunk": ("192.0.2.0/24",), "x": ("192.0.2.1",)})
    bench = Bench(config=config)
    assert bench.inward(request()).all("x-voicebot-account") == ["trunk"]
    assert bench.inward(request(call_id="2"), ("198.51.100.1", 5060)).all("x-voicebot-account") == []


@contextlib.asynccontextmanager
async def asking(*peers: PeerConfig) -> AsyncIterator[Edge]:
    edge = Edge(EdgeConfig(port=0, peers=peers), Dispatcher())
    await edge.start()
    try:
        yield edge
    finally:
        await edge.close()


async def test_a_peer_is_asked_and_a_dead_one_stands_back() -> None:
    alive, dead, worker = await Socket.open(), await Socket.open(), await Socket.open()
    peers = [
        PeerConfig("dead", "127.0.0.1", dead.port, domain="pbx.test", priority=1, options_s=0.05),
        PeerConfig("alive", "localhost", alive.port, domain="pbx.test", priority=2, options_s=0.05),
    ]
    async with asking(*peers) as edge:
        edge.add_worker("w1", worker.port, 1)
        question = await alive.request()
        assert (question.method, question.uri) == ("OPTIONS", "sip:pbx.test")
        refusal = await dead.request()
        dead.send(reply(refusal, 503), edge.public_address)
        # Its next question shows that the first answer has been taken in.
        while (await dead.request()).call_id == refusal.call_id:
            dead.send(reply(refusal, 503), edge.public_address)
        headers = {"Via": f"SIP/2.0/UDP 127.0.0.1:{worker.port};rport;branch=z9hG4bKw"}
        worker.send(request(uri="sip:1@pbx.test", headers=headers), edge.internal_address)

        async def invited() -> SipRequest:
            while True:
                message = await alive.request()
                if message.method == "INVITE":
                    return message
                alive.send(reply(message, 200), edge.public_address)

        assert (await asyncio.wait_for(invited(), 5)).uri == "sip:1@pbx.test"
    for peer in (alive, dead, worker):
        await peer.close()
