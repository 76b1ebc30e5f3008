"""Make English text readable for espeak: it knows numbers and years, these rules give it the rest."""

from __future__ import annotations

import re
from collections.abc import Callable

from voicebot.speech.synthesis.english_words import CURRENCIES, SCALES, UNITS, fraction, long_date, money, spell, unit

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_LONG_RUN_DIGITS = 7
# "p.m." with its last full stop, unless that ends the sentence too.
_HALF_DAY = r"(?:[ap]m\b|[ap]\.m(?:\.(?=,|\s+(?-i:[a-z])))?)"
# Words that say that the digits behind them are a code, not an amount.
_CODE_WORDS = "code|pin|passcode|password|ending (?:in|with)|extension|ext\\.?|flight|id|dial|zip"
# These do so for three digits or more only: "order 12 pizzas".
_WEAK_CODE_WORDS = "number|order|account|ticket|case|invoice|reference|confirmation|tracking|policy|serial"
_SIGN = "|".join(re.escape(sign) for sign in sorted(CURRENCIES, key=len, reverse=True))
_CODES_OF_CURRENCIES = "|".join(sign for sign in CURRENCIES if sign.isalpha())
_UNIT_NAMES = "|".join(re.escape(name) for name in sorted(UNITS, key=len, reverse=True))
_SCALE_NAMES = "|".join(SCALES)

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


def speak_english(text: str) -> str:
    """Replace telephone numbers, money, dates, times, units and signs by words."""
    for pattern, replace in _RULES:
        text = pattern.sub(replace, text)
    return text


def _phone(match: re.Match[str]) -> str:
    """Groups as written, with a breath between them."""
    plus = "plus " if match.group().startswith("+") else ""
    return plus + ", ".join(spell(group) for group in re.findall(r"\d+", match.group()))


def _money(match: re.Match[str]) -> str:
    return money(match["number"], CURRENCIES[match["sign"].upper()], match["scale"] or "")


def _money_range(match: re.Match[str]) -> str:
    return f"{match['low']} to {money(match['number'], CURRENCIES[match['sign'].upper()], match['scale'] or '')}"


def _iso_date(match: re.Match[str]) -> str:
    return long_date(int(match["month"]), int(match["day"]), match["year"]) or match.group()


def _slash_date(match: re.Match[str]) -> str:
    """11/22/2026, or 22/11/2026 where only that can be."""
    first, second = int(match["first"]), int(match["second"])
    month, day = (first, second) if first <= 12 else (second, first)
    year = match["year"] if len(match["year"]) > 2 else f"20{match['year']}"
    return long_date(month, day, year) or match.group()


def _day_or_fraction(match: re.Match[str]) -> str:
    """11/22 is a day, 1/2 a fraction."""
    above, below = int(match["above"]), int(match["below"])
    whole = (match["whole"] or "").strip()
    spoken = fraction(above, below)
    if spoken:
        return f"{whole} and {spoken}" if whole else spoken
    return match.group() if whole else long_date(above, below, "") or f"{above} {below}"


def _code(match: re.Match[str]) -> str:
    letters = " ".join(match["letters"].replace("-", "").upper())
    digits = ", ".join(spell(run) for run in re.findall(r"\d+", match["digits"]))
    return match["word"].replace("#", "") + (letters + " " if letters else "") + digits


def _time(match: re.Match[str]) -> str:
    hour, minute, half = int(match["hour"]), match["minute"], (match["half"] or "").replace(".", "").strip().upper()
    tail = " " + half if half else ""
    if minute == "00":
        return f"{hour}{tail}" if half else (f"{hour} o'clock" if 1 <= hour <= 12 else f"{hour} hundred hours")
    spoken = f"oh {minute[1]}" if minute[0] == "0" else minute
    return f"{hour} {spoken}{tail}"


def _long_time(match: re.Match[str]) -> str:
    minutes = int(match["minutes"])
    spoken = f"oh {minutes}" if minutes < 10 else str(minutes)
    return f"{int(match['hours'])} {spoken} and {int(match['seconds'])} seconds"


