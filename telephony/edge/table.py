"""A table that forgets: bounded in size, and entries that nobody asks for expire."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")


def call_key(call_id: str, tag: str) -> bytes:
    """Name one side of a dialog in 16 bytes, however long its Call-ID is.

    Args:
        call_id: the SIP Call-ID.
        tag: the tag of one of the two parties.
    """
    text = f"{len(call_id)}:{call_id}{tag}"
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()


class FadingTable(Generic[V]):
    """A mapping from call keys to values; the least recently used entries go first.

    Args:
        max_entries: size limit.
        idle_s: an entry neither read nor written for this long is gone.
        clock: monotonic seconds.
    """

    def __init__(self, max_entries: int, idle_s: float, clock: Callable[[], float]) -> None:
        self._max_entries = max_entries
        self._idle_s = idle_s
        self._clock = clock
        self._entries: OrderedDict[bytes, tuple[V, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: bytes) -> V | None:
        """The value, None if there is none (any more). Reading keeps an entry alive."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        now_s = self._clock()
        if now_s - entry[1] > self._idle_s:
            del self._entries[key]
            return None
        self._entries[key] = (entry[0], now_s)
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: bytes, value: V) -> None:
        """Enter or replace a value."""
        now_s = self._clock()
        self._entries[key] = (value, now_s)
        self._entries.move_to_end(key)
        while len(self._entries) > self._max_entries or now_s - next(iter(self._entries.values()))[1] > self._idle_s:
            self._entries.popitem(last=False)
