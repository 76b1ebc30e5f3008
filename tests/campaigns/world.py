"""A world of people with telephones, and a campaign that is carried out step by step against a real database."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from tests.support.postgres import storage_section
from voicebot.campaigns.claiming import Claimer
from voicebot.campaigns.desk import Desk
from voicebot.campaigns.lifecycle import Command
from voicebot.campaigns.outcome import CallResult
from voicebot.campaigns.plan import parse_plan
from voicebot.campaigns.settle import Settling
from voicebot.settings import Settings
from voicebot.storage.outgoing import OutgoingCall
from voicebot.storage.store import Storage

START = datetime(2026, 11, 21, 2, 0, tzinfo=timezone.utc)
NAME = "autumn"
ALWAYS = {"timezone": "Asia/Shanghai", "days": {"every": ["00:00-24:00"]}}
PLAN: dict[str, Any] = {
    "bot": "desk",
    "hours": ALWAYS,
    "limits": {"concurrent": 3, "calls_per_second": 50},
    "retries": {"busy": {"times": 2, "wait_minutes": 1}, "failed": {"times": 1, "wait_minutes": 1}},
    "max_calls": 4,
}
# By the last digit of a number.
RESULTS = [
    CallResult(answered=True, status=200, cause="bot"),
    CallResult(status=486),
    CallResult(status=404),
    CallResult(status=500),
]
WANTED_CALLS = [1, 3, 1, 2]


class Crash(BaseException):
    """The process dies here."""


class Time:
    """The time, which the steps move."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def settings(data: Path, **dialling: Any) -> Settings:
    return Settings.model_validate({"paths": {"data": data}, "dialling": dialling, "storage": storage_section(data)})


def result_of(number: str) -> CallResult:
    return RESULTS[int(number[-1]) % len(RESULTS)]


def wanted_calls(number: str) -> int:
    return WANTED_CALLS[int(number[-1]) % len(WANTED_CALLS)]


def prepare(data: Path, numbers: int, plan: dict[str, Any] | None = None) -> None:
    """Make a database with a campaign that has been started."""
    storage = Storage(settings(data), Time())
    desk = Desk(storage, settings(data), Time())
    desk.save_campaign(NAME, parse_plan(plan or PLAN))
    rows = "".join(f"1380000{number:04d}\n" for number in range(numbers))
    report = desk.import_numbers(NAME, "list.csv", f"number\n{rows}".encode())
    assert report.imported == numbers
    desk.command(NAME, Command.START)
    storage.close()


def copy_of(template: Path, data: Path) -> Path:
    """Copy a prepared folder."""
    shutil.copytree(template, data)
    return data


class World:
    """What the people noticed: outlives every process.

    Attributes:
        rung: how often each number was rung.
        orders: the order by which each was rung.
        ringing: numbers that are being called now.
    """

    def __init__(self, data: Path) -> None:
        self._file = data / "voicebot.db"
        self.rung: Counter[str] = Counter()
        self.orders: list[str] = []
        self.ringing: set[str] = set()

    def ring(self, call: OutgoingCall) -> None:
        """A telephone rings; whoever looks into the database now must find that it does."""
        assert call.number not in self.ringing, "a number is called twice at a time"
        assert call.id not in self.orders, "an order is carried out twice"
        with contextlib.closing(sqlite3.connect(self._file)) as other:
            (state,) = other.execute("SELECT state FROM outgoing_calls WHERE id = ?", [call.id]).fetchone()
        assert state == "dialling", "a number is rung before that is in the database"
        self.ringing.add(call.number)
        self.rung[call.number] += 1
        self.orders.append(call.id)


class Process:
    """One life of the service, up to its death at some transaction.

    Args:
        data: its folder.
        world: the people.
        time: the time.
        chance: decides in which order things happen.
        dies_at: number of the transaction at which it dies; 0: never.
        committed: it dies after that transaction is committed, not before.
    """

    def __init__(
        self, data: Path, world: World, time: Time, chance: random.Random, dies_at: int = 0, committed: bool = False
    ) -> None:
        self.storage = Storage(settings(data), time)
        self.storage._database._current = True  # its tables are there; to look takes longer than a whole life
        self.transactions = 0
        self._world = world
        self._time = time
        self._chance = chance
        self._dies_at = dies_at
        self._committed = committed
        self._transaction = self.storage._database.transaction
        self.storage._database.transaction = self._mortal  # type: ignore[method-assign]
        self._settling = Settling(self.storage, settings(data).dialling, time)
        self._claimer = Claimer(self.storage, settings(data).dialling)
        self._claimed: dict[str, OutgoingCall] = {}
        self._dialling: dict[str, OutgoingCall] = {}

    def live(self, turns: int = 400) -> bool:
        """Work until the campaign is done; False: the process died."""
        self._world.ringing.clear()  # whatever was up ended with the process before
        try:
            self._settling.abandoned()
            for _ in range(turns):
                if self._turn():
                    return True
            raise AssertionError("the campaign does not come to its end")
        except Crash:
            return False
        finally:
            self.storage.close()

    def _turn(self) -> bool:
        under_way = [*self._claimed.values(), *self._dialling.values()]
        clock_s = (self._time.now - START).total_seconds()
        for one in self._claimer.claim(self._time.now, clock_s, 3, under_way):
            self._claimed[one.call.id] = one.call
        for call in self._some(self._claimed):
            del self._claimed[call.id]
            if self._settling.begin(call):
                self._world.ring(call)
                self._dialling[call.id] = call
        for call in self._some(self._dialling):
            result = result_of(call.number)
            self.storage.outgoing.placed(call, f"sip-{call.id}")
            if result.answered:
                self.storage.outgoing.answered(call, self._time.now)
            self._world.ringing.discard(call.number)
            self._settling.end(call, result)
            del self._dialling[call.id]
        self._time.forward(self._chance.choice([20, 61, 61]))
        campaign = self.storage.campaigns.find(NAME)
        assert campaign is not None
        return campaign.state == "done"

    def _some(self, calls: dict[str, OutgoingCall]) -> list[OutgoingCall]:
        chosen = [call for call in calls.values() if self._chance.random() < 0.7]
        self._chance.shuffle(chosen)
        return chosen

    @contextlib.contextmanager
    def _mortal(self) -> Iterator[Connection]:
        self.transactions += 1
        dies = self.transactions == self._dies_at
        with self._transaction() as connection:
            yield connection
            if dies and not self._committed:
                raise Crash
        if dies:
            raise Crash
