"""The driver against a line that needs no telephone, and a real database."""

from __future__ import annotations

import asyncio
import contextlib
import csv
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns.world import ALWAYS, NAME, PLAN, START, Time, settings
from voicebot.campaigns.desk import Desk
from voicebot.campaigns.driver import Driver
from voicebot.campaigns.lifecycle import Command
from voicebot.campaigns.line import CallWatcher, DialOrder, NotDialledError
from voicebot.campaigns.outcome import CallResult
from voicebot.campaigns.plan import parse_plan
from voicebot.errors import (
    CampaignStateError,
    ConfigError,
    InvalidNumberError,
    NumberBlockedError,
    StorageError,
    UnknownCallError,
    UnknownCampaignError,
)
from voicebot.storage.blacklist import BlacklistEvent, campaign_scope
from voicebot.storage.outgoing import CallState
from voicebot.storage.store import Storage

pytestmark = pytest.mark.usefixtures("database")

ANSWERED = CallResult(answered=True, status=200, reason="OK", cause="bot")


class FakeLine:
    """Answers as a test wants it; counts."""

    def __init__(self, result: Callable[[DialOrder], CallResult] = lambda order: ANSWERED, room: int = 10) -> None:
        self.result = result
        self.room = room
        self.orders: list[DialOrder] = []
        self.up = 0
        self.most = 0
        self.go_on: asyncio.Event | None = None
        self.begun = asyncio.Event()

    async def dial(self, order: DialOrder, watcher: CallWatcher) -> CallResult:
        self.orders.append(order)
        self.begun.set()
        self.up += 1
        self.most = max(self.most, self.up)
        try:
            watcher.placed(f"sip-{order.id}")
            if self.go_on is not None:
                await self.go_on.wait()
            result = self.result(order)
            if result.answered:
                watcher.answered()
            return result
        finally:
            self.up -= 1


