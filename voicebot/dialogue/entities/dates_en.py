"""Days in English: "tomorrow", "next Wednesday", "on the 22nd", "November twenty second", "in two weeks"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from voicebot.dialogue.entities import calendar
from voicebot.dialogue.entities.clock import DaySpan
from voicebot.dialogue.entities.numerals_en import DIGIT_WORDS, TEENS, TENS
from voicebot.dialogue.entities.said import Said

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
)


def _day_words() -> dict[str, int]:
    words = {word: value for value, word in enumerate(_ORDINALS, start=1)} | {"twentieth": 20, "thirtieth": 30}
    for joint in (" ", "-"):
        words |= {f"twenty{joint}{word}": 20 + value for value, word in enumerate(_ORDINALS[:9], start=1)}
        words[f"thirty{joint}first"] = 31
    return words


def _cardinal_words() -> dict[str, int]:
    words = {word: value for word, value in (DIGIT_WORDS | TEENS | TENS).items() if 1 <= value <= 31}
    for joint in (" ", "-"):
        words |= {f"twenty{joint}{word}": 20 + value for word, value in DIGIT_WORDS.items() if value}
        words[f"thirty{joint}one"] = 31
    return words


ORDINAL_WORDS = _day_words()
_CARDINAL_WORDS = _cardinal_words()
ORDINAL = "|".join(sorted(ORDINAL_WORDS, key=len, reverse=True)) + r"|[0-9]{1,2}(?:st|nd|rd|th)"
_CARDINAL = "|".join(sorted(_CARDINAL_WORDS, key=len, reverse=True)) + r"|[0-3]?[0-9](?![0-9:])"
_MONTH = "|".join(_MONTHS) + r"|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?"
_DAY = "|".join(_WEEKDAYS) + r"|(?:mon|tues|thurs|fri)\b\.?"
_YEAR = r"(?:,? ?(?P<{0}>20[0-9]{{2}}|twenty twenty[ -]?(?:one|two|three|four|five|six|seven|eight|nine)?)(?![0-9:]))?"
_PATTERN = re.compile(
    rf"\b(?:(?P<weeks_from>(?P<week_count>an?|{_CARDINAL}) weeks? (?:(?:from|after|on) )?(?:(?P<from_day>{_DAY})"
    r"|(?P<from_tomorrow>tomorrow)|today)|(?P<week_day>(?:on )?(?:(?P<day_week>"
    rf"{_DAY})|(?P<tomorrow_week>tomorrow)|today) week))\b"
    r"|(?P<far>(?:the )?day (?P<far_way>after tomorrow|before yesterday))"
    r"|(?P<relative>today|tonight|tomorrow|yesterday|this (?:morning|afternoon|evening)|last night)"
    r"|(?P<weekday>(?:(?P<which>next|this|last|coming|the coming|this coming"
    rf"|the following) )?(?P<day_name>{_DAY})(?!s\b)(?! (?:to|through) (?:{_DAY})))"
    rf"|(?P<month_day>(?P<month>{_MONTH}),? (?:the )?(?P<day>{ORDINAL}|{_CARDINAL})\b{_YEAR.format('year')})"
    rf"|(?P<day_month>(?:the )?(?P<of_day>{ORDINAL}|[0-3]?[0-9])(?: of"
    rf"|,)? (?P<of_month>{_MONTH})\b{_YEAR.format('of_year')})"
    rf"|(?P<week_or_month>(?P<period_way>next|this|last) (?P<period>week(?:end)?|month)\b(?! (?:on )?(?:{_DAY})))"
    r"|(?P<week_after>(?:the )?week after next|(?:at |on |over )?the weekend\b)|(?P<in_month>(?:in|next"
    rf"|this) (?P<month_name>{_MONTH})\b(?! (?:the )?[0-9]))"
    rf"|(?P<bare_day>the (?P<bare>{ORDINAL})(?=$|[,.!?]| (?:at|in the|please|then|would|works|around|if)\b))"
    rf"|(?P<edge>(?:at |by )?(?:the )?(?P<edge_name>end|beginning|start) of (?:(?:the|this|next) month"
    rf"|(?P<edge_month>{_MONTH})))"
    r"|(?P<iso_year>20[0-9]{2})[-/](?P<iso_month>[0-9]{1,2})[-/](?P<iso_day>[0-9]{1,2})(?![0-9:/-])"
    r"|(?<![0-9:./-])(?P<slash_month>1[0-2]|0?[1-9])/(?P<slash_day>[0-3]?[0-9])(?![0-9:./-])"
    rf"|(?P<later>in (?:about )?(?P<later_count>half a|an?|{_CARDINAL})(?: |-)(?P<later_unit>day|week|month|year)"
    r"(?:s|'s|s')?(?: time)?\b)"
    rf"|(?P<from_now>(?P<from_count>an?|{_CARDINAL}) (?P<from_unit>day|week|month)s? (?P<from_way>from (?:now|today)"
    r"|later|ago)\b)"
    r"|(?P<holiday>christmas(?: day)?|new year's(?: day)?)(?! (?:eve|party|present|card))"
    rf"|(?P<only_day>(?:(?:on|for|by|until) the (?P<on_day>{ORDINAL})|the (?P<the_day>[0-9]{{1,2}}(?:st|nd|rd"
    r"|th)))\b(?! (?:floor|of|time|one|avenue|street|item|option|line|place|person|day)))"
    r")"
)
_EVERY = re.compile(r"\b(?:every|each) $")
_PLAIN, _LIKELY, _HOLIDAY, _GUESSED, _ODD = 0.95, 0.85, 0.7, 0.6, 0.4
_RECENT_DAYS = 45


def find_days(said: Said) -> list[DaySpan]:
    """Return days, and the weeks and months that are named as a whole."""
    today = said.now.date()
    spans = []
    for match in _PATTERN.finditer(said.text):
        if _EVERY.search(said.text[: match.start()]):
            continue
        reader = next(reader for group, reader in _READERS if match[group])
        span = reader(match, today)
        if span is not None and reader is _weekday and span.first == span.last:
            span = replace(span, weekday=True)
        if span is not None:
            spans.append(span)
    return spans


def _span(match: re.Match[str], day: date | None, confidence: float, name_only: bool = False) -> DaySpan | None:
    return None if day is None else DaySpan(match.start(), match.end(), day, day, confidence, name_only)


def _range(match: re.Match[str], days: tuple[date | None, date | None] | None) -> DaySpan | None:
    if days is None or days[0] is None or days[1] is None:
        return None
    return DaySpan(match.start(), match.end(), days[0], days[1], _PLAIN)


def day_number(words: str) -> int:
    """Return the number of "22nd", "twenty second" or "22", -1 for anything else."""
    if words[:1].isdecimal():
        return int(words.rstrip("stndrh"))
    return ORDINAL_WORDS.get(words, _CARDINAL_WORDS.get(words, -1))


def _far(match: re.Match[str], today: date) -> DaySpan | None:
    return _span(match, calendar.shifted(today, 2 if match["far_way"] == "after tomorrow" else -2), _PLAIN)


def _relative(match: re.Match[str], today: date) -> DaySpan | None:
    days = {"tomorrow": 1, "yesterday": -1, "last night": -1}.get(match["relative"], 0)
    return _span(match, calendar.shifted(today, days), _PLAIN)


def _weekday_number(name: str) -> int:
    return next(number for number, full in enumerate(_WEEKDAYS) if full.startswith(name.rstrip(".")))


def _weekday(match: re.Match[str], today: date) -> DaySpan | None:
    weekday = _weekday_number(match["day_name"])
    which = match["which"] or ""
    if which == "last":
        day = calendar.next_weekday(today, weekday)
        return _span(match, day and calendar.shifted(day, -7 if weekday != today.weekday() else -14), _PLAIN)
    if which == "next":
        # Said for the next one by some and for next week's by others: plain only where the two are the same day.
        day = calendar.of_week(today, weekday, 1)
        return _span(match, day, _PLAIN if day == calendar.next_weekday(today, weekday) else _HOLIDAY)
    if which == "this" and weekday == today.weekday():
        return _span(match, today, _LIKELY)
    plain = which or weekday != today.weekday()
    return _span(match, calendar.next_weekday(today, weekday), _PLAIN if plain else _GUESSED)


def _year(words: str | None) -> int | None:
    if not words:
        return None
    if words.isdecimal():
        return int(words)
    return 2020 + DIGIT_WORDS.get(words.removeprefix("twenty twenty").strip(" -"), 0)


def _month_number(words: str) -> int:
    return next(number for number, full in enumerate(_MONTHS, start=1) if full.startswith(words[:3]))


def _month_day(match: re.Match[str], today: date) -> DaySpan | None:
    return _in_year(match, _year(match["year"]), _month_number(match["month"]), day_number(match["day"]), today)


def _day_month(match: re.Match[str], today: date) -> DaySpan | None:
    month = _month_number(match["of_month"])
    return _in_year(match, _year(match["of_year"]), month, day_number(match["of_day"]), today)


def _in_year(match: re.Match[str], year: int | None, month: int, day: int, today: date) -> DaySpan | None:
    if year is not None:
        return _span(match, calendar.valid(year, month, day), _PLAIN)
    passed = calendar.valid(today.year, month, day)
    recently = passed is not None and 0 < (today - passed).days <= _RECENT_DAYS
    return _span(match, calendar.next_day_of_year(today, month, day), _GUESSED if recently else _PLAIN)


def _week_or_month(match: re.Match[str], today: date) -> DaySpan | None:
    ahead = {"next": 1, "this": 0, "last": -1}[match["period_way"]]
    if match["period"] == "month":
        return _range(match, calendar.whole_month(*calendar.month_after(today, ahead)))
    first = 5 if match["period"] == "weekend" else 0
    return _range(match, (calendar.of_week(today, first, ahead), calendar.of_week(today, 6, ahead)))


def _week_after(match: re.Match[str], today: date) -> DaySpan | None:
    first, weeks = (0, 2) if match["week_after"].endswith("after next") else (5, 0)
    return _range(match, (calendar.of_week(today, first, weeks), calendar.of_week(today, 6, weeks)))


def _in_month(match: re.Match[str], today: date) -> DaySpan | None:
    month = _month_number(match["month_name"])
    return _range(match, calendar.whole_month(today.year + (month < today.month), month))


def _weeks_from(match: re.Match[str], today: date) -> DaySpan | None:
    """Return the day of "a week on Tuesday" and "Tuesday week": weeks after the next such day."""
    words = match["week_count"] or "a"
    weeks = 1 if words in ("a", "an") else day_number(words)
    if name := match["from_day"] or match["day_week"]:
        day = calendar.next_weekday(today, _weekday_number(name))
    else:
        day = calendar.shifted(today, 1 if match["from_tomorrow"] or match["tomorrow_week"] else 0)
    return _span(match, day and calendar.shifted(day, 7 * weeks), _LIKELY)


def _bare_day(match: re.Match[str], today: date) -> DaySpan | None:
    return _span(match, calendar.next_day_of_month(today, day_number(match["bare"])), _GUESSED, name_only=True)


def _edge(match: re.Match[str], today: date) -> DaySpan | None:
    if match["edge_month"]:
        month = _month_number(match["edge_month"])
        days = calendar.whole_month(today.year + (month < today.month), month)
        return None if days is None else _span(match, days[match["edge_name"] == "end"], _GUESSED)
    ahead = 1 if "next month" in match[0] else 0
    days = calendar.whole_month(*calendar.month_after(today, ahead))
    if days is not None and match["edge_name"] != "end" and days[0] < today:
        days = calendar.whole_month(*calendar.month_after(today, ahead + 1))
    return None if days is None else _span(match, days[match["edge_name"] == "end"], _GUESSED)


def _iso(match: re.Match[str], today: date) -> DaySpan | None:
    numbers = int(match["iso_year"]), int(match["iso_month"]), int(match["iso_day"])
    return _span(match, calendar.valid(*numbers), _PLAIN)


def _slash(match: re.Match[str], today: date) -> DaySpan | None:
    span = _in_year(match, None, int(match["slash_month"]), int(match["slash_day"]), today)
    return span and DaySpan(span.start, span.end, span.first, span.last, _GUESSED, name_only=True)


def _later(match: re.Match[str], today: date) -> DaySpan | None:
    return _after(match, match["later_count"], match["later_unit"], 1, today)


def _from_now(match: re.Match[str], today: date) -> DaySpan | None:
    return _after(match, match["from_count"], match["from_unit"], -1 if match["from_way"] == "ago" else 1, today)


def _after(match: re.Match[str], words: str, unit: str, way: int, today: date) -> DaySpan | None:
    if words == "half a":
        return _span(match, calendar.months_later(today, 6 * way), _LIKELY) if unit == "year" else None
    count = way * (1 if words in ("a", "an") else day_number(words))
    if unit == "year":
        return _span(match, calendar.months_later(today, 12 * count), _LIKELY)
    if unit == "month":
        return _span(match, calendar.months_later(today, count), _LIKELY)
    return _span(match, calendar.shifted(today, count * (7 if unit == "week" else 1)), _PLAIN)


def _holiday(match: re.Match[str], today: date) -> DaySpan | None:
    month, day = (12, 25) if match["holiday"].startswith("christmas") else (1, 1)
    return _span(match, calendar.next_day_of_year(today, month, day), _HOLIDAY)


def _only_day(match: re.Match[str], today: date) -> DaySpan | None:
    words = match["on_day"] or match["the_day"]
    return _span(match, calendar.next_day_of_month(today, day_number(words)), _LIKELY, name_only=True)


_Reader = Callable[[re.Match[str], date], "DaySpan | None"]
_READERS: tuple[tuple[str, _Reader], ...] = (
    ("weeks_from", _weeks_from),
    ("week_day", _weeks_from),
    ("far", _far),
    ("relative", _relative),
    ("weekday", _weekday),
    ("month_day", _month_day),
    ("day_month", _day_month),
    ("week_or_month", _week_or_month),
    ("week_after", _week_after),
    ("in_month", _in_month),
    ("bare_day", _bare_day),
    ("edge", _edge),
    ("iso_year", _iso),
    ("slash_month", _slash),
    ("later", _later),
    ("from_now", _from_now),
    ("holiday", _holiday),
    ("only_day", _only_day),
)
