"""A circuit breaker: an engine that keeps failing is left alone for a while, so that callers need not wait for it.

The three states are those of Michael Nygard's "Release It!". No clock and no I/O in here: the caller hands in the time.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Circuit(enum.Enum):
    """Closed: queries pass. Open: none does. Half-open: one is under way to see whether the engine is back."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Admission:
    """Leave to ask. Hand it back exactly once, with what came of the query.

    Attributes:
        probe: this query decides whether the engine is back.
    """

    probe: bool


class CircuitBreaker:
    """Counts the failures of one engine.

    Args:
        failures: so many in a row open the circuit.
        pause_s: how long it stays open before one query is let through.
    """

    def __init__(self, failures: int, pause_s: float) -> None:
        self._limit = failures
        self._pause_s = pause_s
        self._failures = 0
        self._retry_at_s = 0.0
        self.circuit = Circuit.CLOSED

    def admit(self, now_s: float) -> Admission | None:
        """Return leave to ask, None if the engine is to be left alone."""
        if self.circuit is Circuit.CLOSED:
            return Admission(probe=False)
        if self.circuit is Circuit.OPEN and now_s >= self._retry_at_s:
            self.circuit = Circuit.HALF_OPEN
            return Admission(probe=True)
        return None

    def succeeded(self) -> None:
        """The engine answered, whoever asked: it is there."""
        self._failures = 0
        self.circuit = Circuit.CLOSED

    def failed(self, admission: Admission, now_s: float) -> None:
        """The engine did not answer properly."""
        if admission.probe:
            self._open(now_s)
        elif self.circuit is Circuit.CLOSED:
            self._failures += 1
            if self._failures >= self._limit:
                self._open(now_s)
        # Else: one of those that were under way when the circuit opened. It tells nothing new.

    def abandoned(self, admission: Admission, now_s: float) -> None:
        """The query was given up before it told anything: if it was to find out, the next one may."""
        if admission.probe and self.circuit is Circuit.HALF_OPEN:
            self.circuit = Circuit.OPEN
            self._retry_at_s = now_s

    def _open(self, now_s: float) -> None:
        self.circuit = Circuit.OPEN
        self._failures = 0
        self._retry_at_s = now_s + self._pause_s
