"""Supervisors of a call, with real calls: tones tell who hears whom."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telephony.line.beeps import BEEP_HZ
from tests.support.sip_agent import Agent, running_agent
from tests.support.spectrum import read_wav

pytestmark = [pytest.mark.sip]

BOT, CALLER, AGENT, SUPERVISOR = 1000, 600, 440, 1500
ALL = (BOT, CALLER, AGENT, SUPERVISOR)


def tones(pcm: bytes, rate_hz: int) -> set[int]:
    """Which of the parties are in a sound: each has a tone of its own."""
    return {hz for hz in ALL if has(pcm, rate_hz, hz)}


def has(pcm: bytes, rate_hz: int, tone_hz: float) -> bool:
    """Whether a tone is in a sound."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    at = np.arange(samples.size) / rate_hz
    return bool(abs(np.exp(-2j * np.pi * tone_hz * at) @ samples) * 2 / samples.size > 300)


async def heard(agent: Agent, call: str) -> set[int]:
    """Whom an agent heard in the last second, after a while."""
    await asyncio.sleep(1.5)
    agent.tell("heard", call=call)
    answer = await agent.wait("heard", call=call)
    return tones(bytes.fromhex(answer["pcm"]), answer["rate_hz"])


async def calls_of(agent: Agent) -> int:
    agent.tell("count")
    return int((await agent.wait("count"))["calls"])


class Room:
    """The bot, a caller who is on the line with it, and a supervisor's telephone."""

    def __init__(self, bot: Agent, caller: Agent, supervisor: Agent, call: str) -> None:
        self.bot, self.caller, self.supervisor = bot, caller, supervisor
        self.call = call
        self.supervisor_call = ""

    async def join(self, mode: str, target: str = "", **more: Any) -> None:
        self.bot.tell("join", call=self.call, target=target or self.supervisor.uri, mode=mode, **more)
        self.supervisor_call = (await self.supervisor.wait("answered"))["call"]
        await self.stands("up", mode)

    async def stands(self, stage: str, mode: str, cause: str = "") -> dict[str, Any]:
        return await self.bot.wait("supervision", stage=stage, mode=mode, cause=cause)

    async def switch(self, mode: str) -> dict[str, Any]:
        self.bot.tell("set_mode", call=self.call, id="s1", mode=mode)
        return await self.stands("up", mode)

    async def heard(self) -> tuple[set[int], set[int]]:
        """Whom the caller hears, and whom the supervisor does."""
        found = await asyncio.gather(heard(self.caller, self.call), heard(self.supervisor, self.supervisor_call))
        return found[0], found[1]

    async def bot_has(self, calls: int) -> None:
        while await calls_of(self.bot) != calls:
            pass


@contextlib.asynccontextmanager
async def room(on_call: str = "answer", says: str = f"tone:{SUPERVISOR}", **behaviour: Any) -> AsyncIterator[Room]:
    async with (
        running_agent(source=f"tone:{BOT}", **behaviour) as bot,
        running_agent() as caller,
        running_agent(source=says, on_call=on_call) as supervisor,
    ):
        caller.tell("dial", target=bot.uri, source=f"tone:{CALLER}")
        call = (await caller.wait("answered"))["call"]
        await bot.wait("answered")
        one = Room(bot, caller, supervisor, call)
        yield one
        caller.tell("hang_up", call=one.call)
        await bot.wait("hung_up", call=one.call)
        left = 1
        while left:
            left = await calls_of(bot)


