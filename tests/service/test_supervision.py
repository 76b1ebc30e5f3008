"""Supervisors: who hears whom in each mode, what they can do over HTTP, and that nobody is stranded."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from tests.service.handset import Handset
from tests.service.peers import Sipp, sipp
from tests.service.running import RunningService, heard, owner_of_udp_port
from tests.service.script import Script
from tests.service.sounds import AUDIBLE_RMS, Samples
from tests.service.supervising import EVENTS_OFFERED, Desk, ListeningPhone, desk, has_tone, listening_phone
from tests.support.sip_peers import needs_sipp

pytestmark = [pytest.mark.sip, pytest.mark.audio, needs_sipp, pytest.mark.timeout(120)]

CALLER, SUPERVISOR, AGENT = 600.0, 1500.0, 2100.0
GREETING = ("Good morning, this is the desk.", True)


class Caller:
    """Somebody who is on the line with the bot."""

    def __init__(self, phone: ListeningPhone, peer: Sipp, call: str) -> None:
        self.phone, self.peer, self.call = phone, peer, call

    async def hangs_up(self) -> None:
        self.peer.cue()
        await self.peer.succeeds()


@contextlib.asynccontextmanager
async def caller(
    service: RunningService, room: Desk, name: str, *, is_hung_up_on: bool = False
) -> AsyncIterator[Caller]:
    async with listening_phone() as phone:
        script = Script(name, "desk", media_port=phone.port).rings().is_answered()
        script = script.is_hung_up_on() if is_hung_up_on else script.waits_for_cue().hangs_up()
        async with sipp(script, service.sip_port) as peer:
            await phone.sentence()
            yield Caller(phone, peer, (await room.call_of(name, state="talking"))["id"])


@contextlib.asynccontextmanager
async def telephone(name: str) -> AsyncIterator[tuple[ListeningPhone, Sipp]]:
    """A telephone that takes the call it gets."""
    async with listening_phone() as phone:
        script = Script(name, media_port=phone.port).is_rung().takes_the_call().is_hung_up_on()
        async with sipp(script) as peer:
            yield phone, peer


async def first_packets(phone: Handset) -> None:
    await phone.stream(100)


def loudness(sound: Samples) -> float:
    return float(np.sqrt(np.mean(sound.astype(np.float64) ** 2)))


async def test_who_hears_whom_in_each_mode(service: RunningService) -> None:
    async with desk(service) as room, caller(service, room, "modes") as one, telephone("chief") as chief:
        phone, peer = chief
        status, joined = await room.ask("POST", f"/{one.call}/supervisors", {"target": peer.uri, "mode": "listen"})
        assert (status, joined["state"], joined["mode"]) == (202, "ringing", "listen")
        where = f"/{one.call}/supervisors/{joined['id']}"
        await room.supervision(one.call, state="up")
        await first_packets(phone)
        async with one.phone.humming(CALLER), phone.humming(SUPERVISOR):
            await phone.hears(CALLER, but_not=(SUPERVISOR,))
            await one.phone.hears(but_not=(SUPERVISOR,))
            assert (await room.ask("POST", f"/{one.call}/say", {"text": "One moment please."}))[0] == 202
            await phone.until(lambda: loudness(np.concatenate(phone.frames)) > 0)
            status, changed = await room.ask("PATCH", where, {"mode": "talk"})
            assert (status, changed["mode"]) == (200, "talk")
            await one.phone.hears(SUPERVISOR, but_not=(CALLER,))
            await room.ask("PATCH", where, {"mode": "whisper"})
            await one.phone.hears(but_not=(SUPERVISOR,))
            await phone.hears(CALLER)
            await phone.press("4", EVENTS_OFFERED)
            await room.supervision(one.call, mode="take_over")
            await one.phone.hears(SUPERVISOR)
            await phone.hears(CALLER)
            await room.call_of("modes", state="taken_over")
            status, error = await room.ask("POST", f"/{one.call}/say", {"text": "Nobody would hear that."})
            assert (status, error["code"]) == (409, "call_state")
        await phone.press("9", EVENTS_OFFERED)
        await peer.succeeds()
        await room.supervision(one.call, state="over", cause="left")
        assert (await room.call_of("modes", state="talking"))["id"] == one.call
        await one.phone.sentence()  # the bot asks whether the caller is still there
        await one.hangs_up()
    record = await service.record("modes")
    assert heard(record)[0] == GREETING
    assert ("Are you still there?", True) in heard(record)
    actions = [done["action"] for done in record["supervision"]]
    assert actions == ["ring", "join", "say", "mode", "mode", "mode", "leave"]
    assert record["cdr"]["supervisedBy"] == [record["supervision"][0]["by"]]


async def test_the_caller_hangs_up_on_a_supervisor_who_has_taken_over(service: RunningService) -> None:
    async with desk(service) as room, caller(service, room, "leaver") as one, telephone("chief") as (phone, peer):
        await room.ask("POST", f"/{one.call}/supervisors", {"target": peer.uri, "mode": "take_over"})
        await room.supervision(one.call, state="up")
        await first_packets(phone)
        await one.hangs_up()
        await peer.succeeds()
    record = await service.record("leaver")
    assert record["cause"] == "caller"
    assert record["supervision"][-1]["cause"] == "call_over"


async def test_a_call_that_ends_when_the_supervisor_leaves(service: RunningService) -> None:
    async with (
        desk(service) as room,
        caller(service, room, "ending", is_hung_up_on=True) as one,
        telephone("chief") as (phone, peer),
    ):
        order = {"target": peer.uri, "mode": "take_over", "then": "hang_up"}
        _, joined = await room.ask("POST", f"/{one.call}/supervisors", order)
        await room.call_of("ending", state="taken_over")
        await first_packets(phone)
        assert (await room.ask("DELETE", f"/{one.call}/supervisors/{joined['id']}"))[0] == 204
        await asyncio.gather(peer.succeeds(), one.peer.succeeds())
    assert heard(await service.record("ending"))[-1] == ("Goodbye.", True)


@pytest.mark.parametrize(
    ("name", "status", "cause"), [("sv-busy", "486 Busy Here", "busy"), ("sv-no", "404 No", "failed")]
)
async def test_a_supervisor_who_cannot_be_reached(service: RunningService, name: str, status: str, cause: str) -> None:
    async with (
        desk(service) as room,
        caller(service, room, name) as one,
        sipp(Script("chief").is_rung().refuses(status)) as peer,
    ):
        await room.ask("POST", f"/{one.call}/supervisors", {"target": peer.uri})
        found = await room.supervision(one.call, state="over", cause=cause)
        assert found["sip_status"] == int(status[:3])
        await peer.succeeds()
        await one.hangs_up()


async def test_an_agent_by_a_bridge_with_a_supervisor_who_whispers(service: RunningService) -> None:
    async with (
        desk(service) as room,
        caller(service, room, "bridged") as one,
        telephone("agent") as (agent_phone, agent),
        telephone("chief") as (phone, chief),
    ):
        order = {"target": agent.uri, "mode": "bridge", "briefing": "A caller with a question."}
        status, shown = await room.ask("POST", f"/{one.call}/transfer", order)
        assert (status, shown["state"]) == (202, "transferring")
        await room.call_of("bridged", state="bridged", transfer="bridged")
        status, _ = await room.ask("POST", f"/{one.call}/supervisors", {"target": chief.uri, "mode": "whisper"})
        assert status == 202
        await room.supervision(one.call, state="up")
        await asyncio.gather(first_packets(phone), first_packets(agent_phone))
        async with one.phone.humming(CALLER), agent_phone.humming(AGENT), phone.humming(SUPERVISOR):
            await phone.hears(CALLER, AGENT)
            await agent_phone.hears(CALLER, SUPERVISOR)
            await one.phone.hears(AGENT, but_not=(SUPERVISOR,))
        await phone.press("9", EVENTS_OFFERED)
        await chief.succeeds()
        await one.hangs_up()
        await agent.succeeds()
    assert (await service.record("bridged"))["transfer"] == "bridged"


async def test_a_transfer_by_hand_that_fails_leaves_the_caller_with_the_bot(service: RunningService) -> None:
    target = Script("target").is_rung().refuses("486 Busy Here")
    async with desk(service) as room, caller(service, room, "by-hand", is_hung_up_on=True) as one:
        async with sipp(target) as peer:
            assert (await room.ask("POST", f"/{one.call}/transfer", {"target": peer.uri}))[0] == 202
            await peer.succeeds()
        await room.call_of("by-hand", state="talking", transfer="busy")
        status, error = await room.ask("POST", f"/{one.call}/transfer", {"target": "a;b"})
        assert (status, error["code"], error["field"]) == (400, "telephony_transfer", "target")
        assert (await room.ask("POST", f"/{one.call}/hangup", {"text": "Sorry, good bye."}))[0] == 202
        await one.peer.succeeds()
    record = await service.record("by-hand")
    assert heard(record)[-1] == ("Sorry, good bye.", True)
    assert (record["cause"], record["cdr"]["hangupSide"]) == ("supervisor", "supervisor")


async def test_a_listener_over_http_hears_both_sides(service: RunningService) -> None:
    async with (
        desk(service) as room,
        caller(service, room, "radio") as one,
        room.client.get(f"/api/v1/calls/{one.call}/audio") as answer,
    ):
        assert (answer.status, answer.content_type) == (200, "audio/wav")
        head = await answer.content.readexactly(44)
        rate_hz = int.from_bytes(head[24:28], "little")
        assert (head[:4], head[8:12], rate_hz) == (b"RIFF", b"WAVE", 8000)
        await room.call_of("radio", listeners=1)
        async with one.phone.humming(CALLER):
            await room.ask("POST", f"/{one.call}/say", {"text": "This is said to the caller right now."})
            sound = np.frombuffer(await answer.content.readexactly(4 * rate_hz * 3), "<i2").reshape(-1, 2)
        assert has_tone(sound[rate_hz:, 0], CALLER)
        assert not has_tone(sound[rate_hz:, 1], CALLER)
        assert loudness(sound[:, 1]) > AUDIBLE_RMS
        await one.hangs_up()
        async for _ in answer.content.iter_any():
            pass
    actions = [done["action"] for done in (await service.record("radio"))["supervision"]]
    assert actions == ["listener_joined", "say", "listener_left"]


async def test_there_is_no_room_for_everybody(service: RunningService) -> None:
    async with contextlib.AsyncExitStack() as stack:
        room = await stack.enter_async_context(desk(service))
        one = await stack.enter_async_context(caller(service, room, "crowded"))
        phones = [await stack.enter_async_context(telephone(f"chief{number}")) for number in range(2)]
        for _, peer in phones:
            assert (await room.ask("POST", f"/{one.call}/supervisors", {"target": peer.uri}))[0] == 202
        status, error = await room.ask("POST", f"/{one.call}/supervisors", {"target": phones[0][1].uri})
        assert (status, error["code"]) == (409, "too_many_supervisors")
        status, error = await room.ask("POST", f"/{one.call}/transfer", {"target": phones[0][1].uri})
        assert (status, error["code"]) == (503, "no_room")
        for phone, _ in phones:
            await first_packets(phone)
        await one.hangs_up()
        await asyncio.gather(*(peer.succeeds() for _, peer in phones))


async def test_a_worker_that_dies_takes_the_supervision_with_it(service: RunningService) -> None:
    before = service.processes
    async with desk(service) as room, listening_phone() as phone, telephone("chief") as (ear, chief):
        script = Script("mortal", "desk", media_port=phone.port).rings().is_answered().waits_for_cue().hangs_up(481)
        async with sipp(script, service.sip_port) as peer:
            await phone.sentence()
            call = (await room.call_of("mortal"))["id"]
            await room.ask("POST", f"/{call}/supervisors", {"target": chief.uri})
            await room.supervision(call, state="up")
            await first_packets(ear)
            async with room.client.get(f"/api/v1/calls/{call}/audio") as answer:
                await answer.content.readexactly(44)
                os.kill(owner_of_udp_port(phone.source[1], before), signal.SIGKILL)
                async for _ in answer.content.iter_any():
                    pass
            status, error = await gone(room, call)
            assert (status, error["code"]) == (404, "unknown_call")
            peer.cue()
            await peer.succeeds()


async def gone(room: Desk, call: str) -> tuple[int, Any]:
    """Ask for a call until it is not there any more."""
    while True:
        status, answer = await room.ask("GET", f"/{call}/live")
        if status == 404:
            return status, answer
