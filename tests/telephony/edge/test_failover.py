"""Calls and registrations that go to the next peer or server when one does not carry them; over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from telephony.edge import Edge, EdgeConfig
from telephony.edge.config import AccessConfig
from telephony.edge.peers import PeerConfig
from telephony.edge.tls import TlsConfig
from tests.support.certificates import make_certificate
from tests.support.dns_server import NameServer, name_server
from tests.support.raw_sip import HOST, RawPeer, raw_peer, sdp, speaking
from tests.support.sip_agent import Agent
from tests.telephony.edge.test_real_calls import a_line

pytestmark = [pytest.mark.sip]

DOMAIN = "pbx.test"
TARGET = f"sip:100@{DOMAIN}"
SOON = {"failover": {"silent_s": 1.0, "hosts": [DOMAIN]}}


@contextlib.asynccontextmanager
async def with_peers(*peers: RawPeer, **more: Any) -> AsyncIterator[tuple[Edge, Agent]]:
    """An edge with a line behind it, and some peers that serve one domain in this order."""
    configs = tuple(
        PeerConfig(f"p{number}", HOST, peer.sip.port, domain=DOMAIN, priority=number, options_s=0)
        for number, peer in enumerate(peers, start=1)
    )
    async with a_line(EdgeConfig(port=0, peers=configs), {**SOON, **more}) as (edge, line):
        yield edge, line


@contextlib.asynccontextmanager
async def with_servers(
    first: RawPeer, second: RawPeer, agent: dict[str, Any] | None = None
) -> AsyncIterator[tuple[Edge, Agent, NameServer]]:
    """The same with SRV records in the place of peers."""
    async with name_server() as server:
        server.has(
            f"_sip._udp.{DOMAIN}", "SRV", f"1 1 {first.sip.port} a.{DOMAIN}.", f"2 1 {second.sip.port} b.{DOMAIN}."
        )
        for name in "ab":
            server.has(f"{name}.{DOMAIN}", "A", HOST)
        async with a_line(EdgeConfig(port=0, dns=(server.place,)), {**SOON, **(agent or {})}) as (edge, line):
            yield edge, line, server


async def is_not_rung(peer: RawPeer, seconds: float = 0.5) -> None:
    with pytest.raises(asyncio.TimeoutError):
        await peer.get("INVITE", seconds)


async def refuse(peer: RawPeer, status: int, **headers: str) -> None:
    """Refuse the next call."""
    peer.respond(await peer.rung(), status, headers=headers)
    await peer.get("ACK")


async def take_and_end(peer: RawPeer, line: Agent) -> None:
    """Take the next call, which the bot then ends."""
    invite = await peer.rung()
    assert invite.all("x-voicebot-again") == []
    peer.respond(invite, 200, sdp(peer.audio.port))
    await peer.get("ACK")
    call = (await line.wait("answered"))["call"]
    async with speaking(peer):
        line.tell("hang_up", call=call)
        await peer.is_hung_up_on()


async def test_a_503_sends_the_call_to_the_next_peer() -> None:
    async with raw_peer() as one, raw_peer() as two, with_peers(one, two) as (edge, line):
        line.tell("dial", target=TARGET)
        await refuse(one, 503)
        await take_and_end(two, line)
        end = await line.wait("hung_up", cause="bot")
        assert end["attempts"] == 2
        assert end["sip_call_id"] == two.call_id != one.call_id
        assert edge.stats.again == 1
        await is_not_rung(one, 0.1)


@pytest.mark.parametrize("status", [486, 404, 603])
async def test_a_refusal_of_the_called_is_final(status: int) -> None:
    async with raw_peer() as one, raw_peer() as two, with_peers(one, two) as (_, line):
        line.tell("dial", target=TARGET)
        await refuse(one, status)
        end = await line.wait("hung_up", cause="failed", status=status)
        assert end["attempts"] == 1
        await is_not_rung(two)


async def test_a_503_with_a_cause_of_the_called_is_final() -> None:
    async with raw_peer() as one, raw_peer() as two, with_peers(one, two) as (_, line):
        line.tell("dial", target=TARGET)
        await refuse(one, 503, Reason="Q.850;cause=17")
        assert (await line.wait("hung_up", status=503))["q850"] == 17
        await is_not_rung(two)


async def test_who_has_rung_is_not_rung_by_another_way() -> None:
    async with raw_peer() as one, raw_peer() as two, with_peers(one, two) as (_, line):
        line.tell("dial", target=TARGET)
        invite = await one.rung()
        one.respond(invite, 180)
        await asyncio.sleep(1.2)
        one.respond(invite, 503)
        assert (await line.wait("hung_up", status=503))["attempts"] == 1
        await is_not_rung(two)


async def test_a_silent_peer_is_given_up_and_cancelled_when_it_wakes() -> None:
    async with raw_peer() as one, raw_peer() as two, with_peers(one, two) as (_, line):
        line.tell("dial", target=TARGET)
        late = await one.rung()
        invite = await two.rung()
        one.respond(late, 180)
        cancel = await one.get("CANCEL")
        one.respond(cancel, 200)
        one.respond(late, 487)
        two.respond(invite, 200, sdp(two.audio.port))
        await two.get("ACK")
        call = (await line.wait("answered"))["call"]
        line.tell("hang_up", call=call)
        await two.is_hung_up_on()
        assert (await line.wait("hung_up", cause="bot"))["attempts"] == 2


async def test_a_peer_that_answers_too_late_is_not_talked_to() -> None:
    async with raw_peer() as one, raw_peer() as two, with_peers(one, two) as (_, line):
        line.tell("dial", target=TARGET)
        late = await one.rung()
        invite = await two.rung()
        two.respond(invite, 180)
        one.respond(late, 200, sdp(one.audio.port))
        await one.get("ACK")
        await one.is_hung_up_on()
        two.respond(invite, 200, sdp(two.audio.port))
        await two.get("ACK")
        call = (await line.wait("answered"))["call"]
        line.tell("hang_up", call=call)
        await two.is_hung_up_on()
        await line.wait("hung_up", cause="bot")


async def test_with_nobody_left_the_last_answer_stands() -> None:
    async with raw_peer() as one, raw_peer() as two, with_peers(one, two) as (edge, line):
        line.tell("dial", target=TARGET)
        await refuse(one, 503)
        await refuse(two, 503, Reason="Q.850;cause=34")
        end = await line.wait("hung_up", cause="failed", status=503)
        assert (end["attempts"], end["q850"]) == (2, 34)
        line.tell("count")
        await line.wait("count")
        assert edge.stats.answered[503] == 1


async def test_hanging_up_between_two_attempts_ends_it() -> None:
    async with raw_peer() as one, raw_peer() as two, with_peers(one, two) as (_, line):
        line.tell("dial", target=TARGET)
        call = (await line.wait("dialled"))["call"]
        await one.rung()
        line.tell("hang_up", call=call)
        await line.wait("hung_up", cause="bot")
        await is_not_rung(two, 1.5)


async def test_a_connection_that_cannot_be_opened_sends_the_call_on() -> None:
    async with raw_peer() as two:
        closed = PeerConfig("closed", HOST, 9, "TCP", domain=DOMAIN, options_s=0)
        alive = PeerConfig("alive", HOST, two.sip.port, domain=DOMAIN, priority=2, options_s=0)
        async with a_line(EdgeConfig(port=0, peers=(closed, alive)), SOON) as (_, line):
            line.tell("dial", target=TARGET)
            await take_and_end(two, line)
            assert (await line.wait("hung_up"))["attempts"] == 2


async def test_servers_of_a_domain_stand_in_for_each_other() -> None:
    async with raw_peer() as one, raw_peer() as two, with_servers(one, two) as (edge, line, server):
        line.tell("dial", target=TARGET)
        await refuse(one, 503)
        await take_and_end(two, line)
        await line.wait("hung_up", cause="bot")
        # A 503 is about that call; silence is about the server.
        line.tell("dial", target=TARGET)
        await one.rung()
        await take_and_end(two, line)
        await line.wait("hung_up", cause="bot")
        line.tell("dial", target=TARGET)
        await take_and_end(two, line)
        await line.wait("hung_up", cause="bot")
        assert server.asked[(f"_sip._udp.{DOMAIN}", "SRV")] == 1
        assert edge.stats.again == 2


async def test_a_registration_moves_to_the_server_that_answers() -> None:
    account = {"name": "pbx", "registrar": f"sip:{DOMAIN}", "username": "8001", "password": "secret", "retry_s": 1}
    async with raw_peer() as one, raw_peer() as two:
        async with with_servers(one, two, {"accounts": [account]}) as (_, line, _):
            line.tell("register")
            one.respond(await one.get("REGISTER"), 503)
            register = await two.get("REGISTER")
            assert register.uri == f"sip:{DOMAIN}"
            two.respond(register, 200, headers={"Expires": "300"})
            await line.wait("registration", registered=True)
            line.tell("dial", target=TARGET)
            await take_and_end(two, line)
            await line.wait("hung_up")

            async def is_left() -> None:
                two.respond(await two.get("REGISTER"), 200)

            leaving = asyncio.create_task(is_left())
        await leaving


@pytest.mark.parametrize(("name", "reached"), [(DOMAIN, True), ("elsewhere.test", False)])
async def test_a_server_by_tls_needs_a_certificate_for_the_domain(tmp_path: Path, name: str, reached: bool) -> None:
    certificate, key = make_certificate(tmp_path, "server", name)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    lines: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.put_nowait(await reader.readline())
        writer.close()

    listening = await asyncio.start_server(take, HOST, 0, ssl=tls)
    async with name_server() as server:
        port = listening.sockets[0].getsockname()[1]
        server.has(f"_sips._tcp.{DOMAIN}", "SRV", f"1 1 {port} a.{DOMAIN}.")
        server.has(f"a.{DOMAIN}", "A", HOST)
        config = EdgeConfig(port=0, dns=(server.place,), tls=TlsConfig(authorities=certificate))
        async with a_line(config, SOON) as (_, line):
            line.tell("dial", target=f"sip:100@{DOMAIN};transport=tls")
            if reached:
                assert (await asyncio.wait_for(lines.get(), 5)).startswith(b"INVITE sip:100@pbx.test")
                call = (await line.wait("dialled"))["call"]
                line.tell("hang_up", call=call)
            # Either nobody may be talked to, or the connection was closed before an answer came.
            await line.wait("hung_up")
            assert reached or lines.empty()
    listening.close()
    await listening.wait_closed()


async def test_a_peer_by_name_is_asked_at_its_servers_and_the_silent_one_gets_no_calls() -> None:
    peer = PeerConfig("pbx", DOMAIN, 5060, options_s=0.05, looked_up=True, any_transport=True)
    async with raw_peer() as silent, raw_peer() as alive, name_server() as server:
        records = [
            f"{n} 1 {one.sip.port} {name}.{DOMAIN}." for n, (one, name) in enumerate(((silent, "a"), (alive, "b")))
        ]
        server.has(f"_sip._udp.{DOMAIN}", "SRV", *records)
        server.has(f"a.{DOMAIN}", "A", HOST)
        server.has(f"b.{DOMAIN}", "A", HOST)
        async with a_line(EdgeConfig(port=0, dns=(server.place,), peers=(peer,)), SOON) as (_, line):
            assert (await silent.get("OPTIONS")).uri == f"sip:{DOMAIN}"
            # Asked only once the other one was given up.
            question = await alive.get("OPTIONS")
            alive.respond(question, 200)
            line.tell("dial", target=TARGET)
            invite = await alive.rung()
            alive.respond(invite, 486)
            await alive.get("ACK")
            assert (await line.wait("hung_up", status=486))["attempts"] == 1


async def test_calls_from_the_servers_of_a_domain_are_calls_from_it() -> None:
    async with raw_peer() as caller, name_server() as server:
        server.has(f"_sip._tcp.{DOMAIN}", "SRV", f"1 1 5060 a.{DOMAIN}.")
        server.has(f"a.{DOMAIN}", "A", HOST)
        access = AccessConfig(allow=("192.0.2.1",))
        config = EdgeConfig(port=0, dns=(server.place,), access=access, sources={"trunk": (DOMAIN,)})
        async with a_line(config) as (edge, line):
            while True:
                # Until the name was looked up he is a stranger, and gets no answer.
                number = caller.invite(edge.public_address[1])
                try:
                    response = await caller.response(number, timeout_s=0.3)
                    break
                except asyncio.TimeoutError:
                    continue
            caller.learn(response)
            caller.ack(response.cseq[0])
            assert (await line.wait("call"))["headers"] == {"X-Voicebot-Account": "trunk"}
            async with speaking(caller):
                await caller.hangs_up()
            await line.wait("hung_up", cause="caller")
