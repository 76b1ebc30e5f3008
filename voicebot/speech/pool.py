"""A few threads for blocking work, handed to the most urgent waiter first."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PoolStats:
    """What a pool is doing: work running, work waiting, and how much it has done and dropped."""

    running: int
    waiting: int
    done: int
    dropped: int


@dataclass(slots=True, order=True)
class _Waiter:
    urgency: int
    order: int
    turn: asyncio.Future[None] = field(compare=False)
    key: object = field(compare=False)


class UrgencyPool(Generic[Result]):
    """Runs blocking functions in ``threads`` threads. To be used from one event loop.

    Work that waits can be given up by cancelling ``run``. Work that runs cannot be stopped: its result is
    dropped, and its thread takes the next work when it is through.

    Args:
        threads: how much runs at a time.
        name: of the threads.
        niceness: how far the threads stand back when others want the cores (0 to 19; Linux only).
    """

    def __init__(self, threads: int, name: str, niceness: int = 0) -> None:
        self._free = threads
        self._threads = threads
        self._executor = ThreadPoolExecutor(threads, name, stand_back, (niceness,))
        self._waiting: list[_Waiter] = []
        self._order = itertools.count()
        self._running: set[Future[Result]] = set()
        self._done = self._dropped = 0
        self._closed = False

    @property
    def stats(self) -> PoolStats:
        """Figures of this moment."""
        waiting = sum(1 for entry in self._waiting if not entry.turn.done())
        return PoolStats(self._threads - self._free, waiting, self._done, self._dropped)

    async def run(self, work: Callable[[], Result], urgency: int, key: object = None) -> Result:
        """Run ``work`` in a thread; the lower ``urgency`` goes first, equal ones in order.

        Args:
            work: what to run.
            urgency: its place in the queue.
            key: its name for ``promote``.
        """
        if self._closed:
            raise RuntimeError("the pool is closed")
        await self._take_slot(urgency, key)
        loop = asyncio.get_running_loop()
        future = self._executor.submit(work)
        self._running.add(future)
        future.add_done_callback(lambda ended: self._report(loop, ended))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            self._dropped += 1
            raise

    def promote(self, key: object, urgency: int) -> None:
        """Let what waits under this very key move up; nothing happens if it runs already, or is not there."""
        for entry in self._waiting:
            if entry.key is key and urgency < entry.urgency:
                entry.urgency = urgency
                heapq.heapify(self._waiting)
                return

    async def close(self) -> None:
        """Give up what waits, and wait for what runs."""
        self._closed = True
        for entry in self._waiting:
            entry.turn.cancel()
        self._waiting.clear()
        await asyncio.get_running_loop().run_in_executor(None, self._executor.shutdown)

    async def _take_slot(self, urgency: int, key: object) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, _Waiter(urgency, next(self._order), turn, key))
        try:
            await turn
        except asyncio.CancelledError:
            self._dropped += 1
            if turn.done() and not turn.cancelled():
                self._give_slot()  # it was our turn in the very moment we were cancelled
            raise

    def _give_slot(self) -> None:
        while self._waiting:
            waiter = heapq.heappop(self._waiting)
            if not waiter.turn.done():
                waiter.turn.set_result(None)  # the slot goes on to the waiter
                return
        self._free += 1

    def _report(self, loop: asyncio.AbstractEventLoop, ended: Future[Result]) -> None:
        # On the worker thread. A loop that was closed meanwhile has nobody left who waits for the slot.
        try:
            loop.call_soon_threadsafe(self._release, ended)
        except RuntimeError:
            logger.debug("work ended after its event loop")

    def _release(self, ended: Future[Result]) -> None:
        self._running.discard(ended)
        self._done += 1
        self._give_slot()


def stand_back(niceness: int) -> None:
    """Make the calling thread ``niceness`` nicer than its process. It cannot be undone."""
    # Elsewhere priority belongs to the process: lowering it would slow the calls.
    if niceness and sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), min(19, os.nice(0) + niceness))
