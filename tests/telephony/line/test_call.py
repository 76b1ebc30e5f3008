from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.support.sip_agent import Agent, running_agent
from tests.support.sip_peers import baresip, needs_baresip, needs_sipp, sipp
from tests.support.spectrum import assert_tone, read_wav

pytestmark = [pytest.mark.sip]


async def heard(agent: Agent, call: str) -> tuple[bytes, int]:
    """Let a second of audio go by and return what was heard of it."""
    await asyncio.sleep(1.2)
    agent.tell("heard", call=call)
    answer = await agent.wait("heard", call=call)
    return bytes.fromhex(answer["pcm"]), answer["rate_hz"]


async def calls_of(agent: Agent) -> int:
    agent.tell("count")
    return int((await agent.wait("count"))["calls"])


async def ring(caller: Agent, callee: Agent, **options: Any) -> str:
    """Let one agent call another; returns the Call-ID when both are talking."""
    caller.tell("dial", target=callee.uri, **options)
    call = str((await caller.wait("dialled"))["call"])
    await asyncio.gather(caller.wait("answered", call=call), callee.wait("answered", call=call))
    return call


@needs_sipp
async def test_answers_a_call_and_hears_its_end() -> None:
    async with running_agent() as agent, sipp("call", agent.port) as caller:
        call = await agent.wait("call")
        assert (call["caller"], call["called"], call["headers"]) == ("peer", "bot", {"X-Ticket": "4711"})
        await agent.wait("answered")
        await caller.succeeds()
        end = await agent.wait("hung_up")
        assert (end["cause"], end["status"], end["stream"]["codec"]) == ("caller", 200, "PCMA")


@needs_sipp
async def test_hangs_up_itself_and_hears_its_own_tone_through_a_foreign_echo() -> None:
    async with running_agent(source="tone:440") as agent, sipp("listen", agent.port, echo=True) as caller:
        call = (await agent.wait("answered"))["call"]
        assert_tone(*await heard(agent, call), 440)
        agent.tell("hang_up", call=call)
        end = await agent.wait("hung_up")
        assert end["cause"] == "bot"
        assert end["stream"]["lost"] == 0
        await caller.succeeds()


@needs_sipp
async def test_cancel_while_it_rings() -> None:
    async with running_agent(on_call="ring") as agent, sipp("cancel", agent.port) as caller:
        call = (await agent.wait("call"))["call"]
        await caller.succeeds()
        # The conversation may answer too late: it is told all the same.
        agent.tell("start", call=call)
        assert (await agent.wait("hung_up"))["cause"] == "cancelled"


@needs_sipp
async def test_hold_and_resume() -> None:
    async with running_agent(source="tone:440") as agent, sipp("hold", agent.port, echo=True) as caller:
        call = (await agent.wait("answered"))["call"]
        assert (await agent.wait("hold"))["held"] is True
        assert (await agent.wait("hold"))["held"] is False
        assert_tone(*await heard(agent, call), 440)
        agent.tell("hang_up", call=call)
        await caller.succeeds()


@needs_sipp
async def test_invite_without_sdp_gets_our_offer() -> None:
    async with running_agent(source="tone:440") as agent, sipp("late_offer", agent.port, echo=True) as caller:
        call = (await agent.wait("answered"))["call"]
        assert_tone(*await heard(agent, call), 440)
        agent.tell("hang_up", call=call)
        await caller.succeeds()


@needs_sipp
async def test_session_timer_is_agreed_and_refreshed() -> None:
    async with running_agent() as agent, sipp("timer", agent.port) as caller:
        call = (await agent.wait("answered"))["call"]
        await asyncio.sleep(0.3)
        agent.tell("hang_up", call=call)
        await caller.succeeds()


@needs_sipp
async def test_refuses_when_asked_to_even_without_sdp() -> None:
    async with running_agent(on_call="486") as agent, sipp("refused", agent.port) as caller:
        await caller.succeeds()
        assert agent.process.returncode is None


@needs_sipp
async def test_a_line_gone_quiet_is_hung_up() -> None:
    async with running_agent({"first_media_timeout_s": 2}) as agent, sipp("listen", agent.port) as caller:
        assert (await agent.wait("hung_up"))["cause"] == "media_timeout"
        await caller.succeeds()


