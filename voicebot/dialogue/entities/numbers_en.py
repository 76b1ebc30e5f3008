"""Numbers, ordinals and percentages in English."""

from __future__ import annotations

import re
from decimal import Decimal

from voicebot.dialogue.entities.dates_en import ORDINAL, day_number
from voicebot.dialogue.entities.entity import EntityKind, Found
from voicebot.dialogue.entities.numerals_en import Numeral
from voicebot.dialogue.entities.said import Said
from voicebot.dialogue.entities.spoken_en import ordinal
from voicebot.dialogue.entities.values import MOST, plain

_ORDINAL = re.compile(rf"\b(?P<words>{ORDINAL})\b(?! (?:of all|things|time|hand|rate|class|aid))")
_NOT_ORDINAL = re.compile(r"\b(?:at|a|one|each|every|per|wait|just|split|sixty|thirty|ten|five|two|few|love at) $")
_PERCENT = re.compile(r" ?(?:%|per ?cent\b)")
_IDIOM_BEFORE = re.compile(
    r"\b(?:no|this|that|the|which|any|every|each|another|other|good|right|same|new|last|next|only|some|some ?one|big"
    r"|first|old|nice|wrong|my|your|square|day|one on|back to|for) $"
)
_IDIOM_AFTER = re.compile(
    r"'|-way| (?:of\b|another|more|thing|moment|second|sec\b|minute\b|day\b|is\b|that\b|by\b|who\b|time\b|at a|can\b"
    r"|could\b|would\b|should\b|has\b|with\b|or two|on one|and only)"
)
_ATTACHED_BEFORE = re.compile(r"[a-z][-_.]?$|[0-9][:/.-]$|[$€£¥#]$")
_ATTACHED_AFTER = re.compile(r"[a-z_:/]|-[0-9]")


def find_percents(said: Said) -> list[Found]:
    """Return percentages: "thirty percent", "3.5 %"."""
    found = []
    for numeral in said.numerals_en:
        match = _PERCENT.match(said.text, numeral.end)
        if match and numeral.pair is None and abs(numeral.value) < MOST:
            value = plain(numeral.value)
            found.append(Found(EntityKind.PERCENT, numeral.start, match.end(), value + "%", value + " percent", 0.95))
    return found


def find_ordinals(said: Said) -> list[Found]:
    """Return ordinals: "the second one", "21st"; "at first" and "a second" are none."""
    return [
        Found(
            EntityKind.ORDINAL, *match.span(), str(day_number(match["words"])), ordinal(day_number(match["words"])), 0.9
        )
        for match in _ORDINAL.finditer(said.text)
        if not _NOT_ORDINAL.search(said.text[: match.start()])
    ]


def find_numbers(said: Said) -> list[Found]:
    """Return numbers; "one of them" and "no one" count nothing."""
    found = []
    for numeral in said.numerals_en:
        if not _is_count(said.text, numeral) or abs(numeral.value) >= MOST:
            continue
        value = plain(numeral.value)
        confidence = round(0.95 * numeral.confidence, 2)
        found.append(Found(EntityKind.NUMBER, numeral.start, numeral.end, value, value, confidence))
    return found


def _is_count(text: str, numeral: Numeral) -> bool:
    before, after = text[: numeral.start], text[numeral.end : numeral.end + 10]
    if _ATTACHED_BEFORE.search(before) or _ATTACHED_AFTER.match(after):
        return False
    if numeral.value == Decimal(1) and text[numeral.start : numeral.end] == "one":
        return not (_IDIOM_BEFORE.search(before) or _IDIOM_AFTER.match(after))
    return True
