"""Runs of tone, and of anything else, in the audio."""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass, field

from telephony.announcements.looks import FRAME_MS, Look

_KEPT_RUNS = 24
# Of a longer run nothing more is to be learnt.
_KEPT_LOOKS = 200
# What leaves a tone's pitch by more is another tone.
_SAME_TONE_HZ = 30.0
# Shorter ones are no runs.
_LEAST_FRAMES = 3
# The first and the last frame share their window with what is beside the run.
_EDGE_FRAMES = 1


@dataclass(slots=True)
class Run:
    """Frames of one kind in a row.

    Attributes:
        frequency_hz: mean of the tone, 0 for anything else.
        second_hz: mean of the other tone of a pair.
        frames: how many.
        looks: the first of them.
    """

    frequency_hz: float
    second_hz: float
    frames: int = 1
    looks: list[Look] = field(default_factory=list)

    @property
    def is_tone(self) -> bool:
        """A tone, not a pause or other sound."""
        return self.frequency_hz > 0

    @property
    def duration_ms(self) -> int:
        """How long it is, or has become."""
        return self.frames * FRAME_MS

    @property
    def level_dbfs(self) -> float:
        """Its usual level."""
        return statistics.median(look.level_dbfs for look in self.looks)

    @property
    def inner(self) -> list[Look]:
        """Its frames without those at the edges."""
        return self.looks[_EDGE_FRAMES:-_EDGE_FRAMES]

    def takes(self, look: Look) -> bool:
        """Tell whether a frame goes on with it."""
        if not look.is_tone or not self.is_tone:
            return look.is_tone == self.is_tone
        return (
            bool(look.second_hz) == bool(self.second_hz)
            and abs(look.frequency_hz - self.frequency_hz) < _SAME_TONE_HZ
            and abs(look.second_hz - self.second_hz) < _SAME_TONE_HZ
        )

    def add(self, look: Look) -> None:
        """Go on with a frame."""
        self.frames += 1
        if len(self.looks) < _KEPT_LOOKS:
            self.looks.append(look)
        if self.takes(look):
            self.frequency_hz += (look.frequency_hz - self.frequency_hz) / self.frames
            self.second_hz += (look.second_hz - self.second_hz) / self.frames


class Runs:
    """Collects the runs; the last one is still growing.

    A frame or two are no run: they are a click, or share their window with what is before and behind them.
    """

    def __init__(self) -> None:
        self._runs: deque[Run] = deque(maxlen=_KEPT_RUNS)

    @property
    def all(self) -> list[Run]:
        """The last runs, the newest at the end."""
        runs = list(self._runs)
        return runs[:-1] if len(runs) > 1 and runs[-1].frames < _LEAST_FRAMES else runs

    def feed(self, look: Look) -> None:
        """Take the next frame."""
        if self._runs and self._runs[-1].takes(look):
            self._runs[-1].add(look)
        elif len(self._runs) > 1 and self._runs[-1].frames < _LEAST_FRAMES:
            self._settle(self._runs.pop().looks, look)
        else:
            self._begin(look)

    def _settle(self, few: list[Look], look: Look) -> None:
        """Give a few frames to the run before them, or to the one that begins behind them, by their level."""
        before = self._runs[-1]
        before_dbfs = before.level_dbfs
        if not before.takes(look):
            self._begin(look)
        for one in few:
            nearer_before = abs(one.level_dbfs - before_dbfs) <= abs(one.level_dbfs - look.level_dbfs)
            (before if nearer_before else self._runs[-1]).add(one)
        if before is self._runs[-1]:
            before.add(look)

    def _begin(self, look: Look) -> None:
        self._runs.append(Run(look.frequency_hz, look.second_hz, looks=[look]))
