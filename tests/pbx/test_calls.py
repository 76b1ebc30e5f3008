"""Calls through Asterisk to the bot and from it: who it is, what is heard, hold and keys."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import aiohttp
import numpy as np
import numpy.typing as npt
import pytest
import pytest_asyncio

from telephony.line.tones import COLUMNS_HZ, KEYS, ROWS_HZ
from tests.pbx.conftest import House
from tests.pbx.phones import Phone
from tests.service.handset import Handset, handset
from tests.service.peers import sipp
from tests.service.running import heard, understood
from tests.service.script import Script
from tests.service.sounds import GO_FORWARD, Samples, tape
from tests.support.asterisk import needs_asterisk
from tests.support.sip_peers import needs_sipp

pytestmark = [
    pytest.mark.asterisk, pytest.mark.sip, pytest.mark.audio, needs_sipp, needs_asterisk, pytest.mark.timeout(120)
]  # fmt: skip

GREETING = ("Good morning, this is the desk.", True)
KITCHEN = [("That is the kitchen.", True), ("Goodbye.", True)]
BOT = "8001"


async def test_the_bot_is_an_extension(office: House) -> None:
    contacts = await office.pbx.tell("pjsip show contacts")
    assert re.search(rf"8001/sip:8001@127[.]0[.]0[.]1:{office.service.sip_port}\b", contacts)
    # It answers OPTIONS.
    await office.pbx.until("pjsip show contacts", "Avail")


async def test_a_call_from_outside_has_audio_both_ways(office: House) -> None:
    async with handset() as phone:
        script = Script("desk-1", BOT, media_port=phone.port).rings().is_answered().waits_for_cue().hangs_up()
        async with sipp(script, office.pbx.port, port=office.provider) as peer:
            await phone.sentence()
            # The answer may be over before the last of this silence was sent.
            await asyncio.gather(phone.say(tape(GO_FORWARD, 1.0)), phone.sound(500))
            await phone.quiet()
            peer.cue()
            await peer.succeeds()
    record = await office.service.record("desk-1")
    assert heard(record) == [GREETING, ("The robot moves now.", True)]
    assert "forward" in " ".join(understood(record)).lower()
    assert record["cause"] == "caller"
    assert (record["audio"]["codec"], record["audio"]["lost"]) == ("PCMA", 0)


async def test_a_colleague_calls_and_the_bot_knows_the_name(office: House) -> None:
    script = Phone("8002", BOT)
    script.rings_with_password().is_answered()
    script.is_hung_up_on()
    async with sipp(script, office.pbx.port) as peer:
        await peer.succeeds()
    record = await office.service.record("8002")
    assert record["info"]["called"] == BOT
    assert record["info"]["headers"]["X-Name"] == "Ann Smith"


async def test_nobody_is_asked_anything_on_hold(office: House) -> None:
    script = Script("patient-1", BOT).rings().is_answered().pauses(1500)
    script.changes_direction("sendonly", "recvonly").pauses(4000)
    script.changes_direction("sendrecv", "sendrecv").is_hung_up_on()
    async with sipp(script, office.pbx.port, port=office.provider) as peer:
        await peer.succeeds()
    record = await office.service.record("patient-1")
    assert heard(record) == [("Hello.", True), ("Are you still there?", True), ("Goodbye.", True)]
    # Held 1.5 s after the answer at the earliest, for 4 s; the bot waits 2 s for an answer.
    assert record["turns"][1]["asked_ms"] > 7000


# --- keys


@pytest_asyncio.fixture(params=["rfc4733", "info", "inband"])
async def towards_bot(office: House, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """How Asterisk passes keys on to the bot."""
    kind = str(request.param)
    await office.pbx.change(f"{office.local}[8001](+type=endpoint)\ndtmf_mode={kind}\n")
    yield kind
    await office.pbx.change(office.local)


async def test_keys_reach_the_bot_however_asterisk_sends_them(office: House, towards_bot: str) -> None:
    name = f"desk-to-{towards_bot}"
    async with handset() as phone:
        script = Script(name, BOT, media_port=phone.port).rings().is_answered().is_hung_up_on()
        async with sipp(script, office.pbx.port, port=office.provider) as peer:
            await phone.sentence()
            await phone.press("42#")
            await peer.succeeds()
    record = await office.service.record(name)
    assert understood(record) == ["42#"]
    assert heard(record) == [GREETING, *KITCHEN]


async def test_keys_of_a_caller_who_sends_info(office: House) -> None:
    script = Script("desk-info", BOT).rings().is_answered().pauses(500)
    for key in "42#":
        script.sends_info("application/dtmf-relay", f"Signal={key}\nDuration=160\n").pauses(300)
    async with sipp(script.is_hung_up_on(), office.pbx.port, port=office.provider) as peer:
        await peer.succeeds()
    record = await office.service.record("desk-info")
    assert understood(record) == ["42#"]
    assert heard(record)[-2:] == KITCHEN


async def test_keys_of_a_caller_who_sends_tones(office: House) -> None:
    async with handset() as phone:
        script = Script("desk-tones", BOT, media_port=phone.port).rings().is_answered().is_hung_up_on()
        async with sipp(script, office.pbx.port, port=office.provider) as peer:
            await phone.sentence()
            await phone.say(tones("42#"))
            await peer.succeeds()
    record = await office.service.record("desk-tones")
    assert understood(record) == ["42#"]
    assert heard(record) == [GREETING, *KITCHEN]


def tones(keys: str, rate_hz: int = 8000) -> Samples:
    """Keys as a gateway that knows nothing better sends them: 100 ms each, and pauses."""
    at, pause = np.arange(rate_hz // 10) / rate_hz, np.zeros(rate_hz // 10)
    parts: list[npt.NDArray[np.float64]] = [pause]
    for key in keys:
        row = next(number for number in range(4) if key in KEYS[number])
        pair = (ROWS_HZ[row], COLUMNS_HZ[KEYS[row].index(key)])
        parts += [6000 * (np.sin(2 * np.pi * pair[0] * at) + np.sin(2 * np.pi * pair[1] * at)), pause]
    return np.concatenate(parts).astype(np.int16)


# --- calls by the bot


async def call(office: House, number: str, **order: str) -> str:
    """Order a call; where to ask for it."""
    async with (
        aiohttp.ClientSession(office.service.url, headers={"token": office.service.key}) as client,
        client.post("/api/v1/calls", json={"number": number, "bot": "desk", **order}) as response,
    ):
        assert response.status == 202, await response.text()
        return response.headers["Location"]


async def outcome(office: House, where: str) -> tuple[str, int]:
    async with aiohttp.ClientSession(office.service.url, headers={"token": office.service.key}) as client:
        for _ in range(150):
            async with client.get(where) as response:
                shown = await response.json()
            if shown["state"] == "ended":
                return shown["outcome"], shown["sip_status"]
            await asyncio.sleep(0.1)
    raise AssertionError(f"the call does not end: {shown}")


async def test_the_bot_calls_somebody_outside(office: House) -> None:
    async with handset() as phone:
        script = Script("01380000", media_port=phone.port).is_rung().takes_the_call().is_hung_up_on()
        async with sipp(script, port=office.provider) as peer:
            where = await call(office, "13800000000")
            await talk(phone)
            await peer.succeeds()
    assert await outcome(office, where) == ("answered", 200)
    record = await office.service.record("13800000000")
    assert heard(record) == [GREETING, *KITCHEN]


async def talk(phone: Handset) -> None:
    await phone.sentence()
    await phone.press("42#")


@pytest.mark.parametrize(
    ("status", "result"),
    [("486 Busy Here", "busy"), ("404 Not Found", "wrong_number"), ("480 Temporarily Unavailable", "no_answer")],
)
async def test_what_outside_says_comes_back(office: House, status: str, result: str) -> None:
    script = Script("nobody").is_rung().refuses(status)
    async with sipp(script, port=office.provider) as peer:
        where = await call(office, f"1380000{int(status[:3]):04}")
        await peer.succeeds()
    assert await outcome(office, where) == (result, int(status[:3]))


async def test_the_bot_calls_under_another_number(office: House) -> None:
    """Its password counts, not the number it shows."""
    script = Script("01380001").is_rung({"From": ".*sip:01088880001@.*"}).takes_the_call().is_hung_up_on()
    async with sipp(script, port=office.provider) as peer:
        where = await call(office, "13800000001", bot="patient", caller_number="01088880001")
        await peer.succeeds()
    assert await outcome(office, where) == ("answered", 200)
