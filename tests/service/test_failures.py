"""Processes that die in the middle of calls."""

from __future__ import annotations

import asyncio
import os
import signal

import aiohttp
import pytest

from tests.service.configured import APOLOGY
from tests.service.handset import handset
from tests.service.peers import sipp
from tests.service.running import RunningService, heard, owner_of_udp_port
from tests.service.script import Script
from tests.service.sounds import GO_FORWARD, QUEEN_OF_CLUBS, tape
from tests.support.sip_peers import needs_sipp

pytestmark = [pytest.mark.sip, pytest.mark.audio, needs_sipp, pytest.mark.timeout(120)]

LINE_WORKER = "voicebot.runtime.line_process"
SPEECH_WORKER = "voicebot.speech.worker"
PAUSE_S = 1.0  # longer than the bot waits for the end of an utterance


async def test_a_line_worker_that_dies_takes_only_its_own_calls(service: RunningService) -> None:
    before = service.processes
    async with handset() as unlucky_phone, handset() as lucky_phone:
        unlucky = Script("unlucky", "desk", media_port=unlucky_phone.port).rings().is_answered()
        lucky = Script("lucky", "desk", media_port=lucky_phone.port).rings().is_answered().waits_for_cue().hangs_up()
        async with (
            sipp(unlucky.waits_for_cue().hangs_up(481), service.sip_port) as unlucky_peer,
            sipp(lucky, service.sip_port) as lucky_peer,
        ):
            await asyncio.gather(unlucky_phone.sentence(), lucky_phone.sentence())
            victim, survivor = (owner_of_udp_port(phone.source[1], before) for phone in (unlucky_phone, lucky_phone))
            assert victim != survivor
            os.kill(victim, signal.SIGKILL)
            await lucky_phone.stream(500)
            await talk_to_the_desk(service, "next")
            await lucky_phone.stream(500)
            unlucky_peer.cue()
            lucky_peer.cue()
            await asyncio.gather(unlucky_peer.succeeds(), lucky_peer.succeeds())
    assert (await service.record("lucky"))["cause"] == "caller"
    await asyncio.to_thread(service.log.wait_for, r"line worker \d is back")
    # Calls are spread, so five of them find every worker, the new one among them.
    workers = {pid for pid, module in service.processes.items() if module == LINE_WORKER}
    assert len(workers) == 5
    owners = await asyncio.gather(*(talk_to_the_desk(service, f"after-{number}") for number in range(5)))
    assert set(owners) == workers
    assert victim not in workers
    # The end of the call that was lost is told like any other.
    async with aiohttp.ClientSession() as session, session.get(f"{service.url}/healthz") as answer:
        assert (await answer.json())["calls_ended"]["failed"] == 1


async def talk_to_the_desk(service: RunningService, name: str) -> int:
    """Make a call that is greeted; returns the process that had it."""
    async with handset() as phone:
        script = Script(name, "desk", media_port=phone.port).rings().is_answered().waits_for_cue().hangs_up()
        async with sipp(script, service.sip_port) as peer:
            await phone.sentence()
            owner = owner_of_udp_port(phone.source[1], service.processes)
            peer.cue()
            await peer.succeeds()
    return owner


async def test_a_speech_worker_that_dies_costs_an_apology_and_no_call(service: RunningService) -> None:
    victim = service.process_of(SPEECH_WORKER)
    async with handset() as phone:
        script = Script("patient-caller", "desk", media_port=phone.port).rings().is_answered().is_hung_up_on()
        async with sipp(script, service.sip_port) as peer:
            await phone.sentence()
            # Stopped first, so that it surely has the utterance and no answer when it dies.
            os.kill(victim, signal.SIGSTOP)
            await phone.say(tape(GO_FORWARD, PAUSE_S))
            os.kill(victim, signal.SIGKILL)
            await phone.sentence()
            await asyncio.to_thread(service.log.wait_for, "speech worker is back", 60.0)
            await phone.say(tape(QUEEN_OF_CLUBS, PAUSE_S))
            await peer.succeeds()
    record = await service.record("patient-caller")
    assert heard(record)[1:] == [(APOLOGY, True), ("Thank you and goodbye.", True)]
    assert [code for turn in record["turns"] for code in turn["failures"]] == ["speech_worker_lost"]
    assert f"call {record['info']['call_id']}: speech_worker_lost failed" in service.log.text
    assert record["cause"] == "bot"
