"""Whether what a caller says over the bot's words is meant to interrupt it.

Judged on the words alone, of a partial transcript or a whole one. A text is cut into units: each Han character is one,
each Latin word and each number is one, so Mandarin is counted in characters and English in words. Then the longest
known phrases are taken out, from left to right; what is left over is content.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable

from voicebot.conversation.phrases import ANSWERS, FILLERS, PICKUPS, QUESTIONS, STOPS

Units = tuple[str, ...]

_UNIT = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|\d+|[a-z]+(?:['\u2019-][a-z]+)*")
_ENOUGH_UNITS = 2
_LONG_WORD = 5
_ECHO_UNITS = 4
_QUESTION_END = re.compile("[?\uff1f][\"'\u201d\u2019\u300d\uff09)]*$")


class Verdict(enum.Enum):
    """What a text is, said while the bot talks."""

    NOISE = "noise"
    """No words."""
    BACKCHANNEL = "backchannel"
    """A sign that the caller listens, or a hesitation: go on."""
    ECHO = "echo"
    """The bot's own words."""
    PICKUP = "pickup"
    """What people say when they pick up the phone."""
    UNCLEAR = "unclear"
    """Too little to tell yet."""
    CONTENT = "content"
    ANSWER = "answer"
    """A short answer to the question that was just heard."""
    STOP = "stop"
    """A request to stop, a refusal, or that nothing can be heard."""

    @property
    def takes_floor(self) -> bool:
        """The bot falls silent for this."""
        return self in (Verdict.CONTENT, Verdict.ANSWER, Verdict.STOP)


def judge(
    language: str, text: str, *, asked: bool = False, final: bool = False, pickup: bool = False, spoken: str = ""
) -> Verdict:
    """Judge what a caller says while the bot talks.

    Args:
        language: "zh" or "en"; the other language's phrases are not known then.
        text: what was understood so far.
        asked: what the caller heard of the bot so far ended in a question, so that a short answer is an answer.
        final: nothing will be added to the text, so there is no waiting for more.
        pickup: the call has just been answered, so that "hello?" is no request; a "yes" is one if ``asked``.
        spoken: what the bot says now; its own words coming back are an echo. Not looked at if ``asked``: callers
            repeat what they choose.
    """
    units = to_units(text)
    if not units:
        return Verdict.NOISE
    kinds, rest = _take_out(units, language)
    if pickup and is_pickup(language, text) and not (asked and "answer" in kinds):
        return Verdict.PICKUP
    if "stop" in kinds:
        return Verdict.STOP
    if not asked and _is_echo(units, to_units(spoken)):
        return Verdict.ECHO
    if "question" in kinds or _weighs_enough(rest) or (rest and final):
        return Verdict.CONTENT
    if rest:
        return Verdict.UNCLEAR
    return Verdict.ANSWER if asked and "answer" in kinds else Verdict.BACKCHANNEL


def is_pickup(language: str, text: str) -> bool:
    """Tell whether a text is nothing but what people say when they pick up the phone."""
    units = to_units(text)
    phrases = _PICKUP.get(language, _PICKUP["en"])
    at = 0
    while at < len(units):
        length = _longest(units, at, phrases)
        if not length:
            return False
        at += length
    return bool(units)


def is_question(text: str) -> bool:
    """Tell whether a sentence of the bot's asks something."""
    return bool(_QUESTION_END.search(text.strip()))


def to_units(text: str) -> Units:
    """Cut a text into Han characters, Latin words and numbers; punctuation and blanks are dropped."""
    return tuple(_UNIT.findall(text.lower().replace("\u2019", "'")))


def _take_out(units: Units, language: str) -> tuple[set[str], Units]:
    """Return the kinds of the known phrases in a text, and what is left without them."""
    kinds: set[str] = set()
    rest: list[str] = []
    known = _KNOWN.get(language, _KNOWN["en"])
    at = 0
    while at < len(units):
        length, kind = max((_longest(units, at, phrases), kind) for kind, phrases in known.items())
        if length:
            kinds.add(kind)
        else:
            rest.append(units[at])
        at += length or 1
    return kinds, tuple(rest)


def _longest(units: Units, at: int, phrases: frozenset[Units]) -> int:
    """Return the length of the longest phrase that begins at a unit, 0 if none does."""
    return next((length for length in range(_LONGEST, 0, -1) if units[at : at + length] in phrases), 0)


def _weighs_enough(rest: Units) -> bool:
    if len(rest) >= _ENOUGH_UNITS:
        return True
    return any(unit.isdigit() or len(unit) >= _LONG_WORD for unit in rest)


def _is_echo(units: Units, spoken: Units) -> bool:
    if len(units) < _ECHO_UNITS:
        return False
    return any(spoken[at : at + len(units)] == units for at in range(len(spoken) - len(units) + 1))


def _phrases(texts: Iterable[str]) -> frozenset[Units]:
    return frozenset(to_units(text) for text in texts)


# Kinds of the same length at the same place: the alphabetically last one wins, so a stop beats all others.
_KNOWN = {
    language: {
        "answer": _phrases(ANSWERS[language]),
        "filler": _phrases(FILLERS[language]),
        "question": _phrases(QUESTIONS[language]),
        "stop": _phrases(STOPS[language]),
    }
    for language in ("zh", "en")
}
_PICKUP = {language: _phrases([*PICKUPS[language], *FILLERS[language]]) for language in ("zh", "en")}
_LONGEST = max(len(units) for kinds in _KNOWN.values() for phrases in kinds.values() for units in phrases)
