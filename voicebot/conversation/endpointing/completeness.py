"""Whether words are a whole answer to what was asked."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass

from voicebot.conversation.endpointing.phrases import Phrases
from voicebot.conversation.endpointing.phrases_en import EN
from voicebot.conversation.endpointing.phrases_zh import ZH
from voicebot.conversation.endpointing.spoken import CLAUSES, asks, digits_of, is_dictation, is_word, plain, trails_off
from voicebot.protocol.expectation import Expectation, Expected

_FEWEST = 3
"""Characters or words that a clause behind a comma has at least; fewer are a "yes" or a "well"."""
_FEW = 4
"""Characters or words of a group of digits, at most."""
_SOME = 2
"""So many digits among other words are part of a number where one was asked for."""
_DICTATED = 3
"""So many digits and nothing else are being dictated, whatever was asked for."""


@dataclass(frozen=True, slots=True)
class _Number:
    """A kind of telephone number: how it begins, how many digits it has at least, and how many make it whole."""

    begins: re.Pattern[str]
    fewest: int
    whole: int


_NUMBERS = {
    "zh": (
        _Number(re.compile("86"), 13, 13),
        _Number(re.compile("1"), 11, 11),
        _Number(re.compile("[48]00"), 10, 10),
        _Number(re.compile("010|02"), 11, 11),
        _Number(re.compile("0"), 11, 12),
        _Number(re.compile(""), 7, 8),
    ),
    "en": (_Number(re.compile("1"), 11, 11), _Number(re.compile(""), 7, 10)),
}
"""The first that fits counts. China: mobile and service numbers, area codes, numbers of one's own city; the North
American plan, where seven digits are a number of one's own area."""


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
    if phrases.correcting.search(said.words) and not phrases.answers.fullmatch(said.words):
        return Completeness.UNFINISHED
    judged = _BY_KIND[expectation.kind](said) if expectation.kind in _BY_KIND else None
    if judged is not None:
        return judged
    # Digits that were misheard look like a clause.
    digits_wanted = _BY_KIND.get(expectation.kind) in (_digits, _phone)
    if digits_wanted and _may_be_misheard_digits(said):
        return Completeness.GROWING
    return _in_general(said, clauses=not digits_wanted)


def _may_be_misheard_digits(said: _Said) -> bool:
    """Tell whether words are few, and nothing that is said instead of a number: a group of it, in other words."""
    phrases = said.phrases
    if phrases.fillers.fullmatch(said.words) or phrases.unfinished.search(said.words):
        return False
    few = len(phrases.unit_of_length.findall(said.words)) <= _FEW
    return few and not phrases.closed.search(said.words) and not phrases.answers.fullmatch(said.words)


def _in_general(said: _Said, *, clauses: bool) -> Completeness:
    phrases = said.phrases
    if phrases.fillers.fullmatch(said.words) or trails_off(said.text):
        return Completeness.UNFINISHED
    if asks(said.text) and not phrases.asking.fullmatch(said.words):
        return Completeness.CLOSED
    if phrases.unfinished.search(said.words):
        return Completeness.UNFINISHED
    if is_dictation(said.text, said.language) and len(digits_of(said.text, said.language)) >= _DICTATED:
        return Completeness.GROWING
    whole = phrases.closed.search(said.words) or (clauses and _is_clause(said))
    return Completeness.CLOSED if whole else Completeness.UNKNOWN


def _is_clause(said: _Said) -> bool:
    """Tell whether the words can be a whole sentence: enough of them, and nothing that another clause must follow."""
    phrases = said.phrases
    if phrases.hanging.search(said.words):
        return False
    lengths = [len(phrases.unit_of_length.findall(clause)) for clause in CLAUSES.split(said.words)]
    another = sum(length >= _FEWEST for length in lengths) > 1
    return sum(lengths) >= phrases.clause_length and (another or not phrases.leading.match(said.words))


def _yes_no(said: _Said) -> Completeness | None:
    phrases = said.phrases
    if phrases.answers.fullmatch(said.words):
        return Completeness.COMPLETE
    if phrases.fillers.fullmatch(said.words) or phrases.unfinished.search(said.words) or trails_off(said.text):
        return None
    # Who is asked for a yes or a no and says one word has said it, however it was misheard.
    return Completeness.CLOSED if is_word(said.words) else None


def _digits(said: _Said) -> Completeness | None:
    if not is_dictation(said.text, said.language):
        # With digits in it, most likely the others were misheard; without any, something else was said instead.
        return Completeness.GROWING if len(digits_of(said.text, said.language)) >= _SOME else None
    count = len(digits_of(said.text, said.language))
    if said.digits is None:
        return Completeness.GROWING
    fewest, most = said.digits
    if count < fewest:
        return Completeness.UNFINISHED
    return Completeness.COMPLETE if count == most else Completeness.GROWING


def _phone(said: _Said) -> Completeness | None:
    if said.digits is not None or not is_dictation(said.text, said.language):
        return _digits(said)
    digits = digits_of(said.text, said.language)
    for number in _NUMBERS["zh" if said.language == "zh" else "en"]:
        if number.begins.match(digits):
            if len(digits) < number.fewest:
                return Completeness.UNFINISHED
            return Completeness.COMPLETE if len(digits) == number.whole else Completeness.GROWING
    return Completeness.UNFINISHED


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
