"""Days in Mandarin: 明天, 下周三, 二十二号, 下个月三号, 三天后."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from voicebot.dialogue.entities import calendar
from voicebot.dialogue.entities.clock import DaySpan
from voicebot.dialogue.entities.numerals_zh import DIGIT_VALUES, SMALL, read_small
from voicebot.dialogue.entities.said import Said

_RELATIVE = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6, "末": 5}
_WEEKDAYS |= {str(number): number - 1 for number in range(1, 7)}
_HOLIDAYS = {"元旦": (1, 1), "劳动节": (5, 1), "五一": (5, 1), "国庆": (10, 1), "圣诞": (12, 25)}
_YEAR = r"(?:(?P<year>[12][0-9]{3}|[零一二三四五六七八九]{4}|[0-9]{2})年|(?P<which_year>今年|明年|后年|去年))的?"
_WEEK = r"(?P<week>下下|上上|下|上|这|本)?(?:个)?(?:周|星期|礼拜)"
_PATTERN = re.compile(
    r"(?P<relative>大前|大后|昨|今|明|(?<![以之最然午背大])[前后])(?:天(?!气)|儿个?|日(?!常)|早(?!点|些|已)|晚(?!点|些"
    r"|饭|会))"
    rf"|{_WEEK}(?P<weekday>[一二三四五六日天末1-6])(?![0-9个月年岁])"
    r"|(?P<whole_week>下下|上上|下|这|本|上)(?:个)?(?:周|星期|礼拜)(?![一二三四五六日天末1-6围])"
    rf"|(?:{_YEAR})?(?P<month>{SMALL})月(?:份)?(?:的)?(?:(?P<day>{SMALL})[号日]?(?![0-9零一二三四五六七八九十点:])"
    r"|(?P<edge>底|初|末))"
    r"|(?<![0-9:./-])(?P<iso_year>[12][0-9]{3})[-/.](?P<iso_month>[0-9]{1,2})[-/.](?P<iso_day>[0-9]{1,2})(?![0-9:./-])"
    r"|(?<![0-9:./-])(?P<slash_month>1[0-2]|0?[1-9])/(?P<slash_day>[0-3]?[0-9])(?![0-9:./-])"
    rf"|(?P<rel_month>下下|下|这|本|上)(?:个)?月(?:的)?(?:(?P<rel_day>{SMALL})[号日]|(?P<rel_edge>底|初|末))?"
    rf"|(?:{_YEAR.replace('year', 'year_only')})?(?<![0-9个零一二两三四五六七八九十])"
    rf"(?P<whole_month>{SMALL})月份?(?![球亮饼个])"
    r"|(?P<month_edge>月底|月初|月末)"
    rf"|(?P<later_past>(?:再?过)?(?P<count>{SMALL}|半)(?P<unit>天|周|个?星期|个?礼拜|个半?月|年半?)(?P<way>之后|以后"
    r"|过后|后|之前|以前|前))"
    rf"|再?过(?P<past_count>{SMALL}|半)(?P<past_unit>天|周|个?星期|个?礼拜|个半?月|年半?)(?![后前以之])"
    r"|(?P<holiday>元旦|国庆(?:节|当天|那天)?(?!假|期间|黄金)|劳动节|五一(?:劳动)?节|圣诞节?|五一(?=那天|当天|前|后"
    r"|放假|$))"
    rf"|(?<![0-9零一二两三四五六七八九十百千第幺])(?P<only_day>{SMALL})[号日](?![楼线桌店门院床房柜窗机码员库厅坑仓车台公路馆店本元])"
)
_PLAIN, _LIKELY, _HOLIDAY, _GUESSED, _ODD = 0.95, 0.85, 0.7, 0.6, 0.4
# A month and a day that passed no longer ago than this may be meant to be past.
_RECENT_DAYS = 45
_EVERY = re.compile(r"每个?$")
_NUMBER_OF = re.compile(r"(?:编号|尾号|单号|门牌|桌号|座位|房间|按|工号|型号|选|第)$")


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
        if span is not None and not (span.name_only and _NUMBER_OF.search(said.text[: match.start()])):
            spans.append(span)
    return spans


def _span(match: re.Match[str], day: date | None, confidence: float, name_only: bool = False) -> DaySpan | None:
    return None if day is None else DaySpan(match.start(), match.end(), day, day, confidence, name_only)


def _range(match: re.Match[str], days: tuple[date | None, date | None] | None) -> DaySpan | None:
    if days is None or days[0] is None or days[1] is None:
        return None
    return DaySpan(match.start(), match.end(), days[0], days[1], _PLAIN)


def _relative(match: re.Match[str], today: date) -> DaySpan | None:
    return _span(match, calendar.shifted(today, _RELATIVE[match["relative"]]), _PLAIN)


_WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}


def _weekday(match: re.Match[str], today: date) -> DaySpan | None:
    weekday, week = _WEEKDAYS[match["weekday"]], match["week"]
    if match["weekday"] == "末":
        return _weekend(match, today)
    if week is None:
        return _span(match, calendar.next_weekday(today, weekday), _GUESSED if weekday == today.weekday() else _LIKELY)
    day = calendar.of_week(today, weekday, _WEEKS[week])
    if week in ("这", "本") and weekday < today.weekday():  # nobody books a day that has passed
        return _span(match, calendar.next_weekday(today, weekday), _ODD)
    return _span(match, day, _PLAIN)


def _weekend(match: re.Match[str], today: date) -> DaySpan | None:
    """Return Saturday and Sunday: which of them is open."""
    weeks = _WEEKS[match["week"] or "这"]
    return _range(match, (calendar.of_week(today, 5, weeks), calendar.of_week(today, 6, weeks)))


def _whole_week(match: re.Match[str], today: date) -> DaySpan | None:
    weeks = _WEEKS[match["whole_week"]]
    return _range(match, (calendar.of_week(today, 0, weeks), calendar.of_week(today, 6, weeks)))


def _year(words: str | None, which: str | None, today: date) -> int | None:
    if which:
        return today.year + {"去年": -1, "今年": 0, "明年": 1, "后年": 2}[which]
    if not words:
        return None
    digits = "".join(each if each.isascii() else str(DIGIT_VALUES[each]) for each in words)
    return int(digits) if len(digits) == 4 else today.year // 100 * 100 + int(digits)


def _month_day(match: re.Match[str], today: date) -> DaySpan | None:
    month = read_small(match["month"])
    year = _year(match["year"], match["which_year"], today)
    if match["edge"]:
        return _edge(match, year, month, match["edge"], today)
    return _in_year(match, year, month, read_small(match["day"]), today)


def _in_year(match: re.Match[str], year: int | None, month: int, day: int, today: date) -> DaySpan | None:
    if year is not None:
        return _span(match, calendar.valid(year, month, day), _PLAIN)
    passed = calendar.valid(today.year, month, day)
    recently = passed is not None and 0 < (today - passed).days <= _RECENT_DAYS
    return _span(match, calendar.next_day_of_year(today, month, day), _GUESSED if recently else _PLAIN)


def _edge(match: re.Match[str], year: int | None, month: int, edge: str, today: date) -> DaySpan | None:
    days = calendar.whole_month(today.year if year is None else year, month)
    if days is not None and year is None and days[1] < today:
        days = calendar.whole_month(today.year + 1, month)
    return None if days is None else _span(match, days[0] if edge == "初" else days[1], _GUESSED)


def _iso(match: re.Match[str], today: date) -> DaySpan | None:
    numbers = int(match["iso_year"]), int(match["iso_month"]), int(match["iso_day"])
    return _span(match, calendar.valid(*numbers), _PLAIN)


def _slash(match: re.Match[str], today: date) -> DaySpan | None:
    span = _in_year(match, None, int(match["slash_month"]), int(match["slash_day"]), today)
    return span and DaySpan(span.start, span.end, span.first, span.last, _GUESSED, name_only=True)


_MONTHS = {"上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}


def _relative_month(match: re.Match[str], today: date) -> DaySpan | None:
    year, month = calendar.month_after(today, _MONTHS[match["rel_month"]])
    if match["rel_edge"]:
        return _edge(match, year, month, match["rel_edge"], today)
    if match["rel_day"]:
        return _span(match, calendar.valid(year, month, read_small(match["rel_day"])), _PLAIN)
    return _range(match, calendar.whole_month(year, month))


def _whole_month(match: re.Match[str], today: date) -> DaySpan | None:
    month = read_small(match["whole_month"])
    year = _year(match["year_only"], match["which_year_only"], today)
    if year is None:
        year = today.year + (1 <= month < today.month)
    return _range(match, calendar.whole_month(year, month))


def _month_edge(match: re.Match[str], today: date) -> DaySpan | None:
    year, month = calendar.month_after(today, 1 if match["month_edge"] == "月初" and today.day > 5 else 0)
    return _edge(match, year, month, match["month_edge"][1:], today)


def _counted(match: re.Match[str], today: date) -> DaySpan | None:
    way = -1 if match["way"].endswith("前") else 1
    return _after(match, match["count"], match["unit"], way, today)


def _passing(match: re.Match[str], today: date) -> DaySpan | None:
    return _after(match, match["past_count"], match["past_unit"], 1, today)


def _after(match: re.Match[str], words: str, unit: str, way: int, today: date) -> DaySpan | None:
    if words == "半":
        if unit == "年":
            return _span(match, calendar.months_later(today, 6 * way), _LIKELY)
        return _span(match, calendar.shifted(today, 15 * way), _GUESSED) if unit == "个月" else None
    count = read_small(words)
    if count <= 0:
        return None
    if unit.startswith("年"):
        months = 12 * count + (6 if unit == "年半" else 0)
        return _span(match, calendar.months_later(today, months * way), _LIKELY)
    if unit == "个半月":
        day = calendar.months_later(today, count * way)
        return _span(match, day and calendar.shifted(day, 15 * way), _GUESSED)
    if unit.endswith("月"):
        return _span(match, calendar.months_later(today, count * way), _LIKELY)
    return _span(match, calendar.shifted(today, count * way * (1 if unit == "天" else 7)), _PLAIN)


def _holiday(match: re.Match[str], today: date) -> DaySpan | None:
    name = next(name for name in _HOLIDAYS if match["holiday"].startswith(name))
    return _span(match, calendar.next_day_of_year(today, *_HOLIDAYS[name]), _HOLIDAY)


def _only_day(match: re.Match[str], today: date) -> DaySpan | None:
    return _span(match, calendar.next_day_of_month(today, read_small(match["only_day"])), _LIKELY, name_only=True)


_Reader = Callable[[re.Match[str], date], "DaySpan | None"]
_READERS: tuple[tuple[str, _Reader], ...] = (
    ("relative", _relative),
    ("weekday", _weekday),
    ("whole_week", _whole_week),
    ("month", _month_day),
    ("iso_year", _iso),
    ("slash_month", _slash),
    ("rel_month", _relative_month),
    ("whole_month", _whole_month),
    ("month_edge", _month_edge),
    ("later_past", _counted),
    ("past_count", _passing),
    ("holiday", _holiday),
    ("only_day", _only_day),
)