class Rig:
    """Desk, driver and line over one database."""

    def __init__(self, data: Path, line: FakeLine, **dialling: Any) -> None:
        self.time = Time()
        self.settings = settings(data, **{"max_calls": 100, "calls_per_second": 100, **dialling})
        self.storage = Storage(self.settings, self.time)
        self.desk = Desk(self.storage, self.settings, self.time)
        self.line = line
        self.slept: list[float] = []
        clock = lambda: (self.time.now - START).total_seconds()  # noqa: E731
        self.driver = Driver(self.storage, line, self.settings.dialling, self.time, clock, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def turn(self, forward_s: float = 1.0) -> None:
        """Look once, wait for the calls that this begins, and let time go on."""
        await self.driver.turn()
        await self.driver.calls_ended()
        self.time.forward(forward_s)

    def campaign(self, numbers: int = 3, **plan: Any) -> None:
        self.desk.save_campaign(NAME, parse_plan({**PLAN, **plan}))
        rows = "".join(f"1380000{number:04d},N{number}\n" for number in range(numbers))
        self.desk.import_numbers(NAME, "list.csv", f"number,name\n{rows}".encode())
        self.desk.command(NAME, Command.START)

    @property
    def state(self) -> str:
        return self.desk.campaign(NAME).state

    def report(self) -> list[dict[str, str]]:
        text = "".join(self.desk.export(NAME)).removeprefix("\ufeff")
        return list(csv.DictReader(text.splitlines()))


@contextlib.asynccontextmanager
async def rig(data: Path, line: FakeLine | None = None, **dialling: Any) -> AsyncIterator[Rig]:
    made = Rig(data, line or FakeLine(), **dialling)
    try:
        yield made
    finally:
        if made.line.go_on is not None:
            made.line.go_on.set()
        await made.driver.stop()
        made.storage.close()


async def test_a_campaign_to_its_end(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        one.campaign(3, variables={"shop": "north"}, callers=["01088880001", "01088880002"])
        await one.turn()
        await one.turn()
        orders = sorted(one.line.orders, key=lambda order: order.number)
        assert one.state == "done"
        assert orders[0].variables == {"shop": "north", "campaign": NAME, "name": "N0"}
        assert [order.caller_number for order in orders] == ["01088880001", "01088880002", "01088880001"]
        assert [(row["outcome"], row["calls"], row["name"]) for row in one.report()] == [
            ("answered", "1", f"N{number}") for number in range(3)
        ]
        progress = one.desk.progress(NAME)
        assert (progress.done, progress.numbers, progress.outcomes) == (3, 3, {"answered": 3})


async def test_single_calls_come_first_and_expire(tmp_path: Path) -> None:
    line = FakeLine(room=1)
    async with rig(tmp_path, line) as one:
        one.campaign(2)
        call = one.desk.order_call("138 0000 1111", "desk", {"a": "b"})
        assert call.state is CallState.WAITING
        await one.turn()
        assert [order.number for order in line.orders] == ["+8613800001111"]
        ended = one.desk.call(call.id)
        assert (ended.outcome, ended.call_id, ended.answered_at) == ("answered", f"sip-{call.id}", START)
        line.room = 0
        late = one.desk.order_call("13800002222", "desk")
        await one.turn(61)
        await one.turn()
        assert one.desk.call(late.id).outcome == "expired"


async def test_limits_of_calls_at_a_time_and_a_second(tmp_path: Path) -> None:
    line = FakeLine()
    async with rig(tmp_path, line) as one:
        one.campaign(9, limits={"concurrent": 4, "calls_per_second": 2})
        begun = []
        for _ in range(6):
            before = len(line.orders)
            await one.turn()
            begun.append(len(line.orders) - before)
        assert begun == [2, 2, 2, 2, 1, 0]
        assert [round(seconds, 3) for seconds in one.slept[:2]] == [0.0, 0.5]
        line.go_on = asyncio.Event()
        one.desk.import_numbers(NAME, "more.csv", b"number\n" + b"".join(b"1380001%04d\n" % n for n in range(9)))
        one.desk.command(NAME, Command.START)
        for _ in range(5):
            await one.driver.turn()
            one.time.forward(1)
        assert one.driver.facts == {"outgoing_calls": 4}


async def test_pause_resume_and_stop(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        one.campaign(9, limits={"concurrent": 2, "calls_per_second": 50})
        await one.turn()
        one.desk.command(NAME, Command.PAUSE)
        await one.turn()
        assert len(one.line.orders) == 2
        one.desk.command(NAME, Command.RESUME)
        await one.turn()
        assert len(one.line.orders) == 4
        one.desk.command(NAME, Command.STOP)
        await one.turn()
        assert (len(one.line.orders), one.state) == (4, "stopped")
        with pytest.raises(CampaignStateError, match="stopped"):
            one.desk.import_numbers(NAME, "more.csv", b"number\n13800009999\n")
        with pytest.raises(CampaignStateError, match="stopped"):
            one.desk.save_campaign(NAME, parse_plan({**PLAN, "max_calls": 1}))


async def test_a_campaign_that_was_paused_between_claim_and_dial_dials_nobody(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        one.campaign(1)
        original = one.driver._settling.begin

        def paused_meanwhile(call: Any) -> bool:
            one.desk.command(NAME, Command.PAUSE)
            return original(call)

        one.driver._settling.begin = paused_meanwhile  # type: ignore[method-assign]
        await one.turn()
        assert one.line.orders == []
        assert [(row["state"], row["calls"]) for row in one.report()] == [("waiting", "0")]


async def test_hours(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        one.campaign(1, hours={"timezone": "Asia/Shanghai", "days": {"every": ["11:00-12:00"]}})
        await one.turn(3599)  # it is ten in Shanghai
        progress = one.desk.progress(NAME)
        assert (len(one.line.orders), progress.next_at) == (0, START + timedelta(hours=1))
        one.time.forward(1)
        await one.turn()
        assert len(one.line.orders) == 1


async def test_holidays_of_the_settings(tmp_path: Path) -> None:
    async with rig(tmp_path, holidays=["2026-11-21"]) as one:
        one.campaign(1)
        await one.turn(86400)
        assert one.line.orders == []
        await one.turn()
        assert len(one.line.orders) == 1


async def test_the_breaker_stops_a_while_then_tries_one_call(tmp_path: Path) -> None:
    line = FakeLine(lambda order: CallResult(status=500))
    breaker = {"min_calls": 3, "failed_share": 0.5, "pause_s": 100}
    async with rig(tmp_path, line) as one:
        one.campaign(12, breaker=breaker, retries={"failed": {"times": 5, "wait_minutes": 0}}, max_calls=9)
        await one.turn()
        await one.turn()
        assert len(line.orders) == 3
        progress = one.desk.progress(NAME)
        assert progress.reason == "3 of the latest 3 calls failed"
        assert progress.next_at == one.desk.campaign(NAME).held_until
        assert progress.next_at is not None
        assert progress.done_at is not None
        assert one.time() + timedelta(seconds=90) < progress.next_at < progress.done_at
        one.time.forward(100)
        await one.turn()
        assert (len(line.orders), one.desk.campaign(NAME).reason) == (4, "the trial call failed, too")
        line.result = lambda order: ANSWERED
        one.time.forward(100)
        await one.turn()
        assert (len(line.orders), one.desk.campaign(NAME).reason) == (5, "")
        await one.turn()
        assert len(line.orders) == 8


async def test_the_blacklist_is_asked_when_it_is_ordered_and_when_it_is_dialled(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        one.campaign(3)
        one.storage.blacklist.apply(BlacklistEvent("013800000000", "add", "asked", at=START - timedelta(days=1)))
        one.storage.blacklist.apply(BlacklistEvent("13800000001", "add", scope=campaign_scope(NAME)))
        one.storage.blacklist.apply(BlacklistEvent("13800000002", "add", scope=campaign_scope("winter")))
        await one.turn()
        assert [order.number for order in one.line.orders] == ["+8613800000002"]
        told = [(row["outcome"], row["calls"]) for row in one.report()]
        assert told == [("blocked", "0"), ("blocked", "0"), ("answered", "1")]
        assert one.desk.progress(NAME).calls == 1
        with pytest.raises(NumberBlockedError):
            one.desk.order_call("+86 138 0000 0000", "desk")
        assert one.desk.order_call("13800000001", "desk").state is CallState.WAITING
        actions = [(event.action, event.source) for event in one.storage.blacklist.history("13800000000")]
        assert actions == [("add", "manual"), ("refused", "dial"), ("refused", "dial")]


async def test_nobody_is_dialled_while_the_blacklist_cannot_be_asked(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        one.campaign(1)
        working = one.storage.find_blocked

        def broken(number: str, campaign: str = "") -> None:
            raise StorageError("out of order")

        one.storage.find_blocked = broken  # type: ignore[method-assign]
        await one.turn(2)
        assert one.line.orders == []
        one.storage.find_blocked = working  # type: ignore[method-assign]
        await one.turn()
        assert [(row["outcome"], row["calls"]) for row in one.report()] == [("answered", "1")]


async def test_a_call_that_was_not_begun_costs_no_attempt(tmp_path: Path) -> None:
    def full(order: DialOrder) -> CallResult:
        raise NotDialledError("no line worker has room")

    line = FakeLine(full)
    async with rig(tmp_path, line) as one:
        one.campaign(1)
        await one.turn(0.5)
        await one.turn(2)
        assert [(row["state"], row["calls"]) for row in one.report()] == [("waiting", "0")]
        line.result = lambda order: ANSWERED
        await one.turn()
        assert [(row["outcome"], row["calls"]) for row in one.report()] == [("answered", "1")]


async def test_a_bot_that_is_not_there(tmp_path: Path) -> None:
    def unknown(order: DialOrder) -> CallResult:
        raise ConfigError("there is no bot or line 'dusk'")

    async with rig(tmp_path, FakeLine(unknown)) as one:
        call = one.desk.order_call("1001", "dusk")
        await one.turn()
        ended = one.desk.call(call.id)
        assert (ended.number, ended.outcome, ended.detail) == ("1001", "failed", "there is no bot or line 'dusk'")


async def test_only_one_service_dials(tmp_path: Path) -> None:
    async with rig(tmp_path) as one, rig(tmp_path) as other:
        one.campaign(1)
        one.line.go_on = asyncio.Event()
        await one.driver.turn()
        await other.turn()
        assert (one.driver.facts, other.line.orders) == ({"outgoing_calls": 1}, [])
        one.line.go_on.set()
        await one.turn()
        assert [row["outcome"] for row in one.report()] == ["answered"]
        one.storage.close()  # as its death would do
        other.desk.order_call("1001", "desk")
        await other.turn()
        assert [order.number for order in other.line.orders] == ["1001"]


async def test_what_an_earlier_service_left_behind(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        one.campaign(2, limits={"concurrent": 1})
        one.line.go_on = asyncio.Event()
        await one.driver.turn()
        await one.line.begun.wait()
        one.storage.dialling_lock.release()
        async with rig(tmp_path) as other:
            await other.turn()
            await other.turn()
            assert [(row["outcome"], row["calls"]) for row in other.report()] == [("unknown", "1"), ("answered", "1")]


async def test_an_order_that_comes_twice_is_one_call(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        for _ in range(2):
            assert one.desk.order_call("1001", "desk", order_id="mine").id == "mine"
        await one.turn()
        one.desk.order_call("1001", "desk", order_id="mine")
        await one.turn()
        assert len(one.line.orders) == 1


async def test_what_the_desk_refuses(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        for number in ("anonymous", "1380000", "sip:me@here"):
            with pytest.raises(InvalidNumberError):
                one.desk.order_call(number, "desk")
        with pytest.raises(UnknownCallError):
            one.desk.call("nothing")
        with pytest.raises(UnknownCampaignError):
            one.desk.progress("nothing")


async def test_the_end_is_expected_after_breaks_and_retries(tmp_path: Path) -> None:
    async with rig(tmp_path, FakeLine(lambda order: CallResult(status=486))) as one:
        one.campaign(4, hours=ALWAYS, retries={"busy": {"times": 1, "wait_minutes": 90}}, limits={"concurrent": 2})
        before = one.desk.progress(NAME).done_at
        assert before is not None
        assert before > START + timedelta(seconds=60)
        await one.turn()
        await one.turn()
        after = one.desk.progress(NAME)
        assert (after.done, after.waiting) == (0, 4)
        assert after.done_at is not None
        assert START + timedelta(minutes=90) < after.done_at < START + timedelta(minutes=93)


async def test_a_cell_of_somebody_else_is_no_formula(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        one.desk.save_campaign(NAME, parse_plan(PLAN))
        one.desk.import_numbers(NAME, "=1+1.csv", b'number,=evil\n13800000001,"=HYPERLINK(""x"")"\n')
        (row,) = one.report()
        assert (row["'=evil"], row["file"], row["number"]) == ('\'=HYPERLINK("x")', "'=1+1.csv", "+8613800000001")


async def test_what_was_heard_goes_by_the_settings_and_the_plan(tmp_path: Path) -> None:
    heard = {"0": "call_reminder", "1": "powered_off"}
    line = FakeLine(lambda order: CallResult(status=487, announcement=heard[order.number[-1]]))
    handling = {"call_reminder": {"retry": "busy", "cause": 31}, "powered_off": {"outcome": "no_answer"}}
    async with rig(tmp_path, line, handling=handling) as one:
        one.campaign(2, hours=ALWAYS, handling={"powered_off": {"retry": "never", "cause": 27}})
        await one.turn()
        reminded, off = one.report()
        assert (reminded["outcome"], reminded["category"], reminded["q850"]) == ("no_answer", "call_reminder", "31")
        assert reminded["next_call"] == (START + timedelta(minutes=1)).isoformat()
        assert (off["outcome"], off["category"], off["q850"], off["state"]) == (
            "no_answer",
            "powered_off",
            "27",
            "done",
        )
        assert (line.orders[0].causes["call_reminder"], line.orders[0].causes["powered_off"]) == (31, 27)
        single = one.desk.order_call("13800000001", "desk")
        await one.turn()
        assert (one.desk.call(single.id).category, one.desk.call(single.id).q850) == ("powered_off", 20)


@pytest.mark.parametrize(("days", "blocked"), [(30, True), (0, False)])
async def test_numbers_that_are_not_in_use_can_be_kept_from_all_campaigns(
    tmp_path: Path, days: int, blocked: bool
) -> None:
    line = FakeLine(lambda order: CallResult(status=404))
    async with rig(tmp_path, line, block_wrong_numbers_days=days) as one:
        one.campaign(1)
        one.desk.order_call("1001", "desk")
        await one.turn()
        assert one.state == "running"
        assert one.report()[0]["outcome"] == "wrong_number"
        one.desk.save_campaign("winter", parse_plan(PLAN))
        report = one.desk.import_numbers("winter", "list.csv", b"number\n13800000000\n")
        assert [row.code for row in report.bad] == (["blacklisted"] if blocked else [])
        if blocked:
            (event,) = one.storage.blacklist.history("13800000000")
            assert (event.source, event.reason) == ("network", "not in use: no_such_number")
        assert one.storage.blacklist.history("1001") == []  # an extension is one's own affair
        one.time.forward(31 * 86400)
        assert one.storage.find_blocked("13800000000") is None


async def test_numbers_of_what_is_over_are_erased_and_its_counts_stay(tmp_path: Path) -> None:
    async with rig(tmp_path, FakeLine(lambda order: CallResult(status=486)), keep_numbers_days=10) as one:
        one.campaign(3, retries={"busy": {"times": 0}})
        single = one.desk.order_call("13800009999", "desk", {"name": "Ann"})
        await one.turn()
        await one.turn(9 * 86400)
        assert one.state == "done"
        one.desk.save_campaign("winter", parse_plan(PLAN))
        one.desk.import_numbers("winter", "list.csv", b"number,name\n13800005555,Ben\n")
        await one.turn(2 * 86400)
        assert {row["number"] for row in one.report()} == {f"+861380000000{digit}" for digit in range(3)}
        await one.turn()
        rows = one.report()
        assert all(row["number"].startswith("erased-") and "name" not in row for row in rows)
        assert [row["outcome"] for row in rows] == ["busy"] * 3
        assert one.desk.progress(NAME).outcomes == {"busy": 3}
        assert one.desk.call(single.id).number == "erased-"
        assert one.desk.call(single.id).variables == {}
        # What is not over keeps its numbers, and the finished one takes the same number again.
        (waiting,) = one.storage.campaigns.contacts(one.desk.campaign("winter"))
        assert (waiting.number, waiting.variables) == ("+8613800005555", {"name": "Ben"})
        assert one.desk.import_numbers(NAME, "more.csv", b"number\n13800000000\n").imported == 1
        one.time.forward(7200)
        await one.turn()
        assert [row["number"][:7] for row in one.report()] == ["erased-"] * 3 + ["+861380"]
