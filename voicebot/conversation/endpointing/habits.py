"""How long a caller pauses within a saying."""

from __future__ import annotations

import math
from collections import deque

_KEPT = 20
_FEWEST = 3
_QUANTILE = 0.8
_MARGIN = 1.15


class PauseHabits:
    """A running quantile of the pauses after which a caller went on, in one call.

    Few callers pause for long between words, and those who do go on doing it: for them the wait grows.
    """

    def __init__(self) -> None:
        self._pauses_ms: deque[int] = deque(maxlen=_KEPT)

    def note(self, pause_ms: int) -> None:
        """The caller paused that long, and went on."""
        self._pauses_ms.append(pause_ms)

    @property
    def least_wait_ms(self) -> int:
        """Silence that is shorter than this is nothing unusual of this caller; 0 while that is not known."""
        if len(self._pauses_ms) < _FEWEST:
            return 0
        ordered = sorted(self._pauses_ms)
        return round(ordered[math.ceil(_QUANTILE * len(ordered)) - 1] * _MARGIN)
