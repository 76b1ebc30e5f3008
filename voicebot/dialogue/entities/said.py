"""An utterance as the finders see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from voicebot.dialogue.entities.entity import EntityKind
from voicebot.dialogue.entities.numerals_en import Numeral, find_numerals
from voicebot.dialogue.entities.phrases import hide_phrases
from voicebot.dialogue.entities.runs import Run, find_runs


@dataclass(frozen=True)
class Said:
    """An utterance, and what several finders need of it.

    Attributes:
        text: folded, see fold.py.
        raw: the same characters before they were folded.
        mandarin: it is in Mandarin, else in English.
        now: the reference time, without a zone.
        asked: the kinds somebody asked the caller for; empty: any.
        currency: what bare amounts are in.
    """

    text: str
    raw: str
    mandarin: bool
    now: datetime
    asked: frozenset[EntityKind]
    currency: str

    @cached_property
    def hidden(self) -> str:
        """The text with Mandarin set phrases blanked out."""
        return hide_phrases(self.text)

    @cached_property
    def runs(self) -> list[Run]:
        """The runs of digits, short ones too."""
        return find_runs(self.text, self.mandarin)

    @cached_property
    def numerals_en(self) -> list[Numeral]:
        """The English numerals."""
        return find_numerals(self.text)
