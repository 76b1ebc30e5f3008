"""Callers who are put through by Asterisk: to people and queues, every way it can go, and back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.pbx.conftest import House, order, rings
from tests.pbx.phones import Phone, registered
from tests.service.handset import Handset, handset
from tests.service.running import heard
from tests.service.script import Script
from tests.service.sounds import GO_FORWARD, tape
from tests.support.asterisk import needs_asterisk
from tests.support.sip_peers import needs_sipp

pytestmark = [
    pytest.mark.asterisk, pytest.mark.sip, pytest.mark.audio, needs_sipp, needs_asterisk, pytest.mark.timeout(120)
]  # fmt: skip

BOT, AGENT, COLLEAGUE = "8001", "8000", "8002"
ONE_MOMENT = ("One moment please.", True)
DONE_WELL = r"transfer (answered|bridged)"
BACK = {
    "busy": [ONE_MOMENT, ("They are busy.", True), ("Goodbye.", True)],
    "failed": [ONE_MOMENT, ("Nobody is there.", True), ("Goodbye.", True)],
}


def rung(name: str, media_port: int | None = None) -> Phone:
    """Somebody whose phone rings."""
    phone = Phone(name, media_port=media_port)
    phone.is_rung()
    return phone


async def comes_back(place: House, caller: str, result: str, status: int) -> None:
    """Be a caller for whom there is nobody: the bot says so, and takes its leave."""
    async with rings(place, Script(caller, BOT).rings().is_answered().is_hung_up_on()) as peer:
        await peer.succeeds()
    record = await place.service.record(caller)
    assert (record["transfer"], record["cause"]) == (result, "bot")
    assert heard(record) == BACK[result]
    assert f"call {record['info']['call_id']} transfer {result} (SIP {status})" in place.service.log.text


async def hear_each_other(one: Handset, other: Handset) -> None:
    words = tape(GO_FORWARD)
    await asyncio.gather(one.say(words), other.sound(500))
    await asyncio.gather(other.say(words), one.sound(500))


class PutThrough:
    """Lets one wait until the bot has told of one more transfer that ended well."""

    def __init__(self, place: House) -> None:
        self._log = place.service.log
        self._before = len([line for line in self._log.lines if re.search(DONE_WELL, line)])

    async def done(self) -> None:
        await asyncio.to_thread(self._log.wait_for, DONE_WELL, 15.0, self._before + 1)


async def meet(place: House, caller: str) -> dict[str, Any]:
    """Be put through to somebody, talk, and hang up; the record."""
    async with handset() as phone, handset() as far_phone:
        person = Script(AGENT, media_port=far_phone.port).is_rung().takes_the_call().is_hung_up_on()
        script = Script(caller, BOT, media_port=phone.port).rings().is_answered().waits_for_cue().hangs_up()
        put_through = PutThrough(place)
        async with registered(place.pbx, person) as target, rings(place, script) as peer:
            await far_phone.sound(500)  # the briefing
            await put_through.done()
            await hear_each_other(phone, far_phone)
            peer.cue()
            await asyncio.gather(peer.succeeds(), target.succeeds())
    return await place.service.record(caller)


# --- attended


async def test_the_caller_gets_the_person(office: House) -> None:
    order(office, "to-person", "1", AGENT)
    record = await meet(office, "to-person")
    assert (record["transfer"], record["cause"]) == ("answered", "transferred")
    assert heard(record) == [ONE_MOMENT]


async def test_the_person_hangs_up_after_the_talk(office: House) -> None:
    order(office, "left-later", "1", AGENT)
    person = rung(AGENT).takes_and_leaves(3500)
    script = Script("left-later", BOT).rings().is_answered().is_hung_up_on()
    async with registered(office.pbx, person) as target, rings(office, script) as peer:
        await asyncio.gather(peer.succeeds(), target.succeeds())
    record = await office.service.record("left-later")
    assert (record["transfer"], record["cause"]) == ("answered", "transferred")


async def test_the_persons_telephone_shows_why(office: House) -> None:
    reason = '投诉: 100%, "order" 7'
    order(office, "explained", "1", AGENT, reason=reason)
    shown = '"Bot: 投诉: 100%, .+order.+ 7" *<sip:8001@.*'
    person = Script(AGENT).is_rung({"From": shown}).refuses("486 Busy Here")
    async with registered(office.pbx, person) as target:
        await comes_back(office, "explained", "busy", 486)
        await target.succeeds()


async def test_a_caller_who_gives_up_is_not_put_through(office: House) -> None:
    order(office, "impatient", "1", AGENT)
    script = Script("impatient", BOT).rings().is_answered().pauses(3000).hangs_up()
    async with registered(office.pbx, Script(AGENT).is_rung().is_cancelled()) as target, rings(office, script) as peer:
        await asyncio.gather(peer.succeeds(), target.succeeds())
    record = await office.service.record("impatient")
    assert (record["transfer"], record["cause"]) == ("failed", "caller")


# What the person does, what the bot is told, and the status it has that from.
PEOPLE = {
    "is-busy": (rung(AGENT).refuses("486 Busy Here"), "busy", 486),
    "declines": (rung(AGENT).refuses("603 Decline"), "failed", 403),
    "is-away": (rung(AGENT).refuses("480 Temporarily Unavailable"), "failed", 480),
    "rings-out": (rung(AGENT).is_cancelled(), "failed", 408),
    "leaves-during-the-briefing": (rung(AGENT).takes_and_leaves(500), "failed", 200),
}


@pytest.mark.parametrize("name", PEOPLE)
async def test_the_caller_is_back_when_the_person_does_not_take_the_call(office: House, name: str) -> None:
    person, result, status = PEOPLE[name]
    order(office, name, "1", AGENT)
    async with registered(office.pbx, person) as target:
        await comes_back(office, name, result, status)
        await target.succeeds()


@pytest.mark.parametrize(("name", "number", "status"), [("no-such-number", "8077", 404), ("offline", COLLEAGUE, 480)])
async def test_the_caller_is_back_when_the_number_reaches_nobody(
    office: House, name: str, number: str, status: int
) -> None:
    order(office, name, "1", number)
    await comes_back(office, name, "failed", status)


# --- queues


async def test_the_caller_gets_somebody_of_a_queue(office: House) -> None:
    order(office, "to-queue", "2", "support")
    record = await meet(office, "to-queue")
    assert (record["transfer"], record["cause"]) == ("answered", "transferred")


@pytest.mark.parametrize("queue", ["support", "billing"])
async def test_the_caller_is_back_from_an_empty_queue(office: House, queue: str) -> None:
    """Nobody of it is there, or nobody belongs to it."""
    name = f"empty-{queue}"
    order(office, name, "2", queue)
    await comes_back(office, name, "failed", 480)


async def test_the_caller_is_back_from_a_closed_queue(office: House) -> None:
    order(office, "closed", "2", "support")
    async with registered(office.pbx, Script(AGENT).is_rung()):
        await office.pbx.tell(f"queue pause member PJSIP/{AGENT}")
        await comes_back(office, "closed", "failed", 480)
        await office.pbx.tell(f"queue unpause member PJSIP/{AGENT}")


async def test_the_caller_is_back_from_a_queue_in_which_nobody_answers(office: House) -> None:
    order(office, "waits", "2", "support")
    async with registered(office.pbx, Script(AGENT).is_rung().is_cancelled()) as person:
        await comes_back(office, "waits", "failed", 408)
        await person.succeeds()


# --- bridged


@pytest_asyncio.fixture
async def no_refer(office: House) -> AsyncIterator[House]:
    """The office, where Asterisk refuses REFER."""
    await office.pbx.change(f"{office.local}[8001](+type=endpoint)\nallow_transfer=no\n")
    yield office
    await office.pbx.change(office.local)


async def test_where_asterisk_refuses_refer_the_bot_stays_in_between(no_refer: House) -> None:
    order(no_refer, "bridged", "1", AGENT)
    record = await meet(no_refer, "bridged")
    assert (record["transfer"], record["cause"]) == ("bridged", "caller")


async def test_the_person_hangs_up_on_a_bridged_caller(no_refer: House) -> None:
    order(no_refer, "bridged-left", "1", AGENT)
    person = rung(AGENT).takes_and_leaves(3500)
    script = Script("bridged-left", BOT).rings().is_answered().is_hung_up_on()
    async with registered(no_refer.pbx, person) as target, rings(no_refer, script) as peer:
        await asyncio.gather(peer.succeeds(), target.succeeds())
    record = await no_refer.service.record("bridged-left")
    assert (record["transfer"], record["cause"]) == ("bridged", "transferred")


async def test_keys_of_a_bridged_caller_reach_the_person(no_refer: House) -> None:
    order(no_refer, "bridged-keys", "1", AGENT)
    async with handset() as phone, handset() as far_phone:
        person = Script(AGENT, media_port=far_phone.port).is_rung().takes_the_call().is_hung_up_on()
        script = Script("bridged-keys", BOT, media_port=phone.port).rings().is_answered().waits_for_cue().hangs_up()
        put_through = PutThrough(no_refer)
        async with registered(no_refer.pbx, person) as target, rings(no_refer, script) as peer:
            await put_through.done()
            await phone.press("5")
            await far_phone.until(lambda: far_phone.payload_types[101] > 0)
            peer.cue()
            await asyncio.gather(peer.succeeds(), target.succeeds())
    record = await no_refer.service.record("bridged-keys")
    assert (record["transfer"], record["cause"]) == ("bridged", "caller")
