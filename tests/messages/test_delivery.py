from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.messages.provider import answering, provider
from tests.storage.stored import MOBILE, START, Clock, block_order, message, settings, text_order
from voicebot.errors import MessageDelayedError, MessageRefusedError
from voicebot.messages.delivery import Delivery
from voicebot.messages.retry import RetryPolicy
from voicebot.messages.sender import SendResult
from voicebot.storage.outbox import Message, MessageState
from voicebot.storage.store import Storage

POLICY = RetryPolicy(max_attempts=3, first_retry_s=2, max_retry_s=60)
DELAYED = MessageDelayedError("busy", "http_503")
KEEP_DAYS = 90
DAY_S = 86_400


class ScriptedSender:
    """Does with each attempt what the test says; notes what it was given."""

    timeout_s = 10.0

    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes = list(outcomes)
        self.attempts: list[str] = []
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.closed = False
        self.slow: set[str] = set()
        """Only these wait for ``may_end``; none: all of them."""

    async def send(self, message: Message) -> SendResult:
        self.attempts.append(message.id)
        self.begun.set()
        if not self.slow or message.id in self.slow:
            await self.may_end.wait()
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome
        return SendResult(f"p-{message.id}")

    async def close(self) -> None:
        self.closed = True


class Bench:
    """A delivery with all that belongs to it."""

    def __init__(self, data: Path, sender: ScriptedSender | None, clock: Clock, **sections: Any) -> None:
        self.clock = clock
        self.storage = Storage(settings(data, **sections), clock)
        self.delivery = Delivery(self.storage, sender, POLICY, KEEP_DAYS, now=clock, luck=lambda: 0.0)

    async def turn(self) -> float:
        wait_s = await self.delivery.turn()
        await self.delivery.attempts()
        return wait_s

    def only(self) -> Message:
        (found,) = self.storage.outbox.messages()
        return found


async def until(reached: Callable[[], bool], sender: ScriptedSender) -> None:
    """Wait for what an attempt brings about."""
    while not reached():
        sender.begun.clear()
        await sender.begun.wait()


@contextlib.asynccontextmanager
async def bench(
    data: Path, sender: ScriptedSender | None, clock: Clock | None = None, **sections: Any
) -> AsyncIterator[Bench]:
    made = Bench(data, sender, clock or Clock(), **sections)
    try:
        yield made
    finally:
        await made.delivery.stop()


async def test_an_order_is_sent_once(tmp_path: Path) -> None:
    sender = ScriptedSender()
    async with bench(tmp_path, sender) as made:
        order = text_order()
        made.storage.spool.write(order)
        await made.turn()
        await made.turn()
        assert sender.attempts == [order.id]
        sent = made.only()
        assert (sent.state, sent.provider_id, sent.attempts) == (MessageState.SENT, f"p-{order.id}", 1)
        assert made.delivery.facts == {"messages_waiting": 0, "messages_given_up": 0, "database": "ok"}
    assert sender.closed


async def test_failures_are_tried_again_later_and_later_and_then_given_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sender = ScriptedSender(DELAYED, RuntimeError("a mistake"), DELAYED)
    async with bench(tmp_path, sender) as made:
        made.storage.outbox.add(message())
        for attempts, wait_s in ((1, 2), (2, 4)):
            await made.turn()
            assert made.only().attempts == attempts
            assert (made.only().next_attempt_at - made.clock.now).total_seconds() == wait_s
            made.clock.forward(wait_s - 0.5)
            assert await made.turn() == pytest.approx(0.5)
            made.clock.forward(0.5)
        assert made.delivery.facts["messages_waiting"] == 1
        await made.turn()
        assert (made.only().state, made.only().last_error) == (MessageState.GIVEN_UP, "http_503")
        made.clock.forward(DAY_S)
        await made.turn()
        assert len(sender.attempts) == 3
        assert made.delivery.facts["messages_given_up"] == 1
    assert "text message m1 is given up: http_503" in caplog.text
    assert MOBILE not in caplog.text


async def test_a_refused_message_is_not_tried_again(tmp_path: Path) -> None:
    sender = ScriptedSender(MessageRefusedError("no such template", "http_404"))
    async with bench(tmp_path, sender) as made:
        made.storage.outbox.add(message())
        await made.turn()
        made.clock.forward(DAY_S)
        await made.turn()
        assert sender.attempts == ["m1"]
        assert made.only().state is MessageState.GIVEN_UP


async def test_without_a_sender_messages_are_kept_and_blacklist_entries_stored(tmp_path: Path) -> None:
    async with bench(tmp_path, None, short_messages={}) as made:
        made.storage.spool.write(text_order())
        made.storage.spool.write(block_order())
        await made.turn()
        assert made.only().state is MessageState.KEPT
        assert made.storage.blacklist.find(MOBILE, START) is not None


async def test_a_database_that_is_away_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "voicebot.db").mkdir()
    sender = ScriptedSender()
    async with bench(tmp_path, sender) as made:
        made.storage.spool.write(text_order())
        await made.turn()
        await made.turn()
        assert caplog.text.count("orders of bots wait in the spool") == 1
        assert made.delivery.facts.get("database") == "unavailable"
        (tmp_path / "voicebot.db").rmdir()
        await made.turn()
        assert made.delivery.facts.get("database") == "ok"
        assert len(sender.attempts) == 1


