"""Amounts of money in English: "a hundred and five dollars fifty", "$12.50", "fifty cents", "twelve fifty"."""

from __future__ import annotations

import re
from decimal import Decimal

from voicebot.dialogue.entities.entity import EntityKind, Found
from voicebot.dialogue.entities.numbers_en import find_numbers
from voicebot.dialogue.entities.numerals_en import Numeral
from voicebot.dialogue.entities.said import Said
from voicebot.dialogue.entities.spoken_en import money
from voicebot.dialogue.entities.values import MOST, cents

_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY"}
_UNITS = {
    **{"dollar": "USD", "dollars": "USD", "buck": "USD", "bucks": "USD", "usd": "USD"},
    **{"euro": "EUR", "euros": "EUR", "pound": "GBP", "pounds": "GBP", "quid": "GBP"},
    **{"yuan": "CNY", "rmb": "CNY", "kuai": "CNY", "renminbi": "CNY", "yen": "JPY"},
}
_UNIT = re.compile(rf"[ -]?(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})\b")
_OF = re.compile(r" of(?= )")
_CENTS = re.compile(r" ?(?:cents?|pence|p)\b")
_AND = re.compile(r",? (?:and )?$")
_COUNTS_SOMETHING = re.compile(r" ?[a-z%]")
_WEIGHT = re.compile(r" (?:of (?!them|it)|in weight|heavier|lighter|overweight)")
_PLAIN, _ROUGH, _BARE = 0.95, 0.5, 0.6


def find_amounts(said: Said) -> list[Found]:
    """Return amounts; a bare number is one only where money was asked for, and "twelve fifty" is 12.50 then."""
    numerals = said.numerals_en
    found: list[Found] = []
    taken: set[int] = set()
    for place, numeral in enumerate(numerals):
        if place in taken:
            continue
        following = numerals[place + 1] if place + 1 < len(numerals) else None
        amount, used_next = _amount(said, numeral, following)
        if amount is not None:
            found.append(amount)
            taken |= {place + 1} if used_next else set()
    if not found and EntityKind.MONEY in said.asked:
        return _bare(said, numerals)
    return found


def _amount(said: Said, numeral: Numeral, following: Numeral | None) -> tuple[Found | None, bool]:
    """Return an amount, and whether the number after it is a part of it: its cents."""
    text, start = said.text, numeral.start
    value = _value(numeral)
    sign = _SIGNS.get(text[start - 1 : start]) if start else None
    if sign:
        return _found(start - 1, numeral.end, value, sign, _PLAIN), False
    vague = text[start : numeral.end] == "a couple"
    of = _OF.match(text, numeral.end) if vague else None
    match = _UNIT.match(text, of.end() if of else numeral.end)
    if match is None:
        return _only_cents(said, numeral, value), False
    if match["unit"] in ("pound", "pounds") and _WEIGHT.match(text, match.end()):
        return None, False
    cents_end = _cents_after(text, match.end(), following)
    if following is not None and cents_end:
        return _found(start, cents_end, value + following.value / 100, _UNITS[match["unit"]], _PLAIN), True
    return _found(start, match.end(), value, _UNITS[match["unit"]], _ROUGH if vague else _PLAIN), False


def _only_cents(said: Said, numeral: Numeral, value: Decimal) -> Found | None:
    match = _CENTS.match(said.text, numeral.end)
    if match is None or numeral.pair is not None or match[0].strip() == "p" or value >= 100:
        return None
    currency = "GBP" if "pence" in match[0] else said.currency
    return _found(numeral.start, match.end(), value / 100, currency, _PLAIN)


def _cents_after(text: str, end: int, following: Numeral | None) -> int:
    """Return where the cents after an amount end, 0 if there are none: "five dollars fifty", "and fifty cents"."""
    if following is None or not _AND.fullmatch(text, end, following.start):
        return 0
    if not 0 < following.value < 100 or following.value != int(following.value):
        return 0
    match = _CENTS.match(text, following.end)
    if match:
        return match.end()
    directly = following.start - end == 1 and following.value >= 10
    return following.end if directly and not _COUNTS_SOMETHING.match(text, following.end) else 0


def _value(numeral: Numeral) -> Decimal:
    """Return the amount of a numeral: "twelve fifty" dollars are 12.50."""
    if numeral.pair is not None and numeral.pair[0] < 100:
        return Decimal(numeral.pair[0]) + Decimal(numeral.pair[1]) / 100
    return numeral.value


def _found(start: int, end: int, amount: Decimal, currency: str, confidence: float) -> Found | None:
    if not 0 <= amount < MOST:
        return None
    return Found(EntityKind.MONEY, start, end, f"{currency} {cents(amount)}", money(amount, currency), confidence)


def _bare(said: Said, numerals: list[Numeral]) -> list[Found]:
    counts = {number.start for number in find_numbers(said)}
    amounts = [
        _found(numeral.start, numeral.end, _value(numeral), said.currency, min(_BARE, numeral.confidence))
        for numeral in numerals
        if numeral.start in counts
    ]
    return [amount for amount in amounts if amount is not None]
