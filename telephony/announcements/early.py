"""Before the answer: ring-back, colour ring, busy tones, and what the network announces."""

from __future__ import annotations

from collections.abc import Sequence

from telephony.announcements.events import Event, Verdict
from telephony.announcements.looks import FRAME_MS, Look
from telephony.announcements.outcome import DEFAULTS, Category
from telephony.announcements.runs import Run
from telephony.announcements.speech import Stretch, Words
from telephony.announcements.tones import find_cadence, find_information_tones

_FIRST_WORDS_MS = 1500
_MORE_WORDS_MS = 1500
_SENTENCE_PAUSE_MS = 400
_SENTENCE_LEAST_MS = 500
# An announcement that was understood may go on with what can be done about it: longest wait for that.
_SETTLING_MS = 3000
_SOUND_DBFS = -45.0
_COLOUR_RING_MS = 3000
_MOST_TRANSCRIPTS = 16
# A colour ring may say so just as well: it is the called side's own.
_NOT_OF_THE_NETWORK = (Category.QUEUE, Category.ASSISTANT)


class EarlyMedia:
    """Judges what is heard before the answer.

    Args:
        languages: what announcements may be spoken in, the likeliest first.
    """

    def __init__(self, languages: Sequence[str]) -> None:
        self._stretch = Stretch()
        self._words = Words(languages, _MOST_TRANSCRIPTS, machine=True)
        self._category: Category | None = None
        self._by = ""
        self._final = False
        self._understood_ms = 0
        self._now_ms = 0
        self._sound_ms = 0

    def feed(self, frame: bytes, look: Look, voiced: bool, runs: Sequence[Run]) -> list[Event]:
        """Take the next frame; return what it brought about."""
        self._now_ms += FRAME_MS
        self._stretch.feed(frame, voiced)
        return [*self._by_tone(runs), *self._by_sound(look), *self._settle(), *self._ask()]

    def transcribed(self, request_id: int, text: str | None) -> list[Event]:
        """Take a transcript."""
        understood = self._words.take(request_id, text)
        if understood is None or understood.category in _NOT_OF_THE_NETWORK:
            return []
        if understood.category is self._category is not Category.ANNOUNCEMENT and self._by == "words":
            return self._settle()
        again: list[Event] = []
        if understood.category is Category.ANNOUNCEMENT:
            wanted = self._words.ask_again()
            again = [wanted] if wanted is not None else []
            if self._by == "words":
                return again
        self._understood_ms = self._now_ms
        return [*self._decide(understood.category, "words"), *self._settle(), *again]

    def _by_tone(self, runs: Sequence[Run]) -> list[Event]:
        if self._by == "words" or not runs:
            return []
        signal = find_information_tones(runs)
        if signal is None:
            cadence = find_cadence(runs)
            signal = cadence.category if cadence is not None else None
        if signal is None:
            return []
        self._sound_ms = 0
        # What information tones announce is said after them.
        is_final = DEFAULTS[signal].ends_ringing and find_cadence(runs) is not None
        return self._decide(signal, "tone", is_final)

    def _by_sound(self, look: Look) -> list[Event]:
        """Music or speech that is no announcement is a colour ring; an announcement may still follow."""
        if look.level_dbfs >= _SOUND_DBFS:
            self._sound_ms += FRAME_MS
        if self._sound_ms < _COLOUR_RING_MS or self._by == "words" or self._category is Category.COLOUR_RING:
            return []
        speaks = self._stretch.pause_ms < _SENTENCE_PAUSE_MS and self._stretch.number > 0
        unheard = speaks and not self._words.exhausted and self._words.covered[0] < self._stretch.number
        return [] if unheard else self._decide(Category.COLOUR_RING, "time")

    def _ask(self) -> list[Event]:
        stretch, new_ms = self._stretch, self._words.new_ms(self._stretch)
        due = new_ms >= (_MORE_WORDS_MS if stretch.voiced_ms > new_ms else _FIRST_WORDS_MS)
        if stretch.pause_ms == _SENTENCE_PAUSE_MS:
            due = new_ms >= _SENTENCE_LEAST_MS
        if self._final or not due:
            return []
        wanted = self._words.ask(stretch)
        return [wanted] if wanted is not None else []

    def _settle(self) -> list[Event]:
        """An announcement that has come to its end, or was understood a while ago, is final."""
        if self._final or self._by != "words" or self._category is Category.ANNOUNCEMENT:
            return []
        silent = self._stretch.pause_ms > _SENTENCE_PAUSE_MS and not self._words.waiting
        ended = silent and self._words.new_ms(self._stretch) < _SENTENCE_LEAST_MS
        if not ended and self._now_ms < self._understood_ms + _SETTLING_MS:
            return []
        self._final = True
        assert self._category is not None
        return [Verdict(self._category, self._now_ms, True, "words")]

    def _decide(self, category: Category, by: str, final: bool = False) -> list[Event]:
        if (category is self._category and self._by == by) or self._final:
            return []
        self._category, self._by, self._final = category, by, final
        return [Verdict(category, self._now_ms, final, by)]
