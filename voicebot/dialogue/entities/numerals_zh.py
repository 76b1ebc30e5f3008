"""Mandarin numerals: what a run of 一二三, 十百千万亿 and Arabic digits means.

cn2an reads well-formed numerals, but raises on 半, 百万 or 一亿二 and needs to be told where a numeral ends. Callers'
numerals are found and read here in one go; the tests hold cn2an's writing of a number against it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

DIGIT_VALUES = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2, "幺": 1}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_BIG_UNITS = {"万": 10_000, "亿": 100_000_000}
_ARABIC = r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?"
NUMERAL = rf"负?(?:{_ARABIC}|[零一二两三四五六七八九幺十百千万亿])+(?:点[零一二三四五六七八九0-9]+)?[万亿]?"
"""A candidate; read() tells whether it is a numeral."""
SMALL = r"(?:[0-9]{1,2}(?![0-9])|[零一二两三四五六七八九十]{1,3})"
"""A candidate of a number below a hundred; read_small() tells."""
_TOKEN = re.compile(rf"{_ARABIC}|[零一二两三四五六七八九幺十百千万亿]")
_MOST_CHARACTERS = 48


def _small_values() -> dict[str, int]:
    digits = "零一二三四五六七八九"
    values = {"两": 2} | {f"零{digits[value]}": value for value in range(1, 10)}
    for value in range(100):
        tens, ones = divmod(value, 10)
        han = (digits[tens] if tens > 1 else "") + ("十" if tens else "") + (digits[ones] if ones or not tens else "")
        values |= {han: value, str(value): value, f"{value:02}": value}
    return values


_SMALL_VALUES = _small_values()

ROUND, SHORT, STRING = 1.0, 0.9, 0.75
"""Confidence of a full numeral (两千零五), of one whose last unit is left out (一百五), and of digits in a row."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """The value of a numeral and how sure its reading is."""

    value: Decimal
    confidence: float


def read(text: str) -> Numeral | None:
    """Return what a numeral means, None if it is none: 五六十, 万, 一百二三, 零零三."""
    if not text or len(text) > _MOST_CHARACTERS:
        return None
    if text[0] == "负":
        positive = read(text[1:])
        return positive and Numeral(-positive.value, positive.confidence)
    scale = 1
    whole, point, fraction = text.partition("点")
    if point:
        if fraction[-1:] in _BIG_UNITS:
            scale, fraction = _BIG_UNITS[fraction[-1]], fraction[:-1]
        if not fraction or any(digit in "十百千万亿" for digit in fraction):
            return None
    numeral = _whole(whole)
    if numeral is None or not point:
        return numeral
    places = "".join(digit if digit.isascii() else str(DIGIT_VALUES[digit]) for digit in fraction)
    return Numeral((numeral.value + Decimal(f"0.{places}")) * scale, numeral.confidence)


def read_small(text: str) -> int:
    """Return a number below a hundred, -1 if the text is none; for hours, minutes, days and months."""
    return _SMALL_VALUES.get(text, -1)


def _whole(text: str) -> Numeral | None:
    tokens = _TOKEN.findall(text)
    if not tokens or "".join(tokens) != text:
        return None
    if len(tokens) > 1 and all(token in DIGIT_VALUES for token in tokens):
        digits = "".join(str(DIGIT_VALUES[token]) for token in tokens)
        return None if digits[0] == "0" else Numeral(Decimal(digits), STRING)
    return _with_units(tokens)


class _Reading:
    """A numeral, read from left to right."""

    def __init__(self) -> None:
        self.above = 0  # what 万 and 亿 have closed
        self.section: Decimal = Decimal(0)
        self.digit: Decimal | None = None
        self.unit = 0  # the last unit; the next must be smaller
        self.big_unit = 0
        self.zero = False

    def take_digit(self, value: Decimal, is_zero: bool) -> bool:
        if self.digit is not None:
            return False
        if is_zero and (self.section or self.above):
            self.zero = True
        else:
            self.digit = value
        return True

    def take_unit(self, unit: int) -> bool:
        if self.digit is None and unit == 10 and self.unit != 10:
            self.digit = Decimal(1)  # 十五, 一百十五
        if self.digit is None or not 0 < self.digit < 10 or (self.unit and unit >= self.unit):
            return False
        self.section += self.digit * unit
        self.digit, self.unit, self.zero = None, unit, False
        return True

    def take_big_unit(self, unit: int) -> bool:
        section = self.section + (self.digit or 0)
        if self.digit is None and not self.section and not (self.above and unit > self.big_unit):
            return False
        if unit == self.big_unit:
            return False
        if self.digit is not None and self.unit > 10 and not self.zero:
            section = self.section + self.digit * self.unit / 10  # 一百五万
        self.above = int((self.above + section) * unit) if unit > self.big_unit else self.above + int(section * unit)
        self.section, self.digit, self.unit, self.zero = Decimal(0), None, 0, False
        self.big_unit = unit
        return True

    def end(self) -> Numeral:
        last = self.unit or self.big_unit
        total = self.above + self.section
        if self.digit is None:
            return Numeral(Decimal(total), ROUND)
        if last <= 10 or self.zero:
            return Numeral(total + self.digit, ROUND)
        return Numeral(total + self.digit * last / 10, SHORT)


def _with_units(tokens: list[str]) -> Numeral | None:
    reading = _Reading()
    for token in tokens:
        if token in _UNITS:
            taken = reading.take_unit(_UNITS[token])
        elif token in _BIG_UNITS:
            taken = reading.take_big_unit(_BIG_UNITS[token])
        else:
            value = Decimal(DIGIT_VALUES[token]) if token in DIGIT_VALUES else Decimal(token.replace(",", ""))
            taken = reading.take_digit(value, token == "零")
        if not taken:
            return None
    if reading.digit is not None and (reading.unit or reading.big_unit) and reading.digit >= 10:
        return None  # 一百25
    return reading.end()
