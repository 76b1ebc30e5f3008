"""Amounts of money in English: "a hundred and five dollars fifty", "$12.50", "fifty cents", "twelve fifty"."""

from __future__ import annotations

import re
from decimal import Decimal

from voicebot.dialogue.entities.entity import EntityKind, Found
from voicebot.dialogue.entities.said import Said
from voicebot.dialogue.entities.numbers_en import find_numbers
from voicebot.dialogue.entities.numerals_en import Numeral
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
_WEIGHT = re.compile(r" (?:of (?!them|it)|in weight|heavier|lighter|overweight)")
_PLAIN, _ROUGH, _BARE = 0.95, 0.5, 0.6


def find_amounts(said: Said) -> list[Found]:
    """Return amounts; a bare number is one only where money was asked for, and "twelve fifty" is 12.50 then."""
    text = said.text
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
    text, start = said.text, numeral.start
    value = _value(numeral)
    sign = _SIGNS.get(text[start - 1 : start]) if start else None
    if sign:
        return _found(start - 1, numeral.end, value, sign, _PLAIN), False
    vague = text[start : numeral.end] == "a couple"
    match = _UNIT.match(text, _OF.match(text, numeral.end).end() if vague and _OF.match(text, numeral.end) else numeral.end)  # type: ignore[union-attr]
    if match is None:
        small = _CENTS.match(text, numeral.end)
        if small and numeral.pair is None and small[0].strip() != "p" and value < 100:
            currency = "GBP" if "pence" in small[0] else said.currency
            return _found(start, small.end(), value / 100, currency, _PLAIN), False
        return None, False
    currency = _UNITS[match["unit"]]
    if match["unit"] in ("pound", "pounds") and _WEIGHT.match(text, match.end()):
        return None, False
    end, used = match.end(), False
    if following is not None and _AND.fullmatch(text, end, following.start) and 0 < following.value < 100:
        small = _CENTS.match(text, following.end)
        directly = following.start - end == 1 and following.value >= 10 and not re.match(r" ?[a-z%]", text[following.end :])
        if (small or directly) and following.value == int(following.value):
            value, used = value + following.value / 100, True
            end = small.end() if small else following.end
    return _found(start, end, value, currency, _ROUGH if vague else _PLAIN), used


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
