"""Which worker makes a call, and what the main process makes of its reports."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tests.server.running import EchoBrain
from voicebot.campaigns.line import DialOrder, NotDialledError
from voicebot.campaigns.outcome import CallResult
from voicebot.errors import ConfigError, TransferError
from voicebot.runtime.dialled import DialMessage
from voicebot.runtime.outgoing import OutgoingLines
from voicebot.runtime.supervisor import Supervisor
from voicebot.server import HostedBot
from voicebot.settings import Settings

ENDED = {"event": "dial_ended", "answered": True, "status": 200, "reason": "OK", "cause": "bot"}


class Keeper:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.told = asyncio.Event()

    def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        self.told.set()


@dataclass
class Slot:
    number: int
    capacity: int
    calls: int = 0
    keeper: Keeper = field(default_factory=Keeper)


class Edge:
    public_address = ("192.0.2.1", 5060)


class Workers:
    """Stands for the supervisor: places with some room, and no processes."""

    edge = Edge()

    def __init__(self, *slots: Slot) -> None:
        self.workers = list(slots)

    @property
    def calls(self) -> int:
        return sum(slot.calls for slot in self.workers)

    def room(self, slot: Slot) -> int:
        return slot.capacity - slot.calls


class Watcher:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def placed(self, call_id: str) -> None:
        self.seen.append(call_id)

    def answered(self) -> None:
        self.seen.append("answered")


def lines(workers: Workers, **sections: Any) -> OutgoingLines:
    sections.setdefault("dialling", {"target": "sip:9{number}@192.0.2.9"})
    settings = Settings.model_validate(sections)
    return OutgoingLines(cast(Supervisor, workers), settings, lambda: [HostedBot("echo", EchoBrain(), "en", "en")])


def order(name: str = "o1", **changes: Any) -> DialOrder:
    return DialOrder(**{"id": name, "number": "+8613800138000", "bot": "echo", **changes})


async def test_a_call_from_the_order_to_the_end() -> None:
    busy, free = Slot(0, 2, calls=1), Slot(1, 2)
    outgoing, watcher = lines(Workers(busy, free)), Watcher()
    assert outgoing.room == 3
    dialling = asyncio.create_task(outgoing.dial(order(caller_number="01088886666", variables={"a": "b"}), watcher))
    await free.keeper.told.wait()
    message = DialMessage.from_json(free.keeper.sent[0])
    assert (message.target, message.number) == ("sip:913800138000@192.0.2.9", "13800138000")
    assert message.local_uri == "sip:01088886666@192.0.2.1:5060"
    assert (message.line.name, message.line.bot, message.line.language) == ("echo", "echo", "en")
    assert outgoing.room == 2
    for event in ({"event": "dial_placed", "call_id": "sip-1"}, {"event": "dial_answered"}, ENDED):
        outgoing.event({"id": "o1", "worker": 1, "answered_by": "human", "announcement": "", "q850": 0, **event})
    assert await dialling == CallResult(True, 200, "OK", "bot", "human")
    assert watcher.seen == ["sip-1", "answered"]
    assert outgoing.room == 3


async def test_the_death_of_a_worker_takes_its_calls_and_no_others() -> None:
    first, second = Slot(0, 1), Slot(1, 1)
    outgoing = lines(Workers(first, second))
    tasks = [asyncio.create_task(outgoing.dial(order(name), Watcher())) for name in ("o1", "o2")]
    await asyncio.gather(first.keeper.told.wait(), second.keeper.told.wait())
    outgoing.event({"event": "worker_lost", "worker": 0})
    assert (await tasks[0]).lost
    assert not tasks[1].done()
    outgoing.event({"id": "o2", "worker": 1, "event": "dial_failed", "message": "no such address"})
    assert await tasks[1] == CallResult(reason="no such address")


async def test_nobody_dials_without_room() -> None:
    outgoing = lines(Workers(Slot(0, 1, calls=1)))
    assert outgoing.room == 0
    with pytest.raises(NotDialledError):
        await outgoing.dial(order(), Watcher())


async def test_orders_that_can_never_be_carried_out() -> None:
    with pytest.raises(ConfigError, match="no bot or line 'nobody'"):
        await lines(Workers(Slot(0, 1))).dial(order(bot="nobody"), Watcher())
    with pytest.raises(TransferError, match=r"a call needs an account in sip\.accounts, or a host in dialling\.target"):
        await lines(Workers(Slot(0, 1)), dialling={}).dial(order(), Watcher())
    with pytest.raises(TransferError, match=r"dialling\.target: \{nummer\} is not known here"):
        await lines(Workers(Slot(0, 1)), dialling={"target": "sip:{nummer}@pbx"}).dial(order(), Watcher())


async def test_a_line_of_the_settings_and_an_account() -> None:
    slot = Slot(0, 1)
    account = {"registrar": "sip:pbx.example:5070", "username": "8001", "password": "x"}
    outgoing = lines(Workers(slot), sip={"accounts": [account]}, dialling={"target": "sip:{e164}@{pbx}"})
    dialling = asyncio.create_task(outgoing.dial(order(bot="service", caller_number="100"), Watcher()))
    await slot.keeper.told.wait()
    message = DialMessage.from_json(slot.keeper.sent[0])
    assert (message.target, message.local_uri) == ("sip:+8613800138000@pbx.example:5070", "sip:100@pbx.example:5070")
    assert (message.line.name, message.line.called) == ("service", ["service", "8002"])
    outgoing.event({"event": "worker_lost", "worker": 0})
    assert (await dialling).lost


async def test_workers_with_the_same_room_are_taken_in_turn() -> None:
    slots = [Slot(number, 4) for number in range(3)]
    outgoing = lines(Workers(*slots))
    for name in ("o1", "o2", "o3", "o4"):
        dialling = asyncio.create_task(outgoing.dial(order(name), Watcher()))
        await asyncio.sleep(0)  # it is ordered
        outgoing.event({"id": name, "worker": 0, "event": "dial_failed", "message": "no such address"})
        await dialling
    assert [len(slot.keeper.sent) for slot in slots] == [2, 1, 1]
