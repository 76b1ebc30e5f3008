"""How much one source may send: a bucket of tokens for each."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MAX_SOURCES = 10_000


class RateLimit:
    """Lets each source do something so many times a second.

    Args:
        per_s: sustained rate; 0 is no limit.
        burst: how many at once, after a pause.
        clock: monotonic seconds.
    """

    def __init__(self, per_s: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._burst = max(1.0, burst)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def allows(self, source: str) -> bool:
        """Take one token of a source; False if it has none."""
        if self._per_s <= 0:
            return True
        now_s = self._clock()
        tokens, since_s = self._buckets.get(source, (self._burst, now_s))
        tokens = min(self._burst, tokens + (now_s - since_s) * self._per_s)
        self._buckets[source] = (tokens - 1 if tokens >= 1 else tokens, now_s)
        self._buckets.move_to_end(source)
        if len(self._buckets) > MAX_SOURCES:
            self._buckets.popitem(last=False)
        return tokens >= 1
