"""Calls by SIPp, a peer that nobody here wrote: workers behind the edge, callers in front of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from telephony.edge import Dispatcher, Edge, EdgeConfig
from tests.telephony.edge.peers import SIPP, Lossy, Peer, Sipp, all_finished
from tests.telephony.messages import SDP, request

pytestmark = [
    pytest.mark.sip,
    pytest.mark.timeout(60),
    pytest.mark.skipif(SIPP is None, reason="needs sipp (Debian package sip-tester)"),
]

SCENARIOS = Path(__file__).parent / "scenarios"


class Exchange:
    """An edge with SIPp at both ends."""

    def __init__(self, folder: Path) -> None:
        self.edge = Edge(EdgeConfig(port=0), Dispatcher())
        self._folder = folder
        self._running: list[Sipp] = []

    async def worker(self, token: str, scenario: str = "worker.xml", capacity: int = 4, *options: str) -> Sipp:
        """Start a SIPp that plays a line worker."""
        place = f"127.0.0.1:{self.edge.public_address[1]}"
        arguments = ["-sf", str(SCENARIOS / scenario), "-key", "token", token, "-key", "edge", place, *options]
        worker = await Sipp.serve(self._folder, *arguments)
        self._running.append(worker)
        self.edge.add_worker(token, worker.port, capacity)
        return worker

    async def caller(self, scenario: str, *options: str, port: int | None = None) -> Sipp:
        """Start a SIPp that calls; a built-in scenario by its plain name."""
        source = ["-sf", str(SCENARIOS / scenario)] if scenario.endswith(".xml") else ["-sn", scenario]
        target = f"127.0.0.1:{port or self.edge.public_address[1]}"
        caller = await Sipp.start(self._folder, target, *source, "-timeout", "30", *options)
        self._running.append(caller)
        return caller

    async def calls(self, number: int) -> None:
        """Wait until the edge counts that many calls, or has come past it on the way up."""
        for _ in range(1000):
            counted = self.edge.dispatcher.calls
            if counted == number or 0 < number < counted:
                return
            await asyncio.sleep(0.01)
        pytest.fail(f"the edge counts {self.edge.dispatcher.calls} calls, not {number}")

    async def close(self) -> None:
        for process in self._running:
            await process.stop()
        await self.edge.close()


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    exchange = Exchange(tmp_path)
    await exchange.edge.start()
    yield exchange
    await exchange.close()


@pytest.mark.parametrize("scenario", ["caller.xml", "uac"])
async def test_calls_spread_over_workers(exchange: Exchange, scenario: str) -> None:
    """caller.xml keeps to the route and Contact it learned; SIPp's own "uac" ignores both: only Call-ID is left."""
    for number in range(3):
        await exchange.worker(f"w{number}", "worker.xml", 10)
    caller = await exchange.caller(scenario, "-m", "60", "-r", "60", "-l", "30", "-d", "200")
    assert await caller.finished() == 0
    await exchange.calls(0)
    assert exchange.edge.stats.requests["INVITE"] >= 60
    assert not exchange.edge.stats.answered


async def test_lost_datagrams_are_repeated_into_the_same_calls(exchange: Exchange) -> None:
    for number in range(2):
        await exchange.worker(f"w{number}", "worker.xml", 10)
    lossy = await Lossy.open(exchange.edge.public_address)
    caller = await exchange.caller("caller.xml", "-m", "10", "-r", "20", "-d", "100", port=lossy.port)
    assert await caller.finished() == 0
    await exchange.calls(0)
    # INVITE, 200, ACK, BYE and its 200 at least.
    assert lossy.lost >= 50
    assert not exchange.edge.stats.answered
    await lossy.close()


async def test_the_worker_hangs_up(exchange: Exchange) -> None:
    await exchange.worker("w1", "worker_hangs_up.xml", 5)
    caller = await exchange.caller("caller_is_hung_up_on.xml", "-m", "5", "-r", "20")
    assert await caller.finished() == 0
    await exchange.calls(0)
    assert exchange.edge.stats.to_outside == 5


async def test_callers_give_up(exchange: Exchange) -> None:
    worker = await exchange.worker("w1", "worker_rings.xml", 5, "-m", "5")
    caller = await exchange.caller("caller_gives_up.xml", "-m", "5", "-r", "20")
    assert await all_finished([caller, worker]) == [0, 0]
    await exchange.calls(0)


async def test_busy_when_full_and_free_again(exchange: Exchange) -> None:
    await exchange.worker("w1", "worker.xml", 1)
    first = await exchange.caller("caller.xml", "-m", "1", "-d", "1000")
    await exchange.calls(1)
    second = await exchange.caller("caller_finds_busy.xml", "-m", "3")
    assert await second.finished() == 0
    assert exchange.edge.stats.answered == {486: 3}
    assert await first.finished() == 0
    await exchange.calls(0)
    third = await exchange.caller("caller.xml", "-m", "1", "-d", "0")
    assert await third.finished() == 0


async def test_noise_harms_no_call(exchange: Exchange) -> None:
    await exchange.worker("w1", "worker.xml", 20)
    caller = await exchange.caller("caller.xml", "-m", "20", "-r", "40", "-d", "300")
    attacker, dice = await Peer.open(), random.Random(5)
    await exchange.calls(1)
    for _ in range(300):
        message = bytearray(request(body=SDP, call_id=str(dice.random())))
        message[dice.randrange(len(message))] = dice.randrange(256)
        # No room for those that came out sound, and no answers from outside the test.
        noise = bytes(message).replace(b"INVITE ", b"OPTIONS ") if dice.random() < 0.5 else dice.randbytes(200)
        attacker.send(noise, exchange.edge.public_address)
    assert await caller.finished() == 0
    assert exchange.edge.stats.dropped["not sip"] >= 100
    await attacker.close()
