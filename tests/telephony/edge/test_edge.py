from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from telephony.edge import Dispatcher, Edge, EdgeConfig
from telephony.edge.sockets import own_address
from tests.telephony.edge.bench import reply
from tests.telephony.edge.peers import Peer
from tests.telephony.messages import SDP, request
from voicebot.errors import PortInUseError, TelephonyError


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    edge = Edge(EdgeConfig(port=0), Dispatcher())
    await edge.start()
    yield edge
    await edge.close()


@pytest.fixture
async def caller() -> AsyncIterator[Peer]:
    peer = await Peer.open()
    yield peer
    await peer.close()


@pytest.fixture
async def worker() -> AsyncIterator[Peer]:
    peer = await Peer.open()
    yield peer
    await peer.close()


def from_(peer: Peer, branch: str = "z9hG4bK1") -> dict[str, str | None]:
    return {"Via": f"SIP/2.0/UDP 127.0.0.1:{peer.port};rport;branch={branch}"}


async def test_a_call_goes_through_and_back(edge: Edge, caller: Peer, worker: Peer) -> None:
    edge.add_worker("w1", worker.port, 1)
    caller.send(request(headers=from_(caller), body=SDP), edge.public_address)
    invite = await worker.request()
    assert invite.body == SDP
    worker.send(reply(invite, 200), edge.internal_address)
    response = await caller.response()
    assert response.status == 200
    # The dialog's route set, as the caller uses it: reversed, which makes the public side first.
    routes = "".join(f"Route: {value}\r\n" for value in reversed(response.all("record-route")))
    contact = f"sip:w1@127.0.0.1:{edge.public_address[1]}"
    caller.send(request("ACK", contact, headers=from_(caller), to_tag="near", extra=routes), edge.public_address)
    assert (await worker.request()).all("route") == []
    caller.send(request(headers=from_(caller), call_id="second"), edge.public_address)
    assert (await caller.response()).status == 486
    edge.remove_worker("w1")
    caller.send(request("BYE", contact, headers=from_(caller), to_tag="near", extra=routes), edge.public_address)
    assert (await caller.response()).status == 481


async def test_a_draining_worker_gets_nothing_new(edge: Edge, caller: Peer, worker: Peer) -> None:
    edge.add_worker("w1", worker.port, 5)
    edge.drain("w1")
    caller.send(request(headers=from_(caller)), edge.public_address)
    assert (await caller.response()).status == 486


async def test_requests_of_workers_leave_by_name_and_by_number(edge: Edge, caller: Peer, worker: Peer) -> None:
    edge.add_worker("w1", worker.port, 1)
    for host in ("127.0.0.1", "localhost"):
        uri = f"sip:{host}:{caller.port}"
        worker.send(request("REGISTER", uri, headers=from_(worker)), edge.internal_address)
        register = await caller.request()
        assert register.uri == uri
        caller.send(reply(register, 200), edge.public_address)
        assert (await worker.response()).status == 200


async def test_a_name_that_leads_nowhere_is_answered_at_once(edge: Edge, worker: Peer) -> None:
    edge.add_worker("w1", worker.port, 1)
    worker.send(request("REGISTER", "sip:no-such-host.invalid", headers=from_(worker)), edge.internal_address)
    assert (await worker.response()).status == 503


async def test_what_cannot_be_sent_stops_nothing(edge: Edge, caller: Peer, worker: Peer) -> None:
    edge.add_worker("w1", worker.port, 1)
    worker.send(request("REGISTER", "sip:255.255.255.255", headers=from_(worker)), edge.internal_address)
    caller.send(b"\x00\xff" * 100, edge.public_address)
    caller.send(b"\r\n\r\n", edge.public_address)
    caller.send(request("OPTIONS", headers=from_(caller)), edge.public_address)
    assert (await caller.response()).status == 200
    assert edge.stats.keep_alives == 1
    assert edge.stats.dropped["not sip"] == 1


async def test_a_port_in_use_is_told_plainly(edge: Edge) -> None:
    second = Edge(EdgeConfig(port=edge.public_address[1]), Dispatcher())
    with pytest.raises(PortInUseError) as error:
        await second.start()
    assert str(edge.public_address[1]) in error.value.message
    assert "127.0.0.1" in error.value.message
    await second.close()


async def test_an_address_of_another_machine() -> None:
    edge = Edge(EdgeConfig(host="192.0.2.1", port=0), Dispatcher())
    with pytest.raises(TelephonyError, match=r"192\.0\.2\.1"):
        await edge.start()


async def test_addresses_are_known_only_after_start() -> None:
    edge = Edge(EdgeConfig(port=0), Dispatcher())
    with pytest.raises(RuntimeError):
        _ = edge.public_address
    await edge.close()


async def test_peers_are_told_the_public_host(caller: Peer, worker: Peer) -> None:
    edge = Edge(EdgeConfig(host="0.0.0.0", port=0, public_host="bot.example.com"), Dispatcher())
    await edge.start()
    assert edge.public_address[0] == "bot.example.com"
    edge.add_worker("w1", worker.port, 1)
    caller.send(request(headers=from_(caller)), ("127.0.0.1", edge.public_address[1]))
    invite = await worker.request()
    assert any("w1@bot.example.com" in value for value in invite.all("record-route"))
    await edge.close()


def test_own_address() -> None:
    assert own_address("127.0.0.1") == "127.0.0.1"
    assert own_address("0.0.0.0") not in ("", "0.0.0.0")
