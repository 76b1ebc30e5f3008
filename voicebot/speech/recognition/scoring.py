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
    return _best(reference, hypothesis, lambda text, read: list(_plain(_read_zh(text, read))))


def word_errors(reference: str, hypothesis: str) -> tuple[int, int]:
    """Return (errors, words of the reference) for English."""
    return _best(reference, hypothesis, lambda text, read: _read_en(text, read).split())


def errors(reference: str, hypothesis: str, language: str) -> tuple[int, int]:
    """Return (errors, units of the reference): characters for "zh", words for all others."""
    score = character_errors if language == "zh" else word_errors
    return score(reference, hypothesis)


def _best(reference: str, hypothesis: str, units: Callable[[str, bool], list[str]]) -> tuple[int, int]:
    # "2016" may stand for "二零一六" or "两千零一十六": the reading that fits better is taken.
    results = []
    for as_number in (False, True):
        expected = units(reference, as_number)
        results.append((edit_distance(expected, units(hypothesis, as_number)), len(expected)))
    return min(results)


def _plain(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def _read_zh(text: str, as_number: bool) -> str:
    text = to_simplified(unicodedata.normalize("NFKC", text)).lower()
    text = re.sub(r"(\d+(?:\.\d+)?)%", r"百分之\1", text).replace("幺", "一").replace("〇", "零").replace("两", "二")
    text = re.sub(r"(\d)\.(\d)", r"\1点\2", text).replace(",", "")

    def read(found: re.Match[str]) -> str:
        digits = found.group()
        if as_number and len(digits) <= 8:
            return zh_number(int(digits))
        return "".join(_ZH_DIGITS[int(digit)] for digit in digits)

    return re.sub(r"[0-9]+", read, text)


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


def _read_en(text: str, as_number: bool) -> str:
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    text = re.sub(r"(\d),(\d)", r"\1\2", text).replace("%", " percent").replace("&", " and ")

    def read(found: re.Match[str]) -> str:
        digits = found.group()
        if as_number and len(digits) <= 6:
            return f" {en_number(int(digits))} "
        return " " + " ".join(_EN_ONES[int(digit)] for digit in digits) + " "

    text = re.sub(r"[0-9]+", read, text)
    return re.sub(r"[^\w\s]|_", " ", text.replace("'", ""))


def en_number(value: int) -> str:
    """Return 0 <= ``value`` < 10^6 in English words without "and"."""
    if value < 20:
        return _EN_ONES[value]
    if value < 100:
        return _EN_TENS[value // 10] + (f" {_EN_ONES[value % 10]}" if value % 10 else "")
    size, name = (100, "hundred") if value < 1000 else (1000, "thousand")
    return f"{en_number(value // size)} {name}" + (f" {en_number(value % size)}" if value % size else "")
