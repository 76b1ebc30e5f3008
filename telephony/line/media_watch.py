"""Notices that a call's audio has stopped: its far side may be gone without a word. No I/O and no clock."""

from __future__ import annotations


class MediaWatch:
    """Watches one stream.

    Any sign of life counts: audio, comfort noise, and reports (RTCP), which come from far sides that send nothing while
    nobody speaks.

    Args:
        first_s: how long the first sign may take; 0: for ever.
        later_s: how long a stream that lived may be silent; 0: for ever.
    """

    def __init__(self, first_s: float, later_s: float) -> None:
        self._first_s = first_s
        self._later_s = later_s
        self._lived = False
        self._since_s: float | None = None
        self._signs = 0
        self.quiet_s = 0.0

    def reset(self) -> None:
        """The stream was negotiated anew, or is on hold: whatever comes next has its time from then on."""
        self._since_s = None
        self._signs = 0
        self.quiet_s = 0.0

    def feed(self, signs: int, now_s: float) -> bool:
        """Take in how things stand; returns whether it has been silent for too long.

        Args:
            signs: packets and reports that came so far.
            now_s: monotonic seconds.
        """
        self._lived = self._lived or signs > 0
        if self._since_s is None or signs != self._signs:
            self._since_s, self._signs = now_s, signs
        self.quiet_s = now_s - self._since_s
        limit_s = self._later_s if self._lived else self._first_s
        return bool(limit_s) and self.quiet_s >= limit_s
