"""After the answer: a person, a voicemail, an assistant, an announcement, or nothing.

A person answers with a word or two and waits; a machine goes on. Length alone never makes a machine of anybody: that
takes words that no person says, or a beep. Whoever is undecided is treated as a person, and listened to further.
"""

from __future__ import annotations

from collections.abc import Sequence

from telephony.announcements.events import Beep, Event, Verdict
from telephony.announcements.looks import FRAME_MS
from telephony.announcements.outcome import Category
from telephony.announcements.runs import Run
from telephony.announcements.speech import Stretch, Words
from telephony.announcements.tones import find_beep, find_cadence, find_information_tones

DECISION_MS = 2400
"""Audio time since the answer until there is a verdict, whatever is known."""
_SHORT_HELLO_MS = 1300
_LEAST_HELLO_MS = 120
"""Shorter ones are clicks."""
_HELLO_PAUSE_MS = 600
_FIRST_WORDS_MS = 800
_MORE_WORDS_MS = 600
_LATER_WORDS_MS = 1500
_SENTENCE_PAUSE_MS = 400
_SENTENCE_LEAST_MS = 400
# So long after the answer a machine may still turn out to be one, by words and by its beep.
_WORDS_UNTIL_MS = 20_000
_BEEP_UNTIL_MS = 60_000
# A greeting is longer than what a person says before something beeps beside him.
_BEFORE_BEEP_MS = 2500
_BEEP_WITHIN_MS = 2500
_BEEP_KEPT_MS = 3000
_MOST_TRANSCRIPTS = 10
# A machine that was understood may go on: longest wait for what else it says.
_SETTLING_MS = 4000
# Nobody waits that long before the first word, whatever the bot has said meanwhile.
_SILENT_MS = 20_000
_PEOPLE = (Category.HUMAN, Category.UNDECIDED, Category.SILENCE)


class Answered:
    """Judges what is heard after the answer.

    Args:
        languages: what may be spoken, the likeliest first.
    """

    def __init__(self, languages: Sequence[str]) -> None:
        self._stretch = Stretch()
        self._words = Words(languages, _MOST_TRANSCRIPTS)
        self._category: Category | None = None
        self._final = False
        self._now_ms = 0
        self._understood_ms = 0
        self._beep: Run | None = None
        self._beeped: Beep | None = None

    def feed(self, frame: bytes, voiced: bool, runs: Sequence[Run]) -> list[Event]:
        """Take the next frame; return what it brought about."""
        self._now_ms += FRAME_MS
        self._stretch.feed(frame, voiced)
        events = [*self._by_beep(runs), *self._by_tone(runs), *self._by_length(), *self._settle()]
        if self._category is None and self._now_ms >= DECISION_MS:
            events += self._decide(Category.UNDECIDED if self._speech else Category.SILENCE, "time")
        if self._category is Category.SILENCE and self._now_ms == _SILENT_MS:
            events.append(Verdict(Category.SILENCE, self._now_ms, True, "time"))
        return [*events, *self._ask()]

    def transcribed(self, request_id: int, text: str | None) -> list[Event]:
        """Take a transcript."""
        understood = self._words.take(request_id, text)
        if understood is None or not understood.certain:
            return [*self._by_length(), *self._settle()]
        # What is known already is not to be lost in words that say less.
        unclear = understood.category is Category.ANNOUNCEMENT
        wanted = self._words.ask_again() if unclear and self._category is not Category.VOICEMAIL else None
        again: list[Event] = [wanted] if wanted is not None else []
        if (self._category is Category.VOICEMAIL or unclear) and self._category not in (None, *_PEOPLE):
            return [*self._settle(), *again]
        self._understood_ms = self._understood_ms or self._now_ms
        beep = self._beeped
        if understood.category is Category.VOICEMAIL and beep and self._now_ms < beep.at_ms + _BEEP_KEPT_MS:
            return [*self._decide(Category.VOICEMAIL, "words", final=True), beep]
        return [*self._decide(understood.category, "words"), *self._settle(), *again]

    def _settle(self) -> list[Event]:
        """A machine that has come to its end, or was understood a while ago, is final."""
        if self._final or not self._understood_ms or self._category in (*_PEOPLE, Category.ANNOUNCEMENT):
            return []
        silent = self._stretch.pause_ms > _SENTENCE_PAUSE_MS and not self._words.waiting
        ended = silent and self._words.new_ms(self._stretch) < _SENTENCE_LEAST_MS
        if not ended and self._now_ms < self._understood_ms + _SETTLING_MS:
            return []
        assert self._category is not None
        return self._decide(self._category, "words", final=True)

    @property
    def _speech(self) -> bool:
        return self._stretch.number > 0 and self._stretch.voiced_ms >= _LEAST_HELLO_MS

    def _by_length(self) -> list[Event]:
        """Whoever has said something and waits is a person, unless his words were others."""
        stretch = self._stretch
        if self._category not in (None, Category.SILENCE, Category.UNDECIDED) or not self._speech:
            return []
        if stretch.pause_ms < _HELLO_PAUSE_MS:
            return []
        number, covered_ms = self._words.covered
        heard = number == stretch.number and covered_ms >= stretch.voiced_ms - _SENTENCE_LEAST_MS
        if stretch.span_ms <= _SHORT_HELLO_MS or heard:
            return self._decide(Category.HUMAN, "length")
        return []

    def _by_beep(self, runs: Sequence[Run]) -> list[Event]:
        if self._now_ms > _BEEP_UNTIL_MS:
            return []
        beep = find_beep(runs)
        if beep is None or beep is self._beep:
            return []
        self._beep = beep
        spoke = self._stretch.voiced_ms >= _BEFORE_BEEP_MS and self._stretch.pause_ms <= _BEEP_WITHIN_MS
        if self._category is not Category.VOICEMAIL and not spoke:
            # The words that were said before it may still be on their way.
            self._beeped = Beep(self._now_ms, beep.frequency_hz)
            return []
        return [
            *self._decide(Category.VOICEMAIL, "beep", final=True),
            Beep(self._now_ms, beep.frequency_hz),
        ]

    def _by_tone(self, runs: Sequence[Run]) -> list[Event]:
        """A gateway that answers and then plays the network's tones."""
        if self._category not in (None, *_PEOPLE) or self._now_ms > _WORDS_UNTIL_MS or not runs:
            return []
        signal = find_information_tones(runs)
        cadence = find_cadence(runs) if signal is None else None
        if cadence is not None:
            signal = cadence.category
        return [] if signal is None else self._decide(signal, "tone", final=signal is not Category.RINGING)

    def _ask(self) -> list[Event]:
        if self._final or self._now_ms > _WORDS_UNTIL_MS:
            return []
        stretch, new_ms = self._stretch, self._words.new_ms(self._stretch)
        undecided = self._category is None or self._category is Category.ANNOUNCEMENT
        more_ms = _MORE_WORDS_MS if undecided else _LATER_WORDS_MS
        due = new_ms >= (_FIRST_WORDS_MS if new_ms == stretch.voiced_ms and undecided else more_ms)
        if stretch.pause_ms == _SENTENCE_PAUSE_MS and stretch.span_ms > _SHORT_HELLO_MS:
            due = new_ms >= _SENTENCE_LEAST_MS
        if not due:
            return []
        wanted = self._words.ask(stretch)
        return [wanted] if wanted is not None else []

    def _decide(self, category: Category, by: str, final: bool = False) -> list[Event]:
        if self._final or (category is self._category and not final):
            return []
        self._category, self._final = category, final
        return [Verdict(category, self._now_ms, final, by)]
