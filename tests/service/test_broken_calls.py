"""Calls that break, in a whole service: what the far side sees, what the record says, and that others go on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from tests.service.configured import config, line
from tests.service.running import RunningService
from tests.support.raw_sip import RawPeer, Socket, raw_peer, sdp, speaking
from tests.support.sip_peers import free_port

pytestmark = [pytest.mark.sip, pytest.mark.audio, pytest.mark.timeout(120)]

DOMAIN = "pbx.test"
STOP_TIMEOUT_S = 20.0
SOON_S = 2.0


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """Where the two peers of the service's domain listen."""
    return free_port(), free_port()


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory, ports: tuple[int, int]) -> Iterator[RunningService]:
    """A service that is quick to end calls without audio, with two peers of one domain."""
    peers = [
        {"name": f"p{number}", "address": f"sip:127.0.0.1:{port}", "domain": DOMAIN, "priority": number, "options_s": 0}
        for number, port in enumerate(ports, start=1)
    ]
    settings = config(
        lines=[line("desk")],
        sip={
            "media": {"first_timeout_s": SOON_S, "timeout_s": SOON_S},
            "failover": {"silent_s": 1.0},
            "peers": peers,
            "access": {"allow": ["127.0.0.1"], "requests_per_s": 0},
        },
        dialling={"target": f"sip:{{number}}@{DOMAIN}", "listen": False},
    )
    running = RunningService(tmp_path_factory.mktemp("broken"), settings)
    try:
        running.until_ready()
        yield running
        running.terminate()
        assert running.ends(STOP_TIMEOUT_S) == 0, running.log.text
    finally:
        running.destroy()


@contextlib.asynccontextmanager
async def caller_named(name: str) -> AsyncIterator[RawPeer]:
    """A caller with a number of his own, by which the record is found."""
    async with raw_peer() as peer:
        peer.near = f"<sip:{name}@localhost>;tag={name}"
        peer.far = "<sip:desk@localhost>"
        yield peer


async def health(service: RunningService) -> dict[str, Any]:
    async with aiohttp.ClientSession(service.url) as client, client.get("/healthz") as answer:
        shown: dict[str, Any] = await answer.json()
        return shown


async def test_a_call_whose_audio_stops_is_ended_and_the_others_are_not(broken: RunningService) -> None:
    async with caller_named("7001") as dead, caller_named("7002") as alive:
        await dead.calls(broken.sip_port)
        await alive.calls(broken.sip_port)
        async with speaking(alive):
            await dead.speaks(0.5)
            bye = await dead.is_hung_up_on()
            assert bye.require("reason").startswith("Q.850;cause=41")
            record = await broken.record("7001")
            await alive.hangs_up()
        other = await broken.record("7002")
    cdr = record["cdr"]
    assert (record["cause"], cdr["hangupSide"], cdr["hangupCause"]) == ("media_timeout", "line", "media_timeout")
    assert cdr["packetsIn"] > 10
    assert (other["cause"], other["cdr"]["hangupSide"]) == ("caller", "caller")
    counted = (await health(broken))["calls_ended"]
    assert counted["media_timeout"] == 1
    assert counted["caller"] >= 1


async def test_strangers_audio_and_the_callers_reason_are_in_the_record(broken: RunningService) -> None:
    async with caller_named("7003") as caller:
        await caller.calls(broken.sip_port)
        stranger = await Socket.open()
        async with speaking(caller):
            await caller.audio.inbox.get()
            for _ in range(50):
                for _ in range(20):
                    stranger.send(caller.packet(), caller.far_audio)
                await asyncio.sleep(0.02)
            number = caller.request("BYE", headers={"Reason": 'Q.850;cause=31;text="Normal, unspecified"'})
            assert (await caller.response(number)).status == 200
        assert stranger.inbox.empty()
        await stranger.close()
        cdr = (await broken.record("7003"))["cdr"]
    assert cdr["packetsForeign"] >= 900
    assert cdr["packetsIn"] < 200
    assert (cdr["toldCause"], cdr["toldReason"]) == (31, "Normal, unspecified")
    assert cdr["sipCallId"] == caller.call_id


async def test_scanners_get_silence_and_are_counted(broken: RunningService) -> None:
    before = (await health(broken))["sip_refused"]
    async with raw_peer() as scanner:
        for number, method in enumerate(("OPTIONS", "REGISTER", "INVITE"), start=1):
            scanner._target = (scanner._target[0], broken.sip_port)
            scanner.request(method, cseq=number, headers={"User-Agent": "friendly-scanner"})
        with pytest.raises(asyncio.TimeoutError):
            await scanner.message(1)
    assert (await health(broken))["sip_refused"] == before + 3
    # Who asks properly is answered.
    async with raw_peer() as neighbour:
        neighbour._target = (neighbour._target[0], broken.sip_port)
        assert (await neighbour.response(neighbour.request("OPTIONS"))).status == 200


async def test_a_call_out_goes_to_the_next_peer_once(broken: RunningService, ports: tuple[int, int]) -> None:
    one, two = await peer_at(ports[0]), await peer_at(ports[1])
    headers = {"token": broken.key}
    try:
        async with aiohttp.ClientSession(broken.url, headers=headers) as client:
            order = {"number": "13800000009", "bot": "desk"}
            async with client.post("/api/v1/calls", json=order) as answer:
                assert answer.status == 202, await answer.text()
            refused = await one.rung(20)
            one.respond(refused, 503)
            await one.get("ACK")
            invite = await two.rung()
            two.respond(invite, 180)
            two.respond(invite, 200, sdp(two.audio.port))
            await two.get("ACK")
            async with speaking(two):
                await two.audio.inbox.get()
                number = two.request("BYE", headers={"Reason": "Q.850;cause=16"})
                assert (await two.response(number)).status == 200
        record = await broken.record("13800000009")
        cdr = record["cdr"]
        assert (cdr["attempts"], cdr["sipCallId"], cdr["toldCause"]) == (2, invite.call_id, 16)
        assert cdr["callId"] == refused.call_id
        assert (await health(broken))["sip_tried_again"] == 1
        with pytest.raises(asyncio.TimeoutError):
            await one.get("INVITE", 0.3)
    finally:
        await one.close()
        await two.close()


async def peer_at(port: int) -> RawPeer:
    loop = asyncio.get_running_loop()
    transport, sip = await loop.create_datagram_endpoint(Socket, local_addr=("127.0.0.1", port))
    sip._transport = transport
    return RawPeer(sip, await Socket.open(), "127.0.0.1")
