"""Times of day as they are said: an hour of twelve, and what part of the day it is in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

BUSINESS_HOUR = 0.7
"""Confidence of an hour taken for the one between 8 and 20: 三点 is 15:00."""
_UNLIKELY = 0.4
_SAID = 0.95
_EVENING_FROM, _NIGHT_UNTIL = 5, 4


@dataclass(frozen=True, slots=True)
class DaySpan:
    """A day, or the days of a week or month, by its place in the folded text.

    Attributes:
        start, end: its place.
        first, last: the days, both included.
        confidence: as in Entity.
        weekday: it was named by its day of the week.
        name_only: it was a bare 三号 or a lone ordinal, which may count something else.
    """

    start: int
    end: int
    first: date
    last: date
    confidence: float
    name_only: bool = False
    weekday: bool = False


@dataclass(frozen=True, slots=True)
class PartSpan:
    """A part of the day by its place in the folded text; name as in EntityKind.DAYPART."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A time of day by its place in the folded text.

    Attributes:
        start, end: its place.
        hour, minute: of 24 hours.
        confidence: as in Entity.
        open_half: which half of the day it is in was not said.
        next_day: midnight at the end of the day that is spoken of, or the small hours after it.
        moment: the time counted from now, where it was said so (半小时后).
        range_end: it ends a range: 两点到三点.
    """

    start: int
    end: int
    hour: int
    minute: int
    confidence: float
    open_half: bool = False
    next_day: bool = False
    moment: datetime | None = None
    range_end: bool = False


def without_part(start: int, end: int, hour: int, minute: int) -> TimeSpan | None:
    """Return a time said without a part of the day: of two hours the one between 8 and 20."""
    if hour == 24 and not minute:
        return TimeSpan(start, end, 0, 0, _SAID, next_day=True)
    if not (0 <= hour < 24 and 0 <= minute < 60):
        return None
    if hour == 0 or hour > 12:
        return TimeSpan(start, end, hour, minute, _SAID)
    if hour == 12:
        return TimeSpan(start, end, hour, minute, 0.85, open_half=True)
    return TimeSpan(start, end, hour if hour >= 8 else hour + 12, minute, BUSINESS_HOUR, open_half=True)


def in_part(time: TimeSpan, part: str) -> TimeSpan:
    """Return a time that was said with a part of the day: 下午三点 is 15:00, 晚上十二点 the next day's 0:00."""
    if not time.open_half:
        return time
    hour = time.hour % 12 or 12
    known = replace(time, open_half=False, confidence=_SAID)
    if part in ("am", "pm"):
        return replace(known, hour=hour % 12 + (12 if part == "pm" else 0))
    if part in ("afternoon", "noon"):
        late = hour if hour == 12 or (part == "noon" and hour >= 10) else hour + 12
        odd = part == "noon" and 3 < hour < 10
        return replace(known, hour=late, confidence=_UNLIKELY if odd else _SAID)
    if part in ("evening", "night"):
        return _at_night(known, hour, part)
    if hour == 12:
        return replace(known, hour=0 if part == "dawn" else 12)
    unlikely = (part == "morning" and hour < 4) or (part == "dawn" and hour > 7)
    return replace(known, hour=hour, confidence=_UNLIKELY if unlikely else _SAID)


def _at_night(known: TimeSpan, hour: int, part: str) -> TimeSpan:
    if hour == 12:
        return replace(known, hour=0, next_day=True)
    if part == "night" and hour <= _EVENING_FROM:
        return replace(known, hour=hour, next_day=True, confidence=BUSINESS_HOUR)
    if part == "evening" and hour < _NIGHT_UNTIL:
        return replace(known, hour=hour, next_day=True, confidence=_UNLIKELY)
    return replace(known, hour=hour + 12)


def after(now: datetime, start: int, end: int, minutes: int) -> TimeSpan | None:
    """Return the time some minutes from now; the minute begun is left out."""
    try:
        moment = now.replace(second=0, microsecond=0) + timedelta(minutes=minutes)
    except OverflowError:
        return None
    return TimeSpan(start, end, moment.hour, moment.minute, 0.9, moment=moment)


def on_day(time: TimeSpan, day: date, now: datetime) -> TimeSpan:
    """Return a time on a day: of two hours of today the one that is still to come."""
    if time.open_half and day == now.date() and time.hour < 12 and (time.hour, time.minute) <= (now.hour, now.minute):
        return replace(time, hour=time.hour + 12, confidence=BUSINESS_HOUR)
    return time
