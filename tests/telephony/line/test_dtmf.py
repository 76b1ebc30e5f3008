"""Digits of a caller in every shape that telephones give them."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator

import numpy as np
import pytest

from tests.service.handset import Handset, handset
from tests.service.peers import sipp
from tests.service.script import Script
from tests.support.sip_agent import Agent, running_agent
from tests.support.sip_peers import needs_sipp
from tests.telephony.line.test_tones import dialled

pytestmark = [pytest.mark.sip, needs_sipp]

EVENT_PT = 101
SSRC = 0x5CA1AB1E
EVENTS = "0123456789*#ABCD"


class Wire:
    """Sends RTP packets exactly as a test wants them."""

    def __init__(self, phone: Handset) -> None:
        self._phone = phone
        self._sequence = 0

    def event(self, digit: str, timestamp: int, duration: int, *, end: bool = False, marker: bool = False) -> None:
        """A packet of a telephone-event (RFC 4733 section 2.3)."""
        payload = struct.pack("!BBH", EVENTS.index(digit), (0x80 if end else 0) | 10, duration)
        self._send(EVENT_PT | (0x80 if marker else 0), timestamp, payload)

    def silence(self, timestamp: int) -> None:
        """20 ms of A-law silence."""
        self._send(8, timestamp, b"\xd5" * 160)

    def _send(self, kind: int, timestamp: int, payload: bytes) -> None:
        self._sequence += 1
        header = struct.pack("!BBHII", 0x80, kind, self._sequence, timestamp, SSRC)
        assert self._phone._transport is not None
        self._phone._transport.sendto(header + payload, self._phone.source)


@contextlib.asynccontextmanager
async def calling(script: Script, config: dict[str, object] | None = None) -> AsyncIterator[Agent]:
    async with running_agent(config or {}) as agent, sipp(script, agent.port) as peer:
        await agent.wait("answered")
        yield agent
        await peer.succeeds()


@contextlib.asynccontextmanager
async def on_the_wire(config: dict[str, object] | None = None) -> AsyncIterator[tuple[Agent, Wire]]:
    """A call whose audio the test itself sends."""
    async with handset() as phone:
        script = Script("keys", media_port=phone.port).rings().is_answered().pauses(1500).hangs_up()
        async with calling(script, config) as agent:
            await phone.stream(40)
            yield agent, Wire(phone)


async def digits(agent: Agent, count: int) -> str:
    return "".join([(await agent.wait("dtmf"))["digit"] for _ in range(count)])


def press(wire: Wire, digit: str, timestamp: int, *, marker: bool, ends: int = 3) -> None:
    for number in range(4):
        wire.event(digit, timestamp, 160 * (number + 1), marker=marker and number == 0)
    for _ in range(ends):
        wire.event(digit, timestamp, 800, end=True)


@pytest.mark.parametrize("marker", [True, False], ids=["marker", "no-marker"])
async def test_a_key_counts_once_however_often_its_end_is_repeated(marker: bool) -> None:
    async with on_the_wire() as (agent, wire):
        for number, digit in enumerate("1155#"):
            press(wire, digit, 8000 + 1600 * number, marker=marker)
        assert await digits(agent, 5) == "1155#"
        await asyncio.sleep(0.2)
        assert agent.seen("dtmf") == []


async def test_a_key_of_which_only_the_end_arrived_counts() -> None:
    async with on_the_wire() as (agent, wire):
        wire.event("7", 8000, 800, end=True)
        wire.event("7", 8000, 800, end=True)
        wire.silence(9000)
        press(wire, "8", 16000, marker=False)
        assert await digits(agent, 2) == "78"
        await asyncio.sleep(0.2)
        assert agent.seen("dtmf") == []


async def test_the_same_key_again_after_a_long_press_is_a_second_one() -> None:
    async with on_the_wire() as (agent, wire):
        for timestamp, packets in ((8000, 20), (16000, 2), (24000, 20)):
            for number in range(packets):
                wire.event("5", timestamp, 160 * (number + 1))
            for _ in range(3):
                wire.event("5", timestamp, 160 * (packets + 1), end=True)
        assert await digits(agent, 3) == "555"
        await asyncio.sleep(0.2)
        assert agent.seen("dtmf") == []


async def test_keys_by_info() -> None:
    script = Script("info").rings().is_answered()
    for body in ("Signal=5\nDuration=160\n", "Signal= *\nDuration= 250\n", "Signal=#\n"):
        script.sends_info("application/dtmf-relay", body)
    async with calling(script.pauses(300).hangs_up()) as agent:
        assert await digits(agent, 3) == "5*#"


@pytest.mark.parametrize(("body", "status"), [("Signal=Z\n", 200), ("Duration=160\n", 400)])
async def test_an_info_that_is_no_key_is_answered_and_forgotten(body: str, status: int) -> None:
    script = Script("info").rings().is_answered()
    script.sends_info("application/dtmf-relay", body, status).pauses(200).hangs_up()
    async with calling(script) as agent:
        assert (await agent.wait("hung_up"))["cause"] == "caller"
        assert agent.seen("dtmf") == []


@pytest.mark.parametrize("in_band", [True, False])
async def test_keys_as_tones_count_where_that_is_wanted(in_band: bool) -> None:
    keys = "4711#"
    async with handset() as phone:
        script = Script("tones", media_port=phone.port).rings().is_answered().pauses(2500).hangs_up()
        async with calling(script, {"in_band_digits": in_band}) as agent:
            await phone.stream(40)
            pcm = np.frombuffer(dialled(keys, 100, 80), "<i2")
            await phone.say(pcm)
            if in_band:
                assert await digits(agent, 5) == keys
            await asyncio.sleep(0.1)
            assert agent.seen("dtmf") == []


@pytest.mark.parametrize("way", ["auto", "rfc4733", "info"])
async def test_digits_are_sent_in_each_way(way: str) -> None:
    async with running_agent() as callee, running_agent({"send_digits": way}) as caller:
        caller.tell("dial", target=callee.uri)
        call = (await caller.wait("answered"))["call"]
        await callee.wait("answered")
        caller.tell("dtmf", call=call, digits="1*#")
        assert await digits(callee, 3) == "1*#"
        caller.tell("hang_up", call=call)
        await callee.wait("hung_up")


async def test_digits_go_by_info_to_a_side_that_takes_no_events() -> None:
    """Its SDP names no telephone-event."""
    script = Script("plain").rings().is_answered()._receive('request="INFO"', search="Signal=7").answers("200 OK")
    script._steps = [
        step.replace("a=rtpmap:101 telephone-event/8000\n", "").replace(" 101\n", "\n") for step in script._steps
    ]
    async with calling(script.is_hung_up_on()) as agent:
        call = (await agent.wait("call"))["call"]
        agent.tell("dtmf", call=call, digits="7")
        await asyncio.sleep(0.3)
        agent.tell("hang_up", call=call)
