"""How much a language model is asked at the moment, in earnest and on trial: bounds the trials and counts both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class RequestCounts:
    """Requests since the start.

    Attributes:
        asked: made in earnest.
        trials: made on trial.
        taken_over: of the trials, those whose answer was given to a caller.
    """

    asked: int = 0
    trials: int = 0
    taken_over: int = 0


class ModelLoad:
    """What is under way; all models of a process share one.

    Args:
        max_trials: trials at a time; 0: none is ever begun.
        busy_requests: with so many requests in earnest under way there are no trials.

    Attributes:
        counts: of all requests so far.
    """

    def __init__(self, max_trials: int = 0, busy_requests: int = 1) -> None:
        self.counts = RequestCounts()
        self._max_trials = max_trials
        self._busy_requests = busy_requests
        self._in_earnest = 0
        self._trials: dict[object, Callable[[], None]] = {}

    @property
    def has_room(self) -> bool:
        """Whether another trial may begin now."""
        return self._in_earnest < self._busy_requests and len(self._trials) < self._max_trials

    def began(self, trial: object, cancel: Callable[[], None]) -> None:
        """A trial has begun; ``cancel`` is called if it has to make room."""
        self.counts.trials += 1
        self._trials[trial] = cancel

    def ended(self, trial: object) -> None:
        """A trial is over, or is one no more; may be told twice."""
        self._trials.pop(trial, None)

    @contextmanager
    def in_earnest(self, *, taken_over: bool) -> Iterator[None]:
        """Count a request that somebody waits for; trials make room for it.

        Args:
            taken_over: it was begun on trial.
        """
        if taken_over:
            self.counts.taken_over += 1
        else:
            self.counts.asked += 1
        self._in_earnest += 1
        try:
            if self._in_earnest >= self._busy_requests:
                for cancel in list(self._trials.values()):
                    cancel()
            yield
        finally:
            self._in_earnest -= 1
