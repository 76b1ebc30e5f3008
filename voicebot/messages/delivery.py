"""Carries out what bots ordered: from the spool into the database, and text messages on to their sender."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from voicebot.errors import MessageDelayedError, MessageError, StorageError
from voicebot.messages.retry import RetryPolicy, failed, succeeded
from voicebot.messages.sender import Sender, make_sender
from voicebot.settings.model import Settings
from voicebot.storage.outbox import Message, MessageState, Progress
from voicebot.storage.store import Storage

logger = logging.getLogger(__name__)

_LOOK_S = 3.0
"""The spool is looked into at least this often, for orders that nobody told of."""
_SHORTEST_WAIT_S = 0.05
_SIDE_BY_SIDE = 8
_CLAIM_MARGIN_S = 30.0
_STOP_S = 5.0
_COUNTED = (MessageState.WAITING, MessageState.SENDING, MessageState.GIVEN_UP)
_FORGET_EVERY = timedelta(hours=1)


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look into spool and database found."""

    claimed: list[Message]
    counts: dict[MessageState, int]
    next_due: datetime | None


class Delivery:
    """Sends messages until it is stopped.

    A message is claimed in the database before it is sent, and what became of it is noted after. If the process dies
    between the two, the claim runs out and the message is sent again with the same id: at least once, never lost.

    Args:
        storage: spool and database; closed by ``stop``.
        sender: who sends; None: messages are only kept. Closed by ``stop``.
        policy: when to try again.
        keep_days: messages that were sent or given up are forgotten after this.
        claim_s: how long a claim lasts; None: as long as an attempt may take, and half a minute.
        now: the time.
        luck: a number from 0 to 1, by chance.
    """

    def __init__(
        self,
        storage: Storage,
        sender: Sender | None,
        policy: RetryPolicy,
        keep_days: int,
        claim_s: float | None = None,
        now: Callable[[], datetime] = _now,
        luck: Callable[[], float] = random.random,
    ) -> None:
        self._storage = storage
        self._sender = sender
        self._policy = policy
        self._keep = timedelta(days=keep_days)
        attempt_s = sender.timeout_s if sender is not None else 0.0
        self._claim = timedelta(seconds=attempt_s + _CLAIM_MARGIN_S if claim_s is None else claim_s)
        self._now = now
        self._luck = luck
        self._counts = dict.fromkeys(_COUNTED, 0)
        self._next_forgetting = now()
        self._failing = False
        self._woken = asyncio.Event()
        self._stopping = False
        self._running: asyncio.Task[None] | None = None
        self._sending: dict[asyncio.Task[None], Message] = {}

    @classmethod
    def of(cls, settings: Settings) -> Delivery:
        """Make the delivery that the settings ask for.

        Raises:
            ConfigError: the database's URL or a setting of the sender is wrong.
        """
        messages = settings.short_messages
        return cls(Storage(settings), make_sender(messages), RetryPolicy.of(messages), messages.keep_days)

    @property
    def storage(self) -> Storage:
        """Spool and database."""
        return self._storage

    @property
    def facts(self) -> dict[str, object]:
        """What ``/healthz`` tells."""
        waiting = self._counts[MessageState.WAITING] + self._counts[MessageState.SENDING]
        return {
            "messages_waiting": waiting,
            "messages_given_up": self._counts[MessageState.GIVEN_UP],
            "database": "unavailable" if self._failing else "ok",
        }

    def start(self) -> None:
        """Begin to look for orders and send messages."""
        self._running = asyncio.create_task(self._run(), name="deliver-messages")

    def wake(self) -> None:
        """There is something new: look at once."""
        self._woken.set()

    async def stop(self) -> None:
        """Let attempts that are under way come to an end, for a few seconds; then free everything."""
        self._stopping = True
        self.wake()
        if self._running is not None:
            await asyncio.gather(self._running, return_exceptions=True)
        if self._sending:
            await asyncio.wait(self._sending, timeout=_STOP_S)
        cut_off = dict(self._sending)
        for task in cut_off:
            task.cancel()
        await asyncio.gather(*cut_off, return_exceptions=True)
        for message in cut_off.values():
            await self._release(message)
        if self._sender is not None:
            await self._sender.close()
        await asyncio.to_thread(self._storage.close)

    async def turn(self) -> float:
        """Take in new orders and begin to send what is due; return after how many seconds to do so again."""
        free = _SIDE_BY_SIDE - len(self._sending)
        try:
            found = await asyncio.to_thread(self._look, free)
        except StorageError as error:
            if not self._failing:
                logger.error("orders of bots wait in the spool: %s", error.message)
            self._failing = True
            return _LOOK_S
        if self._failing:
            logger.info("the database can be used again")
        self._failing = False
        self._counts = found.counts
        for message in found.claimed:
            task = asyncio.create_task(self._deliver(message), name=f"deliver-{message.id}")
            self._sending[task] = message
            task.add_done_callback(self._delivered)
        if self._sender is None or found.next_due is None or not free:
            return _LOOK_S
        return min(_LOOK_S, max(_SHORTEST_WAIT_S, (found.next_due - self._now()).total_seconds()))

    async def attempts(self) -> None:
        """Wait until the attempts that are under way have come to an end."""
        while self._sending:
            await asyncio.wait(list(self._sending))

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping:
            self._woken.clear()
            try:
                wait_s = await self.turn()
            except Exception:
                # A mistake of ours must not end the delivery of everything else.
                logger.exception("the delivery of text messages broke, and goes on")
                wait_s = _LOOK_S
            alarm = loop.call_later(wait_s, self._woken.set)
            try:
                if not self._stopping:
                    await self._woken.wait()
            finally:
                alarm.cancel()

    def _look(self, free: int) -> _Look:
        """Take in orders, claim messages, forget old ones (in a thread)."""
        now, outbox = self._now(), self._storage.outbox
        self._storage.import_orders()
        if now >= self._next_forgetting:
            outbox.forget(now - self._keep)
            self._next_forgetting = now + _FORGET_EVERY
        if self._sender is None:
            outbox.keep_waiting()
        counts, next_due = outbox.counts(_COUNTED), outbox.next_due()
        # Last: whatever fails before must not leave a message claimed that nobody sends.
        claimed = outbox.claim(now, now + self._claim, free) if self._sender is not None and free else []
        return _Look(claimed, counts, next_due)

    async def _deliver(self, message: Message) -> None:
        progress = await self._attempt(message)
        if progress.state is MessageState.GIVEN_UP:
            logger.error("text message %s is given up: %s", message.id, progress.last_error)
        elif progress.state is MessageState.WAITING:
            logger.warning("text message %s was not sent yet: %s", message.id, progress.last_error)
        else:
            logger.info("text message %s is sent", message.id)
        try:
            await asyncio.to_thread(self._storage.outbox.record, message, progress)
        except StorageError as error:
            logger.error("what became of text message %s could not be noted: %s", message.id, error.message)

    async def _attempt(self, message: Message) -> Progress:
        assert self._sender is not None, "nothing is claimed without a sender"
        try:
            result = await self._sender.send(message)
        except MessageError as error:
            failure = error
        except Exception:
            logger.exception("sending text message %s broke", message.id)
            failure = MessageDelayedError("a mistake in the program", "internal")
        else:
            return succeeded(message, result.provider_id, self._now())
        return failed(message, failure, self._now(), self._policy, self._luck())

    def _delivered(self, task: asyncio.Task[None]) -> None:
        message = self._sending.pop(task)
        self.wake()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.error("the delivery of text message %s broke", message.id, exc_info=error)

    async def _release(self, message: Message) -> None:
        try:
            await asyncio.to_thread(self._storage.outbox.release, message)
        except StorageError as error:
            logger.warning("text message %s stays claimed for a while: %s", message.id, error.message)
