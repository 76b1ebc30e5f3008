"""Whether words are a whole answer to what was asked."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from voicebot.conversation.endpointing.phrases import Phrases
from voicebot.conversation.endpointing.phrases_en import EN
from voicebot.conversation.endpointing.phrases_zh import ZH
from voicebot.conversation.endpointing.spoken import asks, count_digits, figures_of, is_dictation, plain, trails_off
from voicebot.protocol.expectation import Expectation, Expected

_FEWEST_OF_A_PHONE_NUMBER = 7
_PHONE = {"zh": (11, "86"), "en": (10, "1")}
"""Digits of a telephone number, and what stands before it when it is dictated with its country."""
_DICTATED = 3
"""So many digits and nothing else are being dictated, whatever was asked for."""


class Completeness(enum.Enum):
    """How complete an answer looks."""

    COMPLETE = "complete"
    """It is what was asked for, and all of it."""
    CLOSED = "closed"
    """A sentence that has come to its end."""
    UNKNOWN = "unknown"
    """Nothing tells."""
    GROWING = "growing"
    """It may be all, and just as well go on: digits between the fewest and the most, a day without the time."""
    UNFINISHED = "unfinished"
    """There must be more to come."""


@dataclass(frozen=True, slots=True)
class _Said:
    text: str
    words: str
    language: str
    phrases: Phrases
    digits: tuple[int, int] | None


def judge(text: str, expectation: Expectation, language: str) -> Completeness:
    """Tell how complete the words so far are.

    Args:
        text: as the recogniser wrote it.
        expectation: what was asked for.
        language: "zh"; anything else is read as English.
    """
    phrases = ZH if language == "zh" else EN
    said = _Said(text, plain(text), language, phrases, expectation.digits)
    if not said.words:
        return Completeness.UNKNOWN
    judged = _BY_KIND[expectation.kind](said) if expectation.kind in _BY_KIND else None
    return judged or _in_general(said)


def _in_general(said: _Said) -> Completeness:
    phrases = said.phrases
    if phrases.fillers.fullmatch(said.words) or trails_off(said.text):
        return Completeness.UNFINISHED
    if asks(said.text):
        return Completeness.CLOSED
    if phrases.unfinished.search(said.words):
        return Completeness.UNFINISHED
    if is_dictation(said.text, said.language) and count_digits(said.text, said.language) >= _DICTATED:
        return Completeness.GROWING
    return Completeness.CLOSED if phrases.closed.search(said.words) else Completeness.UNKNOWN


def _yes_no(said: _Said) -> Completeness | None:
    return Completeness.COMPLETE if said.phrases.answers.fullmatch(said.words) else None


def _digits(said: _Said) -> Completeness | None:
    if not is_dictation(said.text, said.language):
        return None  # something else was said in place of an answer
    count = count_digits(said.text, said.language)
    if said.digits is None:
        return Completeness.GROWING
    fewest, most = said.digits
    if count < fewest:
        return Completeness.UNFINISHED
    return Completeness.COMPLETE if count == most else Completeness.GROWING


def _phone(said: _Said) -> Completeness | None:
    if said.digits is not None or not is_dictation(said.text, said.language):
        return _digits(said)
    count, figures = count_digits(said.text, said.language), figures_of(said.text)
    if count < _FEWEST_OF_A_PHONE_NUMBER:
        return Completeness.UNFINISHED
    whole, country = _PHONE["zh" if said.language == "zh" else "en"]
    if len(figures) == count and figures.startswith(country):
        whole += len(country)
    return Completeness.COMPLETE if count == whole else Completeness.GROWING


def _date(said: _Said) -> Completeness | None:
    if said.phrases.unfinished.search(said.words) or said.phrases.day_unfinished.search(said.words):
        return Completeness.UNFINISHED
    return Completeness.COMPLETE if said.phrases.day.search(said.words) else None


def _time(said: _Said) -> Completeness | None:
    if said.phrases.unfinished.search(said.words):
        return Completeness.UNFINISHED
    if said.phrases.time_may_go_on.search(said.words):
        return Completeness.CLOSED
    if said.phrases.time.search(said.words):
        return Completeness.COMPLETE
    return Completeness.UNFINISHED if said.phrases.daypart.search(said.words) else None


def _moment(said: _Said) -> Completeness | None:
    time = _time(said)
    day = said.phrases.day.search(said.words)
    if time is Completeness.COMPLETE:
        return Completeness.COMPLETE if day else Completeness.CLOSED
    if time is not None:
        return time
    date = _date(said)
    return Completeness.GROWING if date is Completeness.COMPLETE else date


def _quantity(said: _Said) -> Completeness | None:
    if said.phrases.unfinished.search(said.words):
        return Completeness.UNFINISHED
    if not said.phrases.number.search(said.words):
        return None
    return Completeness.COMPLETE if said.phrases.unit.search(said.words) else Completeness.CLOSED


_BY_KIND: dict[Expected, Callable[[_Said], Completeness | None]] = {
    Expected.YES_NO: _yes_no,
    Expected.DIGITS: _digits,
    Expected.PHONE: _phone,
    Expected.DATE: _date,
    Expected.TIME: _time,
    Expected.DATETIME: _moment,
    Expected.NUMBER: _quantity,
    Expected.MONEY: _quantity,
    Expected.DURATION: _quantity,
}
