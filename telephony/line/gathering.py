"""Wakes the event loop once for all the frames that a tick of the media clock brings, when the tick is over."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable
from weakref import WeakKeyDictionary

GATHER_S = 0.005
"""A tick of a hundred calls is over by then."""


class Gathering:
    """Collects what is to be done on a loop.

    The media clock's thread takes the interpreter anew for each call, twice a tick. A loop that works on the first
    frame of a tick is in its way for all the others: it holds the interpreter for up to a switch interval each time,
    and with dozens of calls in a process the tick is late. So the loop is told with the first frame, and works a little
    later.

    Args:
        loop: where it is done.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Callable[[], None]] = deque()
        self._told = False

    def add(self, work: Callable[[], None]) -> None:
        """Have something done soon; for one thread, the media clock's."""
        self._waiting.append(work)
        if not self._told:
            self._told = True
            self._loop.call_soon_threadsafe(self._wait)

    def _wait(self) -> None:
        self._loop.call_later(GATHER_S, self._work)

    def _work(self) -> None:
        # In this order, so that no lock is needed: what is added from here on tells the loop again.
        self._told = False
        while self._waiting:
            self._waiting.popleft()()


_gatherings: WeakKeyDictionary[AbstractEventLoop, Gathering] = WeakKeyDictionary()


def gathering_of(loop: AbstractEventLoop) -> Gathering:
    """Return the one of a loop. For the loop's own thread."""
    found = _gatherings.get(loop)
    if found is None:
        found = _gatherings[loop] = Gathering(loop)
    return found
