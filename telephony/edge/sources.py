"""Log what peers do wrong without letting them fill the log."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable

log = logging.getLogger(__name__)

MAX_SOURCES = 1000


class SourceLog:
    """One line a minute and source; the next line tells how many were left out.

    Args:
        every_s: time between two lines about one source.
        clock: monotonic seconds.
    """

    def __init__(self, every_s: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._every_s = every_s
        self._clock = clock
        self._sources: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sources)

    def note(self, source: str, what: str) -> None:
        """Log ``what`` a source did, or count it.

        Args:
            source: its address.
            what: words of our own: nothing that the source sent.
        """
        now_s = self._clock()
        since_s, skipped = self._sources.get(source, (None, 0))
        if since_s is not None and now_s - since_s < self._every_s:
            self._sources[source] = (since_s, skipped + 1)
            return
        self._sources[source] = (now_s, 0)
        self._sources.move_to_end(source)
        if len(self._sources) > MAX_SOURCES:
            self._sources.popitem(last=False)
        log.info("SIP from %s: %s (%d more since the last line)", source, what, skipped)
