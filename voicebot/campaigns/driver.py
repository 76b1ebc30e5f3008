"""Makes the calls that were ordered: claims them in the database, dials, and notes how each ended.

What is claimed is in the database before the line is told, and how a call ended before its number can be claimed
again. After a crash, whoever dials next finds what was under way and settles it by the rules.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timezone

from voicebot.campaigns.claiming import LOOK_S, Claimed, Claimer
from voicebot.campaigns.forgetting import Forgetting
from voicebot.campaigns.line import DialOrder, NotDialledError, OutgoingLine
from voicebot.campaigns.notes import Notes
from voicebot.campaigns.outcome import CallResult
from voicebot.campaigns.settle import Settling
from voicebot.errors import StorageError, VoicebotError
from voicebot.settings.dialling import DiallingSettings
from voicebot.storage.outgoing import OutgoingCall
from voicebot.storage.store import Storage

logger = logging.getLogger(__name__)

_STOP_S = 5.0


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Driver:
    """Makes calls until it is stopped.

    Args:
        storage: the database; not closed here.
        line: who dials.
        settings: limits over all campaigns.
        now: the time.
        clock: monotonic seconds.
        sleep: waits for seconds of that clock.
    """

    def __init__(
        self,
        storage: Storage,
        line: OutgoingLine,
        settings: DiallingSettings,
        now: Callable[[], datetime] = _now,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._storage = storage
        self._line = line
        self._now = now
        self._clock = clock
        self._sleep = sleep
        self._claimer = Claimer(storage, settings)
        self._settling = Settling(storage, settings, now)
        self._forgetting = Forgetting(storage, settings.keep_numbers_days)
        self._notes = Notes()
        self._under_way: dict[str, OutgoingCall] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._may_dial = False
        self._failing = False
        self._closing = False
        self._woken = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    @property
    def facts(self) -> dict[str, object]:
        """What ``/healthz`` tells."""
        return {"outgoing_calls": len(self._under_way)}

    def start(self) -> None:
        """Begin to look for orders and make calls."""
        self._running = asyncio.create_task(self._run(), name="make-calls")

    def wake(self) -> None:
        """There is something new: look at once."""
        self._woken.set()

    async def close(self) -> None:
        """Begin no more calls; those that are up go on, until the line hangs up."""
        self._closing = True
        self.wake()
        if self._running is not None:
            await asyncio.gather(self._running, return_exceptions=True)

    async def stop(self) -> None:
        """After the line has hung up: note how the calls ended. What cannot be noted is settled at the next start."""
        await self.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_STOP_S)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        unwritten = await self._notes.close(_STOP_S)
        if unwritten:
            logger.error("%d notes on outgoing calls are lost; the calls count as unknown", unwritten)

    async def turn(self) -> None:
        """Look once: claim what may be dialled now, and begin to dial it."""
        under_way = list(self._under_way.values())
        if self._may_dial:
            self._may_dial = await asyncio.to_thread(self._storage.dialling_lock.is_held)
        if not self._may_dial:
            self._may_dial = await asyncio.to_thread(self._take_over, frozenset(self._under_way))
        if not self._may_dial:
            return
        claim = functools.partial(self._claimer.claim, self._now(), self._clock(), self._line.room, under_way)
        for one in await asyncio.to_thread(claim):
            self._under_way[one.call.id] = one.call
            task = asyncio.create_task(self._make(one), name=f"call-out-{one.call.id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await asyncio.to_thread(self._forgetting.turn, self._now())

    async def calls_ended(self) -> None:
        """Wait until the calls that are under way have come to their end."""
        while self._tasks:
            await asyncio.wait(list(self._tasks))

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._closing:
            self._woken.clear()
            try:
                await self.turn()
                self._failing = False
            except StorageError as error:
                if not self._failing:
                    logger.error("no calls are made: %s", error.message)
                self._failing = True
                self._may_dial = False  # what was claimed meanwhile, though we were not told, is found there
            except Exception:
                # A mistake of ours must not end the calls of everybody else.
                logger.exception("making calls broke, and goes on")
            alarm = loop.call_later(LOOK_S, self._woken.set)
            try:
                if not self._closing:
                    await self._woken.wait()
            finally:
                alarm.cancel()

    def _take_over(self, under_way: Collection[str]) -> bool:
        """Become the one that dials, if nobody is, and settle what nobody holds any more (in a thread)."""
        if not self._storage.dialling_lock.acquire():
            return False
        left = self._settling.abandoned(under_way)
        if left:
            logger.warning("%d outgoing calls were under way when the service ended the last time", left)
        return True

    async def _make(self, claimed: Claimed) -> None:
        call = claimed.call
        try:
            await self._sleep(claimed.delay_s)
            if self._closing:
                await self._notes.write(functools.partial(self._settling.give_back, call))
            elif await self._begin(call):
                await self._dial(claimed)
        finally:
            self._under_way.pop(call.id, None)
            self.wake()

    async def _begin(self, call: OutgoingCall) -> bool:
        try:
            return await asyncio.to_thread(self._settling.begin, call)
        except StorageError as error:
            logger.error("a call is not made: %s", error.message)
            await self._notes.write(functools.partial(self._settling.give_back, call, LOOK_S))
            return False

    async def _dial(self, claimed: Claimed) -> None:
        call = claimed.call
        order = DialOrder(
            call.id, call.number, call.bot, call.caller_number, call.variables, call.ring_timeout_s, claimed.causes
        )
        try:
            result = await self._line.dial(order, _Watcher(self._notes, self._storage, call, self._now))
        except NotDialledError as error:
            logger.warning("outgoing call %s is not made yet: %s", call.id, error)
            await self._notes.write(functools.partial(self._settling.give_back, call, LOOK_S))
            return
        except VoicebotError as error:
            result = CallResult(reason=error.message)
        outcome = await self._notes.write(functools.partial(self._settling.end, call, result))
        logger.info("outgoing call %s: %s (SIP %d)", call.id, outcome.value, result.status)


class _Watcher:
    """Notes how far a call is."""

    def __init__(self, notes: Notes, storage: Storage, call: OutgoingCall, now: Callable[[], datetime]) -> None:
        self._notes = notes
        self._outgoing = storage.outgoing
        self._call = call
        self._now = now

    def placed(self, call_id: str) -> None:
        """The INVITE is out."""
        self._notes.write(functools.partial(self._outgoing.placed, self._call, call_id))

    def answered(self) -> None:
        """Somebody took the call."""
        self._notes.write(functools.partial(self._outgoing.answered, self._call, self._now()))
