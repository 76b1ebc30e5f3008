"""Ten calls at a time, and what happens to everybody else meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any

import aiohttp
import pytest

from tests.service.handset import handset
from tests.service.peers import LOOPBACK, Sipp, sipp
from tests.service.running import RunningService, heard
from tests.service.script import Script
from tests.service.sounds import QUEEN_OF_CLUBS, tape
from tests.support.sip_peers import needs_sipp

pytestmark = [pytest.mark.sip, pytest.mark.audio, needs_sipp, pytest.mark.timeout(120)]

CALLS = 10

# Each is one datagram that no SIP stack should have to see.
MALFORMED = (
    b"",
    b"\0" * 1200,
    b"\xff\xfe\xfd" * 400,
    b"INVITE\r\n\r\n",
    b"INVITE sip:desk@[::1 SIP/2.0\r\nVia: SIP/2.0/UDP\r\n\r\n",
    b"SIP/2.0 200 OK\r\n\r\n",
    b"SIP/2.0 99999999999999999999 OK\r\nCSeq: 1 INVITE\r\n\r\n",
    b"INVITE sip:desk@127.0.0.1 SIP/2.0\r\n" + b"Via: SIP/2.0/UDP a;branch=z9hG4bK\r\n" * 500,
    b"INVITE sip:desk@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n"
    b"To: <sip:desk@127.0.0.1>\r\nCall-ID: bad\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Length: -5\r\n\r\n",
    b"INVITE sip:desk@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKy\r\nFrom: <sip:a@b>;tag=1\r\n"
    b"To: <sip:desk@127.0.0.1>\r\nCall-ID: bad2\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
    b"Contact: <sip:a@127.0.0.1:9>\r\n"
    b"Content-Type: application/sdp\r\nContent-Length: 30\r\n\r\nv=0\r\nm=audio -1 RTP/AVP 999\r\n\r\n",
)


def throw_rubbish(port: int) -> None:
    """Send what is malformed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for datagram in MALFORMED:
            sock.sendto(datagram, (LOOPBACK, port))


async def health(service: RunningService) -> dict[str, Any]:
    """What the service says of itself."""
    async with aiohttp.ClientSession() as client, client.get(f"{service.url}/healthz") as response:
        assert response.status == 200
        facts: dict[str, Any] = await response.json()
        return facts


async def calls_up(service: RunningService, wanted: int) -> None:
    """Wait until the service counts this many calls."""
    while True:
        if (await health(service))["calls"] == wanted:
            return
        await asyncio.sleep(0.05)


async def test_ten_callers_are_served_and_the_eleventh_hears_busy(service: RunningService) -> None:
    await asyncio.wait_for(calls_up(service, 0), 15)
    before, restarts = service.processes, (await health(service))["restarts"]
    names = [f"one-of-ten-{number}" for number in range(CALLS)]
    async with contextlib.AsyncExitStack() as stack:
        phones = [await stack.enter_async_context(handset()) for _ in names]
        peers: list[Sipp] = []
        for name, phone in zip(names, phones, strict=True):
            script = Script(name, "desk", media_port=phone.port).rings().is_answered().is_hung_up_on()
            peers.append(await stack.enter_async_context(sipp(script, service.sip_port)))
        await asyncio.gather(*(phone.sentence() for phone in phones))
        assert (await health(service))["calls"] == CALLS

        throw_rubbish(service.sip_port)
        for name, sdp in (("eleventh", True), ("without-sdp", False)):
            script = Script(name, "desk").rings(sdp=sdp).is_refused(486)
            async with sipp(script, service.sip_port) as refused:
                await refused.succeeds()

        await asyncio.gather(*(phone.say(tape(QUEEN_OF_CLUBS, 1.0)) for phone in phones))
        await asyncio.gather(*(peer.succeeds() for peer in peers))
    for record in await asyncio.gather(*(service.record(name) for name in names)):
        assert heard(record) == [("Good morning, this is the desk.", True), ("Thank you and goodbye.", True)]
        assert record["audio"]["lost"] == 0
    assert service.processes == before
    assert (await health(service))["restarts"] == restarts


async def test_rubbish_and_an_invite_without_sdp_end_no_process(service: RunningService) -> None:
    before = service.processes
    throw_rubbish(service.sip_port)
    async with handset() as phone:
        script = Script("late-offer", "desk", media_port=phone.port).rings(sdp=False).is_answered(with_offer=True)
        async with sipp(script.waits_for_cue().hangs_up(), service.sip_port) as peer:
            await phone.sentence()
            peer.cue()
            await peer.succeeds()
    assert service.processes == before
