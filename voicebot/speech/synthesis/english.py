"""Make English text readable for espeak: it knows numbers and years, these rules give it the rest."""

from __future__ import annotations

import re
from collections.abc import Callable

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_CURRENCIES = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny"), "¥": ("yuan", "")}
_PLURALS = {"penny": "pence", "yuan": "yuan"}
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_LONG_RUN_DIGITS = 7
# "p.m." with its last full stop, unless that ends the sentence too.
_HALF_DAY = r"(?:[ap]m\b|[ap]\.m(?:\.(?=,|\s+(?-i:[a-z])))?)"

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


def speak_english(text: str) -> str:
    """Replace telephone numbers, money, dates, times and signs by words."""
    for pattern, replace in _RULES:
        text = pattern.sub(replace, text)
    return text


def _spell(digits: str) -> str:
    return " ".join(digits)


def _phone(match: re.Match[str]) -> str:
    """Groups as written, with a breath between them."""
    plus = "plus " if match.group().startswith("+") else ""
    return plus + ", ".join(_spell(group) for group in re.findall(r"\d+", match.group()))


def _plural(amount: str, unit: str) -> str:
    return unit if amount == "1" else _PLURALS.get(unit, unit + "s")


def _money(match: re.Match[str]) -> str:
    whole, _, cents = match["number"].partition(".")
    unit, part = _CURRENCIES[match["sign"]]
    if match["scale"]:
        return f"{match['number']} {match['scale'].strip()} {_PLURALS.get(unit, unit + 's')}"
    if not part or len(cents) not in (0, 2):
        return f"{match['number']} {_plural(match['number'], unit)}"
    spoken_cents = f"{int(cents)} {_plural(str(int(cents)), part)}" if cents and int(cents) else ""
    if whole == "0" and spoken_cents:
        return spoken_cents
    return f"{whole} {_plural(whole, unit)}" + (f" and {spoken_cents}" if spoken_cents else "")


def _date(match: re.Match[str]) -> str:
    month, day = int(match["month"]), int(match["day"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return match.group()
    return f"{_MONTHS[month - 1]} {day} {match['year']}"


def _time(match: re.Match[str]) -> str:
    hour, minute, half = int(match["hour"]), match["minute"], (match["half"] or "").replace(".", "").strip().upper()
    tail = " " + half if half else ""
    if minute == "00":
        return f"{hour}{tail}" if half else (f"{hour} o'clock" if 1 <= hour <= 12 else f"{hour} hundred hours")
    spoken = f"oh {minute[1]}" if minute[0] == "0" else minute
    return f"{hour} {spoken}{tail}"


_RULES: tuple[Rule, ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), replace)
    for pattern, replace in (
        (r"(?<![\d.,])(?:\+?\d{1,3}[-. ])?(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?!\d)", _phone),
        (r"(?<![\d.,])(?:\+\d{1,3}[- ]?)\d{2,4}(?:[- ]?\d{2,4}){2,3}(?!\d)", _phone),
        (r"(?P<year>\d{4})(?P<mark>[-/])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)", _date),
        (r"(?<=\d)\s*[-–—]\s*(?=\d{1,2}:[0-5]\d)", " to "),
        (rf"(?<![\d:])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?![\d:])(?P<half>\s?{_HALF_DAY})?", _time),
        (rf"(?P<sign>[$€£¥])\s?(?P<number>{_NUMBER})(?P<scale>\s(?:thousand|million|billion)\b)?", _money),
        (rf"(?P<number>{_NUMBER})\s?%", r"\g<number> percent"),
        (rf"(?<![\d,.])\d{{{_LONG_RUN_DIGITS},}}(?![\d,.]\d)", lambda match: _spell(match.group())),
        (r"(?<![\d.,])0\d+(?![\d.,]*\d)", lambda match: _spell(match.group())),
        (r"(?<=\d)\s?(?:°C|℃)", " degrees Celsius"),
        (r"(?<=\d)\s?(?:°F|℉)", " degrees Fahrenheit"),
        (r"(?<=\d)\s?[-–—]\s?(?=\d+\b(?!-))", " to "),
        (r"#(?=\d)", "number "),
        (r"\s*&\s*", " and "),
        (r"\s*\+\s*(?=\d)", " plus "),
        (r"\s*=\s*", " equals "),
        (r"(?<=[A-Za-z0-9])@(?=[A-Za-z0-9])", " at "),
        (r"#", " pound "),
        (r"\*", " star "),
        (r"\s+(?=[,.;:!?\s])", ""),
    )
)  # fmt: skip
