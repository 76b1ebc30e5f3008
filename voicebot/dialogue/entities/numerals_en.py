"""English numerals: "a hundred and twenty eight", "twelve hundred", "one point five", "1,280"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

DIGIT_WORDS = {
    word: value
    for value, word in enumerate(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))
}
TEENS = {
    word: value
    for value, word in enumerate(
        ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
        start=10,
    )
}
TENS = {
    word: value * 10
    for value, word in enumerate(
        ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), start=2
    )
} | {"fourty": 40}
_HOUR_WORDS = (*DIGIT_WORDS, "ten", "eleven", "twelve")
_SCALES = {"thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000, "k": 1000}
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])|[0-9]+(?:\.[0-9]+)?|[^\s]")
_DIGITS = frozenset("0123456789")

PLAIN, PAIRED, STRING, VAGUE = 1.0, 0.5, 0.7, 0.5
"""Confidence of a full numeral, of two of them ("twelve fifty"), of digits in a row, and of "a couple"."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """A numeral and its place. ``pair``: the two numbers of "twelve fifty", which may be 1250, 12:50 or 12.50."""

    start: int
    end: int
    value: Decimal
    confidence: float
    pair: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """A word, number or sign of the text."""

    text: str
    start: int
    end: int


def words_of(text: str) -> list[Word]:
    """Return the words, numbers and signs of a folded text; "twenty-eight" is two words."""
    return [
        Word(match[0], match.start(), match.end())
        for match in _WORD.finditer(text)
        if match[0] != "-" or not text[match.end() : match.end() + 1].isalpha()
    ]


def find_numerals(text: str) -> list[Numeral]:
    """Return the numerals of a folded text."""
    words = words_of(text)
    found, at = [], 0
    while at < len(words):
        reading = _Reading(words, at)
        numeral = reading.numeral()
        if numeral is not None:
            found.append(numeral)
        at = max(at + 1, reading.at)
    return found


class _Reading:
    """Reads one numeral from a word on; ``at`` is the word after it."""

    def __init__(self, words: list[Word], at: int) -> None:
        self._words = words
        self._first = self.at = at

    def numeral(self) -> Numeral | None:
        negative = self._take("minus", "negative")
        vague = self._vague()
        if vague is not None:
            return self._made(*vague)
        parts = self._parts()
        if not parts:
            self.at = self._first
            return None
        value, confidence, pair = _joined(parts)
        if value is None:
            return None
        if pair is None:
            value = self._fraction(value)
        return self._made(-value if negative else value, confidence, pair)

    def _made(self, value: Decimal, confidence: float, pair: tuple[int, int] | None = None) -> Numeral:
        return Numeral(self._words[self._first].start, self._words[self.at - 1].end, value, confidence, pair)

    def _peek(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self._words[at].text if at < len(self._words) else ""

    def _take(self, *texts: str) -> str:
        word = self._peek()
        if word not in texts:
            return ""
        self.at += 1
        return word

    def _vague(self) -> tuple[Decimal, float] | None:
        for words, value, confidence in (
            (("a", "couple"), Decimal(2), VAGUE),
            (("a", "dozen"), Decimal(12), PLAIN),
            (("half", "a", "dozen"), Decimal(6), PLAIN),
        ):
            if all(self._peek(place) == word for place, word in enumerate(words)):
                self.at += len(words)
                return value, confidence
        if self._peek() == "half" and self._peek(1) not in (
            "past",
            "a",
            "an",
            "of",
            "hour",
            "day",
            "way",
            "hearted",
            *_HOUR_WORDS,
        ):
            self.at += 1
            return Decimal("0.5"), 0.9
        return None

    def _parts(self) -> list[tuple[Decimal, str]]:
        """Return numbers below the next scale with their shape, one after the other: [12, 50], [1, 2, 3]."""
        parts: list[tuple[Decimal, str]] = []
        while True:
            part = self._scaled(bool(parts))
            if part is None:
                return parts
            parts.append(part)
            if part[1] in ("scaled", "arabic"):
                return parts

    def _scaled(self, follows: bool) -> tuple[Decimal, str] | None:
        group = self._group(follows)
        if group is None:
            return None
        total, (value, shape) = Decimal(0), group
        smallest = 10**12
        while (scale := _SCALES.get(self._peek(), 0)) and scale < smallest:
            self.at += 1
            total, smallest, shape = total + value * scale, scale, "scaled"
            after = self.at
            self._take("and")
            rest = self._group(True)
            if rest is None:
                self.at = after
                return total, shape
            value = rest[0]
        return total + value, shape

    def _group(self, follows: bool) -> tuple[Decimal, str] | None:
        """Return a number below a thousand, or one in Arabic digits."""
        word = self._peek()
        if word[:1] in _DIGITS and word:
            if follows and "." in word:
                return None
            self.at += 1
            return Decimal(word.replace(",", "")), "arabic"
        if word == "a" and self._peek(1) in ("hundred", "thousand", "million", "billion"):
            self.at += 1
            small: tuple[int, str] | None = (1, "digit")
        else:
            small = self._small()
        if small is None:
            return None
        if not self._take("hundred"):
            return Decimal(small[0]), small[1]
        after = self.at
        self._take("and")
        rest = self._small()
        if rest is None:
            self.at = after
        return Decimal(small[0] * 100 + (rest[0] if rest else 0)), "scaled" if self._peek() not in _SCALES else "group"

    def _small(self) -> tuple[int, str] | None:
        word = self._peek()
        if word in TENS:
            self.at += 1
            ones = DIGIT_WORDS.get(self._peek(), 0)
            self.at += 1 if ones else 0
            return TENS[word] + ones, "tens"
        shape = "digit" if word in DIGIT_WORDS else "tens"
        value = DIGIT_WORDS.get(word, TEENS.get(word))
        if value is None:
            return None
        self.at += 1
        return value, shape

    def _fraction(self, value: Decimal) -> Decimal:
        if self._peek() == "point" and (
            self._peek(1) in DIGIT_WORDS or self._peek(1).isdecimal() or self._peek(1) == "oh"
        ):
            self.at += 1
            return Decimal(f"{int(value)}.{self._places()}") if value == int(value) else value
        for words in (("and", "half"), ("and", "a", "half")):
            if all(self._peek(place) == word for place, word in enumerate(words)):
                self.at += len(words)
                return value + Decimal("0.5")
        return value

    def _places(self) -> str:
        places = ""
        while self._peek() in DIGIT_WORDS or self._peek() == "oh":
            places += str(DIGIT_WORDS.get(self._peek(), 0))
            self.at += 1
        if not places:
            tail = self._peek()
            places = tail if tail.isascii() else ""
            self.at += 1
        return places or "0"


def _joined(parts: list[tuple[Decimal, str]]) -> tuple[Decimal | None, float, tuple[int, int] | None]:
    """Return what numbers one after the other mean: one number, a pair, or digits in a row."""
    if len(parts) == 1:
        return parts[0][0], PLAIN, None
    if all(shape == "digit" for _, shape in parts) and parts[0][0]:
        return Decimal("".join(str(value) for value, _ in parts)), STRING, None
    if len(parts) == 2 and parts[1][1] == "tens" and parts[0][1] in ("digit", "tens") and parts[1][0] >= 10:
        first, second = int(parts[0][0]), int(parts[1][0])
        return Decimal(first * 100 + second), PAIRED, (first, second)
    return None, 0.0, None
