"""How long a caller waits for a language model, and what is said in the meantime."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from voicebot.dialogue.bot import LONGEST_WAIT_S
from voicebot.settings.languagemodel import LanguageModelSettings

FIRST_WORDS_S = 4.0
"""Somebody who waits for the first words gives up after 5 s unless set otherwise (``first_chunk_timeout_ms``)."""
FILLER_AGAIN_S = 5.0
"""After the first filler the next one comes when so long nothing else did."""


class Waits:
    """How long to wait for the next sentence of an answer, and what to say if it does not come by then.

    Args:
        settings: the model's.
        fillers: said one after the other.

    Attributes:
        filler: what is due after the wait that ``next_s`` gave; None if the answer is given up then.
    """

    def __init__(self, settings: LanguageModelSettings, fillers: Sequence[str]) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked_s = self._heard_s = self._loop.time()
        self._total_s = settings.total_timeout_ms / 1000
        self._filler_s = settings.filler_after_ms / 1000
        self._quiet_s = FIRST_WORDS_S
        self._fillers = list(fillers) if settings.filler_after_ms else []
        self.filler: str | None = None

    def next_s(self) -> float:
        """Return how long to wait now."""
        now_s = self._loop.time()
        left_s = min(self._asked_s + self._total_s, self._heard_s + self._quiet_s) - now_s
        due_s = self._heard_s + self._filler_s - now_s
        self.filler = self._fillers[0] if self._fillers and due_s < left_s else None
        return max(left_s if self.filler is None else due_s, 0.0)

    def take_filler(self) -> str:
        """Return the filler that is due."""
        self._filler_s = FILLER_AGAIN_S
        return self._fillers.pop(0)

    def heard(self) -> None:
        """The caller has been given something."""
        self._heard_s = self._loop.time()
        self._quiet_s = LONGEST_WAIT_S

    def no_more_fillers(self) -> None:
        """The answer has begun: a filler between two sentences would only be in the way."""
        self._fillers.clear()
