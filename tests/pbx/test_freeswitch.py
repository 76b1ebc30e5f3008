"""FreeSWITCH with the configuration it comes with, our sample in it, and a whole service that is its extension 7001."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
import yaml

from tests.pbx.phones import registered
from tests.service.brains import OrderingBrain
from tests.service.configured import config, line
from tests.service.handset import Handset, handset
from tests.service.peers import Sipp, sipp
from tests.service.running import RunningService, heard, understood, until
from tests.service.script import Script
from tests.service.sounds import AUDIBLE_RMS, GO_FORWARD, tape
from tests.support.freeswitch import PASSWORD, SAMPLE, FreeSwitch, freeswitch_process, needs_freeswitch
from tests.support.sip_peers import baresip, free_port, needs_baresip, needs_sipp
from tests.support.spectrum import assert_tone, read_wav

pytestmark = [
    pytest.mark.freeswitch, pytest.mark.sip, pytest.mark.audio,
    needs_sipp, needs_baresip, needs_freeswitch, pytest.mark.timeout(120),
]  # fmt: skip

BOT, TRUNK, AGENT, OUTSIDE = "7001", "7101", "1000", "10086"
GREETING = ("Good morning, this is the desk.", True)
KITCHEN = [("That is the kitchen.", True), ("Goodbye.", True)]
ONE_MOMENT = ("One moment please.", True)
BACK = {
    "busy": [ONE_MOMENT, ("They are busy.", True), ("Goodbye.", True)],
    "failed": [ONE_MOMENT, ("Nobody is there.", True), ("Goodbye.", True)],
}
STOP_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Office:
    """A PBX and the bot in it.

    Attributes:
        pbx: FreeSWITCH.
        service: the bot.
        brain: says what the callers are greeted with, by their number.
        provider: port of outside lines.
    """

    pbx: FreeSwitch
    service: RunningService
    brain: OrderingBrain
    provider: int

    def order(self, caller: str, kind: str, value: str) -> None:
        """Let the brain put this caller through."""
        self.brain.orders[caller] = {"system_toCustomerService": {"transType": kind, "transValue": value}}


def office_of(folder: Path, brain: OrderingBrain, bot: int = 0, **transfer: Any) -> Iterator[Office]:
    """Run both, until the caller of this generator is done; a bot with a port does not register."""
    sample = yaml.safe_load((SAMPLE / "voicebot.yaml").read_text(encoding="utf-8"))
    (account,) = sample["sip"]["accounts"]
    provider = free_port()
    with freeswitch_process(provider, bot) as pbx:
        sip: dict[str, Any] = {"accounts": [{**account, "registrar": f"sip:{pbx.host}"}]}
        if bot:
            sip = {"port": bot, "peers": [{"name": "freeswitch", "address": f"sip:{pbx.host}", "options_s": 1}]}
        sip["transfer"] = {**sample["sip"]["transfer"], "ring_timeout_s": 3, **transfer}
        sip["routes"] = [{"caller": "desk*", "line": "desk"}, {"caller": "patient*", "line": "patient"}]
        lines = [line("hotline", brain_url=brain.url) | {"called": [BOT, TRUNK]}, line("desk"), line("patient")]
        dialling = {**sample["dialling"], "calls_per_second": 50, "listen": False}
        service = RunningService(folder, config(sip=sip, lines=lines, dialling=dialling, recording={"enabled": True}))
        try:
            service.until_ready()
            if not bot:
                service.log.wait_for("registered")
            yield Office(pbx, service, brain, provider)
            service.terminate()
            assert service.ends(STOP_TIMEOUT_S) == 0, service.log.text
        finally:
            service.destroy()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, brain: OrderingBrain) -> Iterator[Office]:
    yield from office_of(tmp_path_factory.mktemp("office"), brain)


# --- calls to the bot


async def test_the_bot_is_registered(office: Office) -> None:
    contact = await office.pbx.tell("sofia_contact 7001")
    assert f"sip:7001@127.0.0.1:{office.service.sip_port}" in contact


async def test_a_call_from_outside_has_audio_both_ways(office: Office) -> None:
    async with handset() as phone:
        script = Script("desk-1", "123", media_port=phone.port).rings().is_answered().waits_for_cue().hangs_up()
        async with sipp(script, office.pbx.outside_port) as peer:
            await phone.sentence()
            await asyncio.gather(phone.say(tape(GO_FORWARD, 1.0)), phone.sound(500))
            await phone.quiet()
            peer.cue()
            await peer.succeeds()
    record = await office.service.record("desk-1")
    assert heard(record) == [GREETING, ("The robot moves now.", True)]
    assert "forward" in " ".join(understood(record)).lower()
    assert record["cause"] == "caller"


async def test_a_colleagues_telephone_rings_the_bot(office: Office, tmp_path: Path) -> None:
    office.brain.orders[AGENT] = {}
    account = f";auth_user={AGENT};auth_pass={PASSWORD}"
    async with baresip(tmp_path, f"sip:{BOT}@{office.pbx.host}", seconds=5, account=account) as phone:
        await phone.ended()
    record = await office.service.record(AGENT)
    assert record["info"]["called"] == BOT
    assert record["info"]["headers"]["X-Name"] == f"Extension {AGENT}"
    assert_tone(*read_wav(office.service.recording(record)), 700)
    spoken, _ = read_wav(phone.heard)
    assert np.frombuffer(spoken, dtype="<i2").astype(np.float64).std() > AUDIBLE_RMS


async def test_keys_reach_the_bot(office: Office) -> None:
    async with handset() as phone:
        script = Script("desk-keys", BOT, media_port=phone.port).rings().is_answered().is_hung_up_on()
        async with sipp(script, office.pbx.outside_port) as peer:
            await phone.sentence()
            await phone.press("42#")
            await peer.succeeds()
    record = await office.service.record("desk-keys")
    assert understood(record) == ["42#"]
    assert heard(record) == [GREETING, *KITCHEN]


async def test_nobody_is_asked_anything_on_hold(office: Office) -> None:
    script = Script("patient-1", BOT).rings().is_answered().pauses(1500)
    script.changes_direction("sendonly", "recvonly").pauses(4000)
    # The answer to "sendrecv" has no direction, which means the same.
    script.changes_direction("sendrecv", "rtpmap").is_hung_up_on()
    async with sipp(script, office.pbx.outside_port) as peer:
        await peer.succeeds()
    record = await office.service.record("patient-1")
    assert heard(record) == [("Hello.", True), ("Are you still there?", True), ("Goodbye.", True)]
    # Held 1.5 s after the answer at the earliest, for 4 s; the bot waits 2 s for an answer.
    assert record["turns"][1]["asked_ms"] > 7000


# --- transfers


def answers(office: Office, number: str, phone: Handset) -> AbstractAsyncContextManager[Sipp]:
    """Somebody, at an extension or outside, who takes the call and waits for its end."""
    person = Script(number, media_port=phone.port).is_rung({"To": f".*sip:{number}@.*"})
    person.takes_the_call().is_hung_up_on()
    return sipp(person, port=office.provider) if number == OUTSIDE else registered(office.pbx, person)


async def meet(office: Office, caller: str, person: str = AGENT, number: str = BOT) -> dict[str, Any]:
    """Be put through to somebody, talk, and hang up; the record."""
    async with handset() as phone, handset() as far_phone:
        script = Script(caller, number, media_port=phone.port).rings().is_answered().waits_for_cue().hangs_up()
        async with answers(office, person, far_phone) as target, sipp(script, office.pbx.outside_port) as peer:
            record = await office.service.record(caller)
            words = tape(GO_FORWARD)
            await asyncio.gather(phone.say(words), far_phone.sound(500))
            await asyncio.gather(far_phone.say(words), phone.sound(500))
            peer.cue()
            await asyncio.gather(peer.succeeds(), target.succeeds())
    return record


async def comes_back(office: Office, caller: str, result: str, status: int) -> None:
    """Be a caller for whom there is nobody: the bot says so, and takes its leave."""
    async with sipp(Script(caller, BOT).rings().is_answered().is_hung_up_on(), office.pbx.outside_port) as peer:
        await peer.succeeds()
    record = await office.service.record(caller)
    assert (record["transfer"], record["cause"]) == (result, "bot")
    assert heard(record) == BACK[result]
    assert f"call {record['info']['call_id']} transfer {result} (SIP {status})" in office.service.log.text


@pytest.mark.parametrize(
    ("kind", "value", "person"), [("1", AGENT, AGENT), ("2", "sales", AGENT), ("3", OUTSIDE, OUTSIDE)]
)
async def test_the_caller_gets_the_person(office: Office, kind: str, value: str, person: str) -> None:
    caller = f"to-{value}"
    office.order(caller, kind, value)
    record = await meet(office, caller, person)
    assert (record["transfer"], record["cause"]) == ("answered", "transferred")
    assert heard(record) == [ONE_MOMENT]


async def test_the_persons_telephone_shows_why(office: Office) -> None:
    reason = "投诉: 100%, 7"
    office.order("explained", "1", AGENT)
    office.brain.orders["explained"]["system_toCustomerService"]["reason"] = reason
    person = Script(AGENT).is_rung({"From": f'"Bot: {reason}" *<sip:.*'}).refuses("486 Busy Here")
    async with registered(office.pbx, person) as target:
        await comes_back(office, "explained", "busy", 486)
        await target.succeeds()


# What the person does, what the bot is told, and the status it has that from.
PEOPLE = {
    "is-busy": (Script(AGENT).is_rung().refuses("486 Busy Here"), "busy", 486),
    "declines": (Script(AGENT).is_rung().refuses("603 Decline"), "failed", 603),
    "is-away": (Script(AGENT).is_rung().refuses("480 Temporarily Unavailable"), "failed", 480),
    "rings-out": (Script(AGENT).is_rung().is_cancelled(), "failed", 408),
}


@pytest.mark.parametrize("name", PEOPLE)
async def test_the_caller_is_back_when_the_person_does_not_take_the_call(office: Office, name: str) -> None:
    person, result, status = PEOPLE[name]
    office.order(name, "1", AGENT)
    async with registered(office.pbx, person) as target:
        await comes_back(office, name, result, status)
        await target.succeeds()


@pytest.mark.parametrize(
    ("name", "kind", "value", "status"),
    [
        ("offline", "1", AGENT, 480),
        ("no-such-person", "1", "1077", 404),
        ("empty-group", "2", "sales", 480),
        ("no-such-group", "2", "nobody", 404),
    ],
)
async def test_the_caller_is_back_when_nobody_is_there(
    office: Office, name: str, kind: str, value: str, status: int
) -> None:
    office.order(name, kind, value)
    await comes_back(office, name, "failed", status)


# --- calls by the bot


async def call(office: Office, number: str, **order: str) -> tuple[str, int]:
    """Let the bot call a number; what became of it."""
    async with aiohttp.ClientSession(office.service.url, headers={"token": office.service.key}) as client:
        async with client.post("/api/v1/calls", json={"number": number, "bot": "desk", **order}) as response:
            assert response.status == 202, await response.text()
            where = response.headers["Location"]
        for _ in range(150):
            async with client.get(where) as response:
                shown = await response.json()
            if shown["state"] == "ended":
                return shown["outcome"], shown["sip_status"]
            await asyncio.sleep(0.1)
    raise AssertionError(f"the call does not end: {shown}")


async def test_the_bot_calls_somebody_outside_under_another_number(office: Office) -> None:
    async with handset() as phone:
        person = Script("013800", media_port=phone.port)
        person.is_rung({"From": ".*sip:01088880001@.*", "To": ".*sip:013800@.*"}).takes_the_call().is_hung_up_on()
        async with sipp(person, port=office.provider) as peer:
            calling = asyncio.create_task(call(office, "013800", caller_number="01088880001"))
            await phone.sentence()
            await phone.press("42#")
            await peer.succeeds()
            assert await calling == ("answered", 200)
    assert heard(await office.service.record("013800")) == [GREETING, *KITCHEN]


@pytest.mark.parametrize(
    ("status", "result"),
    [("486 Busy Here", "busy"), ("404 Not Found", "wrong_number"), ("480 Temporarily Unavailable", "unreachable")],
)
async def test_what_outside_says_comes_back(office: Office, status: str, result: str) -> None:
    async with sipp(Script("nobody").is_rung().refuses(status), port=office.provider) as peer:
        assert await call(office, f"1380000{int(status[:3]):04}") == (result, int(status[:3]))
        await peer.succeeds()


# --- blind transfers


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory, brain: OrderingBrain) -> Iterator[Office]:
    yield from office_of(tmp_path_factory.mktemp("blind"), brain, mode="blind")


async def test_the_caller_is_sent_to_the_person(blind: Office) -> None:
    blind.order("sent", "1", AGENT)
    record = await meet(blind, "sent")
    assert (record["transfer"], record["cause"]) == ("answered", "transferred")


@pytest.mark.parametrize(
    ("name", "kind", "target", "result"),
    [
        ("sent-to-busy", "1", AGENT, "USER_BUSY"),
        ("sent-to-offline", "1", "1001", "USER_NOT_REGISTERED"),
        ("sent-to-group", "2", "billing", "USER_NOT_REGISTERED"),
    ],
)
async def test_a_caller_sent_to_nobody_is_with_the_bot_again(
    blind: Office, name: str, kind: str, target: str, result: str
) -> None:
    """As a new call: for the first one all went well, as far as FreeSWITCH tells."""
    blind.order(name, kind, target)
    script = Script(name, BOT).rings().is_answered().is_hung_up_on()
    person = Script(AGENT).is_rung().refuses("486 Busy Here")
    async with registered(blind.pbx, person), sipp(script, blind.pbx.outside_port) as peer:
        await peer.succeeds()
        await until(lambda: len(calls_of(blind, name)) == 2, "a record of both calls")
    first, second = sorted(calls_of(blind, name), key=lambda record: str(record["started_at"]))
    assert (first["transfer"], first["cause"]) == ("answered", "transferred")
    assert (second["transfer"], second["cause"]) == ("", "bot")
    assert second["info"]["headers"]["X-Transfer-Result"] == result
    assert heard(second)[-1] == ("Goodbye.", True)


def calls_of(office: Office, caller: str) -> list[dict[str, Any]]:
    return [record for record in office.service.records() if record["info"]["caller"] == caller]


# --- the bot as a trunk without registration


@pytest.fixture(scope="module")
def trunk(tmp_path_factory: pytest.TempPathFactory, brain: OrderingBrain) -> Iterator[Office]:
    yield from office_of(tmp_path_factory.mktemp("trunk"), brain, bot=free_port())


async def test_both_ask_each_other_whether_they_live(trunk: Office) -> None:
    assert "UP" in await trunk.pbx.tell("sofia status gateway voicebot")


async def test_the_trunk_is_told_the_number_and_puts_the_caller_through(trunk: Office) -> None:
    """It calls FreeSWITCH without a password."""
    trunk.order("by-trunk", "1", AGENT)
    record = await meet(trunk, "by-trunk", number=TRUNK)
    assert record["info"]["called"] == TRUNK
    assert record["info"]["headers"]["X-Voicebot-Account"] == "freeswitch"
    assert (record["transfer"], record["cause"]) == ("answered", "transferred")