_NOT_AN_AMOUNT = (
    r"(?![\d%]|[.,]\d|\s?(?:%|percent|dollars?|items?|days?|weeks?|months?|years?|hours?|minutes?|times)\b)"
)
_RULES: tuple[Rule, ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), replace)
    for pattern, replace in (
        (r"(?<![\d.,])(?:\+?\d{1,3}[-. ])?(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?!\d)", _phone),
        (r"(?<![\d.,])(?:\+\d{1,3}[- ]?)\d{2,4}(?:[- ]?\d{2,4}){2,3}(?!\d)", _phone),
        (r"(?<![\d.,-])\d{3}-\d{4}(?![\d-])", _phone),
        (r"(?<=\d{4}-\d\d-\d\d)T(?=\d\d:)", " "),
        (r"(?<![\d.,-])\d+(?:-\d+){2,}(?![\d-])(?<!\d{4}-\d\d-\d\d)", _phone),
        (r"(?P<year>\d{4})(?P<mark>[-/])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)", _iso_date),
        (r"(?<![\d/])(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>(?:\d\d)?\d\d)(?![\d/])", _slash_date),
        (r"\b24/7\b", "twenty-four seven"),
        (r"(?<![\d/.,])(?P<whole>\d+ )?(?P<above>\d{1,2})/(?P<below>\d{1,2})(?![\d/])", _day_or_fraction),
        (rf"(?P<word>\b(?:(?:{_CODE_WORDS})|(?:{_WEAK_CODE_WORDS})(?=[^\d\n]{{1,8}}\d{{3}}))(?:\s+(?:is|code|no\.)|[:\s#])+)"
         rf"(?P<letters>[A-Za-z]{{0,4}}-?)(?P<digits>\d(?:[\d-]*\d)){_NOT_AN_AMOUNT}(?![/:]\d)", _code),
        (r"(?<=\d)\s*[-–—~]\s*(?=\d{1,2}:[0-5]\d)", " to "),
        (r"(?<=\d[ap]m)\s*[-–—~]\s*(?=\d)", " to "),
        (rf"(?<![\d:])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::00)?(?![\d:])(?P<half>\s?{_HALF_DAY})?", _time),
        (rf"(?<![\d:.])(?P<hour>1[0-2]|0?[1-9])(?P<minute>)\s?(?P<half>{_HALF_DAY})",
         lambda match: f"{int(match['hour'])} {match['half'].replace('.', '').upper()}"),
        (rf"(?P<sign>{_SIGN})\s?(?P<low>{_NUMBER})\s?[-–—~]\s?(?:{_SIGN})?(?P<number>{_NUMBER})"
         rf"(?P<scale>\s?(?:{_SCALE_NAMES})\b)?", _money_range),
        (rf"(?P<sign>{_SIGN})\s?(?P<number>{_NUMBER})(?P<scale>\s?(?:{_SCALE_NAMES})\b)?", _money),
        (rf"(?P<number>{_NUMBER})(?P<scale>\s(?:thousand|million|billion))?\s?(?P<sign>{_CODES_OF_CURRENCIES})\b",
         _money),
        (rf"(?<![\d.,\w])(?P<low>{_NUMBER})\s?%?\s?[-–—~]\s?(?=(?:{_NUMBER})\s?(?:%|{_UNIT_NAMES})(?![A-Za-z]))",
         r"\g<low> to "),
        (rf"(?P<number>{_NUMBER})\s?%", r"\g<number> percent"),
        (r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])",
         lambda match: " dot ".join(spell(part) for part in match.group().split("."))),
        (r"(?<![\d.])\d+(?:\.\d+){2,}(?![\d.])", lambda match: match.group().replace(".", " point ")),
        (rf"(?<![\d,.])\d{{{_LONG_RUN_DIGITS},}}(?![\d,.]\d)", lambda match: spell(match.group())),
        (r"(?<![\d.,:])0\d+(?![\d.,:]*\d)", lambda match: spell(match.group())),
        (r"(?<=\d\d\d0)s\b", "'s"),
        (r"(?<![\d:])(?P<hours>\d{1,2}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)(?![\d:])",
         _long_time),
        (r"(?<![\d:])(\d+):(\d+)(?![\d:])", r"\1 to \2"),
        (r"(?<![\d.])\.(?=\d)", "0."),
        (r"\bv\.?(?=\d)", "version "),
        (r"(?<=[A-Za-z])[–—](?=[A-Za-z])", " to "),
        (r"π", " pi "),
        (r"(?P<feet>\d+)'(?P<inches>\d{1,2})\"", r"\g<feet> foot \g<inches>"),
        (rf"(?<![A-Za-z\d])(?P<minus>(?<![\d.,])[-−])?(?P<number>{_NUMBER})\s?(?-i:(?P<unit>{_UNIT_NAMES}))(?![A-Za-z])",
         lambda match: unit(match["number"], match["unit"], minus=bool(match["minus"]))),
        (r"(?<=\d)-(?=\d+\s*=)", " minus "),
        (r"(?<=\d)\s?[-–—~]\s?(?=\d+\b(?!-))", " to "),
        (r"(?<![\w.,])[-−](?=\d)", "minus "),
        (r"\bno\.\s?(?=\d)", "number "),
        (r"(?<=[\d\s])#(?=\d)|^#(?=\d)", "number "),
        (r"\bw/o\b", "without"),
        (r"\bw/(?=\s|$)", "with"),
        (r"\band/or\b", "and or"),
        (r"\s?/\s?(?=(?:min|minute|hour|hr|day|night|week|month|mo|year|yr|person|item|unit|call|kg|GB)\b)", " per "),
        (r"(?<=[A-Za-z])/(?=[A-Za-z])", " or "),
        (r"\s*&\s*", " and "),
        (r"(?<=[A-Za-z])\+\+", " plus plus"),
        (r"(?<=\d)\+(?=\s|$|[A-Za-z])", " plus"),
        (r"\s*\+\s*(?=\d)", " plus "),
        (r"±\s*", " plus or minus "),
        (r"(?<=\d)\s*[x×*]\s*(?=\d)", " times "),
        (r"(?<=\d)\s*÷\s*(?=\d)", " divided by "),
        (r"[≥]\s*(?=\d)", " at least "),
        (r"[≤]\s*(?=\d)", " at most "),
        (r"(?<=\w)\s*>\s*(?=\w)", " is greater than "),
        (r"(?<=\w)\s*<\s*(?=\w)", " is less than "),
        (r"[≈~]\s*(?=\d)", "about "),
        (r"(?<=\w)\s*\^\s*(?=\d)", " to the power of "),
        (r"²", " squared"),
        (r"³", " cubed"),
        (r"\s*=\s*", " equals "),
        (r"@(?=[A-Za-z0-9])", " at "),
        (r"#(?=[A-Za-z]{2})", ""),
        (r"(?<=[A-Za-z])_(?=[A-Za-z])", " "),
        (r"#", " pound "),
        (r"\*", " star "),
        (r"\s+(?=[,.;:!?\s])", ""),
    )
)  # fmt: skip
