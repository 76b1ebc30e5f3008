"""How long to wait for a caller who has paused."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from voicebot.conversation.endpointing.completeness import Completeness, judge
from voicebot.conversation.endpointing.habits import PauseHabits
from voicebot.protocol.expectation import Expectation

_FINISHED = 0.5
"""What the audio model's probability is compared with, as its authors do."""


class Grasp(enum.Enum):
    """What the brain made of the words so far, when it was asked on trial."""

    WHOLE = "whole"
    """They are all that it had asked for."""
    SOME = "some"
    """They mean something to it; there may be more to come."""
    NOTHING = "nothing"
    """They mean nothing to it."""

    @classmethod
    def of(cls, complete: bool | None) -> Grasp:
        """Return what ``complete`` in a speculative answer says."""
        return {True: cls.WHOLE, None: cls.SOME, False: cls.NOTHING}[complete]


@dataclass(frozen=True, slots=True)
class EndpointingConfig:
    """Silence that ends an utterance, by what is known of its words. All end with the longest wait at the latest.

    Attributes:
        complete_ms: they are all that was asked for.
        understood_ms: they are a sentence, or mean something to the brain.
        unclear_ms: nothing tells.
        growing_ms: they may just as well go on: digits of an unknown number; or a sentence that the audio model takes
            for unfinished.
    """

    complete_ms: int = 200
    understood_ms: int = 260
    unclear_ms: int = 620
    growing_ms: int = 1000


class Endpointer:
    """Decides for each pause of one call how much silence ends the utterance.

    Args:
        config: the waits.
        language: "zh" or "en".
    """

    def __init__(self, config: EndpointingConfig, language: str) -> None:
        self.habits = PauseHabits()
        self.expectation = Expectation()
        self._config = config
        self._language = language

    def wait_ms(self, text: str, grasp: Grasp | None = None, finished_probability: float | None = None) -> int | None:
        """Return the silence that ends the utterance; None for the longest wait.

        Args:
            text: the words so far.
            grasp: what the brain made of them; None while it was not asked.
            finished_probability: how sure the audio model is that the caller has finished; None while that is not
                known. It counts for words that may be all and may not; among digits it has no say, because the voice
                falls at the end of every group of them.
        """
        config = self._config
        completeness = judge(text, self.expectation, self._language)
        if completeness is Completeness.UNFINISHED:
            return None
        if completeness is Completeness.GROWING:
            return max(config.growing_ms, self.habits.least_wait_ms)
        if completeness is Completeness.COMPLETE or (grasp is Grasp.WHOLE and text):
            return config.complete_ms
        if finished_probability is not None:
            heard_ms = config.understood_ms if finished_probability >= _FINISHED else config.growing_ms
            return max(heard_ms, self.habits.least_wait_ms)
        understood = grasp is Grasp.SOME or completeness is Completeness.CLOSED
        return max(config.understood_ms if understood else config.unclear_ms, self.habits.least_wait_ms)
