"""Read a brain ahead of the connection, so that chunks that are ready together leave together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

from voicebot.server.closing import closing_iterator

T = TypeVar("T")

MAX_READY = 64
"""Items that may wait for the connection; a brain that has more to say waits, too."""


class NotYet(Exception):  # noqa: N818 - nothing went wrong
    """Nothing came until the deadline."""


class ReadAhead(Generic[T]):
    """Reads an async iterator in a task of its own.

    The iterator is read for as long as it has something at once; when it has to think, what it gave until then
    can be taken. So an answer that is there as a whole goes out in one piece, and a slow one item by item.
    """

    def __init__(self, source: AsyncIterator[T]) -> None:
        """Start to read; ``close`` must follow."""
        self._source = source
        self._ready: list[T] = []
        self._error: Exception | None = None
        self._room = asyncio.Event()
        self._waiter: asyncio.Future[None] | None = None
        self._task = asyncio.create_task(self._read(), name="read ahead")
        self._task.add_done_callback(self._wake)

    async def take(self, deadline: float) -> list[T]:
        """Return what is ready, at least one item; nothing if the iterator has ended or was closed.

        Args:
            deadline: how long to wait, on the loop's clock.

        Raises:
            NotYet: nothing came until then.
            Exception: what the iterator raised, once all that came before was taken.
        """
        if not self._ready and not self._task.done():
            await asyncio.sleep(0)  # a brain that need not think has all of its answer now, and needs no timer
        if not self._ready and not self._task.done():
            await self._wait(deadline)
        if self._ready:
            ready, self._ready = self._ready, []
            self._room.set()
            return ready
        if self._error is not None:
            raise self._error
        if not self._task.done():
            raise NotYet
        return []

    async def close(self) -> None:
        """Stop reading and see the iterator closed. May be called more than once, by anyone."""
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _wait(self, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_at(deadline, self._wake)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    async def _read(self) -> None:
        try:
            async with closing_iterator(self._source) as items:
                async for item in items:
                    self._ready.append(item)
                    self._wake()
                    if len(self._ready) >= MAX_READY:
                        self._room.clear()
                        await self._room.wait()
        except Exception as error:
            self._error = error

    def _wake(self, *_: object) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
