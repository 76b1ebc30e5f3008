"""The events of all calls, for whoever listens right now: server-sent events read from here."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

KEPT = 1000
"""Events that a listener who was away for a moment can still get."""
_MOST_WAITING = 1000


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event with its number in the stream."""

    number: int
    event: dict[str, Any]


class EventStream:
    """Hands events to any number of listeners, none of whom can hold up another.

    Args:
        first: number of the first event. A service that begins with the time it is started at, in milliseconds, goes
            on counting after a restart: a number from before it is smaller than all later ones.
    """

    def __init__(self, first: int = 1) -> None:
        self._numbers = itertools.count(first)
        self._kept: deque[Numbered] = deque(maxlen=KEPT)
        self._listeners: set[asyncio.Queue[Numbered | None]] = set()

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def publish(self, event: dict[str, Any]) -> None:
        """Something has happened. A listener who is too slow is let go of: it may come back and say where it was."""
        item = Numbered(next(self._numbers), event)
        self._kept.append(item)
        for queue in list(self._listeners):
            if queue.qsize() >= _MOST_WAITING:
                self._listeners.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(item)

    def close(self) -> None:
        """Let all listeners go."""
        for queue in self._listeners:
            queue.put_nowait(None)
        self._listeners.clear()

    async def listen(self, after: int | None = None, idle_s: float = 15.0) -> AsyncIterator[Numbered | None]:
        """Yield events as they happen; None after each ``idle_s`` without one.

        Args:
            after: number of the last one that the listener knows; what came since and is still kept comes first.
            idle_s: for a sign of life.
        """
        queue: asyncio.Queue[Numbered | None] = asyncio.Queue()
        if after is not None:
            newest = self._kept[-1].number if self._kept else 0
            # A number that was never given says nothing: all that is kept may be new.
            for item in self._kept:
                if item.number > after or after > newest:
                    queue.put_nowait(item)
        self._listeners.add(queue)
        try:
            while True:
                getting = asyncio.ensure_future(queue.get())
                try:
                    done, _ = await asyncio.wait({getting}, timeout=idle_s)
                finally:
                    if not getting.done():
                        getting.cancel()
                if not done:
                    yield None
                    continue
                item_or_end = getting.result()
                if item_or_end is None:
                    return
                yield item_or_end
        finally:
            self._listeners.discard(queue)