async def test_who_hears_whom_in_each_mode_and_after_it(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    async with room(record=str(path)) as one:
        await one.join("listen")
        assert await one.heard() == ({BOT}, {BOT, CALLER})
        await one.switch("whisper")
        assert await one.heard() == ({BOT}, {BOT, CALLER})
        assert (await one.switch("talk"))["speaking"]  # the tone never pauses, so the bot is silent
        assert await one.heard() == ({SUPERVISOR}, {CALLER})
        await one.switch("take_over")
        assert await one.heard() == ({SUPERVISOR}, {CALLER})
        await one.bot_has(2)
        one.supervisor.tell("hang_up", call=one.supervisor_call)
        await one.stands("over", "take_over", "left")
        assert await heard(one.caller, one.call) == {BOT}
        await one.bot_has(1)
    right, rate_hz = read_wav(path, 1)
    found = [tones(right[at : at + 2 * rate_hz], rate_hz) for at in range(0, len(right), 2 * rate_hz)]
    assert {BOT} in found
    assert {SUPERVISOR} in found
    assert found.index({BOT}) < found.index({SUPERVISOR}) < len(found) - found[::-1].index({BOT})


async def test_a_supervisor_who_says_nothing_lets_the_bot_speak() -> None:
    async with room(says="silence") as one:
        await one.join("talk")
        assert await one.heard() == ({BOT}, {BOT, CALLER})


async def test_keys_of_the_supervisor_change_the_mode_and_end_it() -> None:
    async with room() as one:
        await one.join("listen")
        one.supervisor.tell("dtmf", call=one.supervisor_call, digits="4")
        await one.stands("up", "take_over")
        assert await one.heard() == ({SUPERVISOR}, {CALLER})
        one.supervisor.tell("dtmf", call=one.supervisor_call, digits="9")
        await one.stands("over", "take_over", "left")
        await one.supervisor.wait("hung_up")
        assert one.bot.seen("dtmf") == []


async def test_what_is_hidden_is_not_heard_by_who_listens() -> None:
    async with room() as one:
        await one.join("listen")
        one.bot.tell("hide", call=one.call, on=True)
        assert await one.heard() == ({BOT}, {BOT})
        one.bot.tell("hide", call=one.call, on=False)
        assert await one.heard() == ({BOT}, {BOT, CALLER})


async def test_the_caller_hangs_up_and_nobody_is_left() -> None:
    async with room() as one:
        await one.join("take_over")
        one.caller.tell("hang_up", call=one.call)
        await one.stands("over", "take_over", "call_over")
        await one.supervisor.wait("hung_up")
        await one.bot_has(0)
        one.caller.tell("dial", target=one.bot.uri, source=f"tone:{CALLER}")
        one.call = (await one.caller.wait("answered"))["call"]
        assert await heard(one.caller, one.call) == {BOT}


@pytest.mark.parametrize(("answer", "cause"), [("486", "busy"), ("603", "failed"), ("ring", "no_answer")])
async def test_a_supervisor_who_does_not_come(answer: str, cause: str) -> None:
    async with room(on_call=answer) as one:
        one.bot.tell("join", call=one.call, target=one.supervisor.uri, mode="listen", ring_timeout_s=1.0)
        await one.stands("ringing", "listen")
        await one.stands("over", "listen", cause)
        assert await heard(one.caller, one.call) == {BOT}
        await one.bot_has(1)


async def test_a_supervisor_who_is_sent_away_while_it_rings() -> None:
    async with room(on_call="ring") as one:
        one.bot.tell("join", call=one.call, target=one.supervisor.uri, mode="listen")
        await one.supervisor.wait("call")
        one.bot.tell("dismiss", call=one.call, id="s1")
        await one.stands("over", "listen", "removed")
        await one.bot_has(1)


async def test_an_agent_who_has_the_caller_by_a_bridge() -> None:
    async with room() as one, running_agent(source=f"tone:{AGENT}") as agent:
        await one.join("take_over")
        one.bot.tell("transfer", call=one.call, target=agent.uri, mode="bridge")
        agent_call = (await agent.wait("answered"))["call"]
        assert (await one.bot.wait("transfer_done"))["outcome"] == "bridged"
        await one.stands("up", "listen")  # the agent takes the supervisor's place
        assert await one.heard() == ({AGENT, BOT}, {AGENT, BOT, CALLER})
        assert await heard(agent, agent_call) == {CALLER}
        await one.switch("whisper")
        assert await heard(agent, agent_call) == {CALLER, SUPERVISOR}
        assert await one.heard() == ({AGENT, BOT}, {AGENT, BOT, CALLER})
        await one.switch("talk")
        assert await heard(agent, agent_call) == {CALLER, SUPERVISOR}
        await one.switch("take_over")
        assert await heard(agent, agent_call) == set()
        assert SUPERVISOR in (await one.heard())[0]
        one.bot.tell("dismiss", call=one.call, id="s1")
        await one.stands("over", "take_over", "removed")
        assert await heard(agent, agent_call) == {CALLER}
        assert await heard(one.caller, one.call) == {AGENT}


async def test_a_tone_tells_the_caller_with_the_bot_and_in_a_bridge() -> None:
    async with room(says="silence") as one, running_agent() as agent:
        for bridged in (False, True):
            if bridged:
                one.bot.tell("transfer", call=one.call, target=agent.uri, mode="bridge")
                assert (await one.bot.wait("transfer_done"))["outcome"] == "bridged"
                assert await heard(one.caller, one.call) == set()
            one.bot.tell("signal", call=one.call)
            await asyncio.sleep(0.5)
            one.caller.tell("heard", call=one.call)
            answer = await one.caller.wait("heard", call=one.call)
            assert has(bytes.fromhex(answer["pcm"]), answer["rate_hz"], BEEP_HZ)
