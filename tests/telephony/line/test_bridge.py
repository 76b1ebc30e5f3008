"""Transfers without REFER: the caller and the target talk to each other through us."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.sip_agent import Agent, running_agent
from tests.support.sip_peers import needs_sipp, sipp
from tests.support.spectrum import assert_tone, read_wav

pytestmark = [pytest.mark.sip]

REFUSALS = [405, 501, 603]


async def heard(agent: Agent, call: str) -> tuple[bytes, int]:
    """What an agent heard in the last second, after a while."""
    await asyncio.sleep(1.3)
    agent.tell("heard", call=call)
    answer = await agent.wait("heard", call=call)
    return bytes.fromhex(answer["pcm"]), answer["rate_hz"]


async def calls_of(agent: Agent) -> int:
    agent.tell("count")
    return int((await agent.wait("count"))["calls"])


class Trio:
    """The bot, a caller who is on the line with it, and whom the bot rings."""

    def __init__(self, bot: Agent, caller: Agent, target: Agent, call: str) -> None:
        self.bot, self.caller, self.target = bot, caller, target
        self.call = call
        self.target_call = ""

    async def transfer(self, **options: Any) -> None:
        """Hand the caller over by a bridge."""
        self.bot.tell("transfer", call=self.call, target=self.target.uri, mode="bridge", **options)
        self.target_call = (await self.target.wait("answered"))["call"]
        assert (await self.bot.wait("transfer_done"))["outcome"] == "bridged"

    async def bot_is_out(self) -> None:
        """Nothing is left of both calls at the bot."""
        left = 1
        while left:
            left = await calls_of(self.bot)


@contextlib.asynccontextmanager
async def trio(**behaviour: Any) -> AsyncIterator[Trio]:
    async with (
        running_agent(source="tone:1000", **behaviour) as bot,
        running_agent() as caller,
        running_agent(source="tone:440") as target,
    ):
        caller.tell("dial", target=bot.uri, source="tone:600")
        call = (await caller.wait("answered"))["call"]
        await bot.wait("answered")
        yield Trio(bot, caller, target, call)


async def test_both_hear_each_other_and_the_recording_has_both(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    async with trio(record=str(path)) as three:
        await three.transfer()
        assert_tone(*await heard(three.target, three.target_call), 600)
        assert_tone(*await heard(three.caller, three.call), 440)
        three.caller.tell("hang_up", call=three.call)
        assert (await three.bot.wait("hung_up"))["cause"] == "caller"
        assert (await three.target.wait("hung_up"))["cause"] == "caller"
        await three.bot_is_out()
    left, rate_hz = read_wav(path, 0)
    right, _ = read_wav(path, 1)
    assert_tone(left[-2 * rate_hz :], rate_hz, 600)
    assert_tone(right[-2 * rate_hz :], rate_hz, 440)


async def test_the_target_that_hangs_up_ends_both() -> None:
    async with trio() as three:
        await three.transfer()
        three.target.tell("hang_up", call=three.target_call)
        assert (await three.bot.wait("hung_up"))["cause"] == "transferred"
        assert (await three.caller.wait("hung_up"))["cause"] == "caller"
        await three.bot_is_out()


async def test_digits_go_through_both_ways_and_not_to_the_bot() -> None:
    async with trio() as three:
        await three.transfer()
        three.caller.tell("dtmf", call=three.call, digits="12")
        assert [(await three.target.wait("dtmf"))["digit"] for _ in range(2)] == ["1", "2"]
        three.target.tell("dtmf", call=three.target_call, digits="#")
        assert (await three.caller.wait("dtmf"))["digit"] == "#"
        assert three.bot.seen("dtmf") == []
        three.bot.tell("hang_up", call=three.call)
        await asyncio.gather(three.target.wait("hung_up"), three.caller.wait("hung_up"))


async def test_the_target_is_told_first_what_it_is_about() -> None:
    async with trio() as three:
        three.bot.tell(
            "transfer", call=three.call, target=three.target.uri, mode="bridge", briefing_hz=800, ring_timeout_s=5
        )
        three.target_call = (await three.target.wait("answered"))["call"]
        # Meanwhile the caller still hears the bot.
        briefing, to_caller = await asyncio.gather(
            heard(three.target, three.target_call), heard(three.caller, three.call)
        )
        assert_tone(*briefing, 800)
        assert_tone(*to_caller, 1000)
        assert (await three.bot.wait("transfer_done"))["outcome"] == "bridged"
        assert_tone(*await heard(three.target, three.target_call), 600)
        three.target.tell("hang_up", call=three.target_call)
        await three.bot.wait("hung_up")


async def test_a_target_that_leaves_during_the_briefing_leaves_the_caller_with_us() -> None:
    async with trio() as three:
        three.bot.tell("transfer", call=three.call, target=three.target.uri, briefing_hz=800)
        three.target_call = (await three.target.wait("answered"))["call"]
        three.target.tell("hang_up", call=three.target_call)
        assert (await three.bot.wait("transfer_done"))["outcome"] == "failed"
        assert_tone(*await heard(three.caller, three.call), 1000)
        three.bot.tell("hang_up", call=three.call)
        await three.caller.wait("hung_up")


@needs_sipp
@pytest.mark.parametrize("status", REFUSALS)
@pytest.mark.parametrize("mode", ["attended", "blind"])
async def test_a_side_that_refuses_refer_is_bridged(mode: str, status: int) -> None:
    scenario = "refer_refused" if mode == "attended" else "refer_refused_blind"
    async with (
        running_agent() as bot,
        running_agent(source="tone:440") as target,
        sipp(scenario, bot.port, keys={"refusal": f"{status} No"}) as caller,
    ):
        call = (await bot.wait("answered"))["call"]
        bot.tell("transfer", call=call, target=target.uri, mode=mode, bridge_on=REFUSALS)
        assert (await bot.wait("transfer_done"))["outcome"] == "bridged"
        target_call = (await target.wait("answered"))["call"]
        assert await calls_of(bot) == 2
        target.tell("hang_up", call=target_call)
        assert (await bot.wait("hung_up"))["cause"] == "transferred"
        await caller.succeeds()


@needs_sipp
async def test_a_target_that_vanishes_ends_both() -> None:
    """It answers, sends no audio packet and no BYE; the caller's audio goes on."""
    async with (
        running_agent({"media_timeout_s": 2}) as bot,
        running_agent() as caller,
        sipp("target_answers") as target,
    ):
        caller.tell("dial", target=bot.uri, source="tone:600")
        call = (await caller.wait("answered"))["call"]
        answered = (await bot.wait("answered"))["call"]
        assert answered == call
        bot.tell("transfer", call=call, target=target.uri, mode="bridge")
        assert (await bot.wait("transfer_done"))["outcome"] == "bridged"
        assert (await bot.wait("hung_up"))["cause"] == "transferred"
        await asyncio.gather(caller.wait("hung_up"), target.succeeds())


async def test_a_bridge_that_is_put_on_hold_comes_back() -> None:
    async with trio() as three:
        await three.transfer()
        await heard(three.target, three.target_call)  # the answer's own exchange of messages is over by then
        three.caller.tell("hold", call=three.call)
        assert (await three.bot.wait("hold"))["held"] is True
        three.caller.tell("resume", call=three.call)
        assert (await three.bot.wait("hold"))["held"] is False
        assert_tone(*await heard(three.target, three.target_call), 600)
        assert_tone(*await heard(three.caller, three.call), 440)
        three.caller.tell("hang_up", call=three.call)
        await three.target.wait("hung_up")
