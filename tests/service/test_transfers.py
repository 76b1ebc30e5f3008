"""Handing a caller over attended: the target is rung first, and only then the caller is asked to move."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.service.peers import sipp
from tests.service.running import RunningService, heard
from tests.service.script import Script
from tests.support.sip_peers import needs_sipp

pytestmark = [pytest.mark.sip, pytest.mark.audio, needs_sipp, pytest.mark.timeout(120)]

ONE_MOMENT = ("One moment please.", True)
BUSY = [ONE_MOMENT, ("They are busy.", True), ("Goodbye.", True)]
FAILED = [ONE_MOMENT, ("Nobody is there.", True), ("Goodbye.", True)]

# What the target does, by the caller's name.
TARGETS = {
    "handed-over": Script("target").is_rung().takes_the_call().is_hung_up_on(),
    "busy": Script("target").is_rung().refuses("486 Busy Here"),
    "declined": Script("target").is_rung().refuses("603 Decline"),
    "unanswered": Script("target").is_rung().is_cancelled(),
    "stays": Script("target").is_rung().takes_the_call().is_hung_up_on(),
}


def caller(name: str, target: str) -> Script:
    """What the caller does: those whose transfer fails are on the line until the bot has said so."""
    script = Script(name, "switchboard").rings({"X-Target": target}).is_answered()
    if name == "handed-over":
        script.gets_refer(replaces=True).reports(["100 Trying", "180 Ringing", "200 OK"])
    elif name == "stays":
        script.gets_refer(replaces=True, then="403 Forbidden")
    return script.is_hung_up_on()


async def transfer(service: RunningService, name: str) -> dict[str, Any]:
    """Make a call that is transferred; returns its record."""
    async with (
        sipp(TARGETS[name]) as target,
        sipp(caller(name, target.uri), service.sip_port) as peer,
    ):
        await asyncio.gather(peer.succeeds(), target.succeeds())
    return await service.record(name)


@pytest.fixture(scope="module")
def records(service: RunningService) -> dict[str, dict[str, Any]]:
    """Records of calls that were transferred, all at the same time."""

    async def run() -> list[dict[str, Any]]:
        return await asyncio.gather(*(transfer(service, name) for name in TARGETS))

    return dict(zip(TARGETS, asyncio.run(run()), strict=True))


def test_caller_is_handed_over_when_the_target_has_answered(records: dict[str, dict[str, Any]]) -> None:
    record = records["handed-over"]
    assert record["transfer"] == "answered"
    assert record["cause"] == "transferred"
    assert heard(record) == [ONE_MOMENT]


def test_caller_hears_that_the_target_is_busy(records: dict[str, dict[str, Any]]) -> None:
    record = records["busy"]
    assert record["transfer"] == "busy"
    assert heard(record) == BUSY
    assert record["cause"] == "bot"


@pytest.mark.parametrize("name", ["declined", "unanswered", "stays"])
def test_caller_whose_transfer_failed_is_still_on_the_line(records: dict[str, dict[str, Any]], name: str) -> None:
    record = records[name]
    assert record["transfer"] == "failed"
    assert heard(record) == FAILED
    assert record["cause"] == "bot"
