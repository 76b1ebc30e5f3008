"""Character and word error rates, blind to what does not matter: punctuation, script, ways to write numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from voicebot.speech.recognition.chinese import to_simplified

_ZH_DIGITS = "零一二三四五六七八九"
_EN_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_EN_SIZES = ((1_000_000, "million"), (1000, "thousand"), (100, "hundred"))
_EN_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def edit_distance(reference: Sequence[str], hypothesis: Sequence[str]) -> int:
    """Return the Levenshtein distance: the fewest substitutions, insertions and deletions."""
    row = list(range(len(hypothesis) + 1))
    for i, expected in enumerate(reference, start=1):
        diagonal, row[0] = row[0], i
        for j, got in enumerate(hypothesis, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (expected != got))
    return row[-1]


def character_errors(reference: str, hypothesis: str) -> tuple[int, int]:
    """Return (errors, characters of the reference) for Mandarin."""
    return _best(reference, hypothesis, _zh_units, (_zh_digits, zh_number))


def word_errors(reference: str, hypothesis: str) -> tuple[int, int]:
    """Return (errors, words of the reference) for English."""
    return _best(reference, hypothesis, _en_units, (_en_digits, en_number, _en_year))


def errors(reference: str, hypothesis: str, language: str) -> tuple[int, int]:
    """Return (errors, units of the reference): characters for "zh", words for all others."""
    score = character_errors if language == "zh" else word_errors
    return score(reference, hypothesis)


Reader = Callable[[int], str]


def _best(
    reference: str, hypothesis: str, units: Callable[[str, Reader], list[str]], readers: Sequence[Reader]
) -> tuple[int, int]:
    # "2016" may stand for "二零一六" or "二千零一十六": the reading that fits best is taken.
    results = []
    for reader in readers:
        expected = units(reference, reader)
        results.append((edit_distance(expected, units(hypothesis, reader)), len(expected)))
    return min(results)


def _read_digits(text: str, reader: Reader, one_by_one: Callable[[str], str]) -> str:
    def read(found: re.Match[str]) -> str:
        digits = found.group()
        # Leading zeros and long numbers are always said digit by digit.
        if len(digits) > 8 or (len(digits) > 1 and digits[0] == "0"):
            return one_by_one(digits)
        return reader(int(digits))

    return re.sub(r"[0-9]+", read, text)


def _zh_units(text: str, reader: Reader) -> list[str]:
    text = to_simplified(unicodedata.normalize("NFKC", text)).lower()
    text = re.sub(r"(\d+(?:\.\d+)?)%", r"百分之\1", text).replace("幺", "一").replace("〇", "零").replace("两", "二")
    text = re.sub(r"(\d)\.(\d)", r"\1点\2", text).replace(",", "")
    return [char for char in _read_digits(text, reader, _zh_one_by_one) if char.isalnum()]


def _zh_digits(value: int) -> str:
    return _zh_one_by_one(str(value))


def _zh_one_by_one(digits: str) -> str:
    return "".join(_ZH_DIGITS[int(digit)] for digit in digits)


def zh_number(value: int) -> str:
    """Return 0 <= ``value`` < 10^8 as it is read in Mandarin: 2016 -> 二千零一十六, 11 -> 十一."""
    if value == 0:
        return _ZH_DIGITS[0]
    if value >= 10000:
        rest = value % 10000
        gap = "零" if 0 < rest < 1000 else ""
        return zh_number(value // 10000) + "万" + gap + (zh_number(rest) if rest else "")
    words, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            words += ("零" if zero and words else "") + _ZH_DIGITS[digit] + name
        zero = digit == 0
    return words[1:] if words.startswith("一十") else words


def _en_units(text: str, reader: Reader) -> list[str]:
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("'", "")
    text = re.sub(r"(\d),(\d)", r"\1\2", text).replace("%", " percent").replace("&", " and ")
    text = _read_digits(text, lambda value: f" {reader(value)} ", lambda digits: f" {_en_one_by_one(digits)} ")
    return re.sub(r"[^\w\s]|_", " ", text).split()


def _en_digits(value: int) -> str:
    return _en_one_by_one(str(value))


def _en_one_by_one(digits: str) -> str:
    return " ".join(_EN_ONES[int(digit)] for digit in digits)


def _en_year(value: int) -> str:
    """Read 1813 as "eighteen thirteen"."""
    if not 1100 <= value <= 2099 or value % 100 < 10:
        return en_number(value)
    return f"{en_number(value // 100)} {en_number(value % 100)}"


def en_number(value: int) -> str:
    """Return ``value`` in English words without "and"."""
    if value < 20:
        return _EN_ONES[value]
    if value < 100:
        return _EN_TENS[value // 10] + (f" {_EN_ONES[value % 10]}" if value % 10 else "")
    size, name = (
        (100, "hundred") if value < 1000 else (1000, "thousand") if value < 1_000_000 else (1_000_000, "million")
    )
    return f"{en_number(value // size)} {name}" + (f" {en_number(value % size)}" if value % size else "")