@needs_sipp
async def test_a_source_that_fails_keeps_the_call() -> None:
    async with running_agent(source="broken") as agent, sipp("call", agent.port) as caller:
        await caller.succeeds()
        end = await agent.wait("hung_up")
        assert end["cause"] == "caller"
        assert end["frames"]["source_errors"] == end["frames"]["played"] > 5


@needs_baresip
async def test_talks_with_baresip_and_records_both_sides(tmp_path: Path) -> None:
    recording = tmp_path / "call.wav"
    async with (
        running_agent(source="tone:440", record=str(recording)) as agent,
        baresip(tmp_path, agent.uri, tone_hz=700) as caller,
    ):
        call = (await agent.wait("answered"))["call"]
        assert_tone(*await heard(agent, call), 700)
        agent.tell("hang_up", call=call)
        await agent.wait("hung_up")
        await caller.ended()
        assert_tone(*read_wav(caller.heard), 440)
    assert_tone(*read_wav(recording, 0), 700)
    assert_tone(*read_wav(recording, 1), 440)


@needs_baresip
async def test_rings_baresip(tmp_path: Path) -> None:
    async with running_agent() as agent, baresip(tmp_path, tone_hz=700, seconds=3) as callee:
        agent.tell("dial", target=callee.uri, source="tone:440")
        call = (await agent.wait("answered"))["call"]
        assert_tone(*await heard(agent, call), 700)
        agent.tell("hang_up", call=call)
        assert (await agent.wait("hung_up"))["stream"]["lost"] == 0
        await callee.ended()
        assert_tone(*read_wav(callee.heard), 440)


@pytest.mark.parametrize("codec", ["PCMU", "G722"])
async def test_codecs_and_digits_between_two_agents(codec: str) -> None:
    async with running_agent({"codecs": [codec]}, source="tone:440") as callee, running_agent() as caller:
        call = await ring(caller, callee, source="tone:600")
        caller.tell("dtmf", call=call, digits="1#A")
        assert [(await callee.wait("dtmf"))["digit"] for _ in range(3)] == ["1", "#", "A"]
        # The digits themselves are events, not tones: only the tone is heard.
        assert_tone(*await heard(callee, call), 600)
        assert_tone(*await heard(caller, call), 440)
        caller.tell("hang_up", call=call)
        assert (await caller.wait("hung_up"))["stream"]["codec"] == codec
        assert (await callee.wait("hung_up"))["cause"] == "caller"


async def test_opus_where_the_library_has_it_and_the_next_codec_where_not() -> None:
    config = {"codecs": ["opus", "PCMA"], "rate_hz": 16000}
    async with running_agent(config, source="tone:440") as callee, running_agent(config) as caller:
        expected = "PCMA" if any("built without opus" in line for line in callee.log) else "opus"
        call = await ring(caller, callee, source="tone:600")
        assert_tone(*await heard(callee, call), 600)
        assert_tone(*await heard(caller, call), 440)
        caller.tell("hang_up", call=call)
        assert (await caller.wait("hung_up"))["stream"]["codec"] == expected
        await callee.wait("hung_up")


async def test_a_callee_that_refuses() -> None:
    async with running_agent(on_call="603") as callee, running_agent() as caller:
        caller.tell("dial", target=callee.uri)
        end = await caller.wait("hung_up")
        assert (end["cause"], end["status"]) == ("failed", 603)


async def test_hanging_up_before_the_answer_cancels() -> None:
    async with running_agent(on_call="ring") as callee, running_agent() as caller:
        caller.tell("dial", target=callee.uri)
        call = (await caller.wait("dialled"))["call"]
        await callee.wait("call")
        caller.tell("hang_up", call=call)
        assert (await caller.wait("hung_up"))["cause"] == "bot"
        # The library tells the caller at once, CANCEL is on its way still: an answer now would cross it.
        while await calls_of(callee):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)
        callee.tell("start", call=call)
        assert (await callee.wait("hung_up"))["cause"] == "cancelled"


async def test_an_address_that_is_none_is_an_error_and_nothing_else() -> None:
    async with running_agent() as agent:
        agent.tell("dial", target="not an address")
        assert (await agent.wait("dial_failed"))["message"]
        agent.tell("count")
        assert (await agent.wait("count"))["calls"] == 0