async def test_what_could_not_be_noted_is_sent_again_with_the_same_id(tmp_path: Path) -> None:
    sender = ScriptedSender()
    sender.may_end.clear()
    async with bench(tmp_path, sender) as made:
        made.storage.outbox.add(message())
        await made.delivery.turn()
        await sender.begun.wait()
        with contextlib.closing(sqlite3.connect(tmp_path / "voicebot.db")) as other:
            other.execute("ALTER TABLE outbox RENAME TO hidden")
            sender.may_end.set()
            await made.delivery.attempts()
            other.execute("ALTER TABLE hidden RENAME TO outbox")
        made.clock.forward(41)
        await made.turn()
        assert sender.attempts == ["m1", "m1"]
        assert made.only().state is MessageState.SENT


async def test_old_messages_are_forgotten(tmp_path: Path) -> None:
    async with bench(tmp_path, ScriptedSender()) as made:
        made.storage.outbox.add(message())
        await made.turn()
        made.clock.forward((KEEP_DAYS - 1) * DAY_S)
        await made.turn()
        assert made.only().state is MessageState.SENT
        made.clock.forward(2 * DAY_S)
        await made.turn()
        assert made.storage.outbox.messages() == []


async def test_stopping_lets_an_attempt_come_to_its_end(tmp_path: Path) -> None:
    sender = ScriptedSender()
    sender.may_end.clear()
    async with bench(tmp_path, sender) as made:
        made.storage.outbox.add(message())
        made.delivery.start()
        await sender.begun.wait()
        stopping = asyncio.create_task(made.delivery.stop())
        asyncio.get_running_loop().call_soon(sender.may_end.set)
        await stopping
        assert made.only().state is MessageState.SENT


async def test_an_attempt_that_does_not_end_is_left_for_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.messages.delivery._STOP_S", 0.0)
    sender = ScriptedSender()
    sender.may_end.clear()
    async with bench(tmp_path, sender) as made:
        made.storage.outbox.add(message())
        made.delivery.start()
        await sender.begun.wait()
        await made.delivery.stop()
        assert (made.only().state, made.only().attempts) == (MessageState.WAITING, 0)


async def test_a_running_delivery_is_woken_by_what_is_new_and_by_the_time_for_another_attempt(tmp_path: Path) -> None:
    sender = ScriptedSender(DELAYED)
    storage = Storage(settings(tmp_path))
    policy = RetryPolicy(max_attempts=3, first_retry_s=0.01, max_retry_s=1)
    delivery = Delivery(storage, sender, policy, KEEP_DAYS)
    delivery.start()
    order = text_order()
    storage.spool.write(order)
    delivery.wake()
    await until(lambda: len(sender.attempts) == 2, sender)
    await delivery.stop()
    assert sender.attempts == [order.id, order.id]


async def test_a_slow_message_does_not_hold_up_the_others(tmp_path: Path) -> None:
    sender = ScriptedSender()
    sender.may_end.clear()
    sender.slow = {"m0"}
    storage = Storage(settings(tmp_path))
    for number in range(20):
        storage.outbox.add(message(f"m{number}"))
    delivery = Delivery(storage, sender, POLICY, KEEP_DAYS)
    delivery.start()
    await until(lambda: len(sender.attempts) == 20, sender)
    assert storage.outbox.counts()[MessageState.SENDING] >= 1
    sender.may_end.set()
    await delivery.stop()
    assert len(set(sender.attempts)) == 20
    assert storage.outbox.counts()[MessageState.SENT] == 20
    storage.close()


async def test_a_mistake_does_not_end_the_delivery(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, tried = asyncio.get_running_loop(), asyncio.Event()
    sender = ScriptedSender()
    storage = Storage(settings(tmp_path))
    delivery = Delivery(storage, sender, POLICY, KEEP_DAYS)

    def break_down(_states: object) -> None:
        loop.call_soon_threadsafe(tried.set)
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(storage.outbox, "counts", break_down)
        storage.spool.write(text_order())
        delivery.start()
        await tried.wait()
    delivery.wake()
    await until(lambda: bool(sender.attempts), sender)
    await delivery.stop()
    assert "the delivery of text messages broke, and goes on" in caplog.text


async def test_a_mistake_in_noting_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_arguments: object) -> None:
        raise RuntimeError

    async with bench(tmp_path, ScriptedSender()) as made:
        made.storage.outbox.add(message())
        monkeypatch.setattr(made.storage.outbox, "record", break_down)
        await made.turn()
    assert "the delivery of text message m1 broke" in caplog.text


async def test_from_the_spool_to_a_web_server(tmp_path: Path) -> None:
    async with provider(answering(204)) as endpoint:
        sending = {"sender": "webhook", "webhook": {"url": endpoint.url, "secret": "s"}}
        delivery = Delivery.of(settings(tmp_path, short_messages=sending))
        order = text_order()
        delivery.storage.spool.write(order)
        delivery.start()
        await endpoint.has_got(1)
        await delivery.stop()
    assert [request.headers["Idempotency-Key"] for request in endpoint.requests] == [order.id]
