"""Days relative to a day. Weeks begin on Monday."""

from __future__ import annotations

import calendar
from datetime import MAXYEAR, MINYEAR, date, timedelta

_MONTHS_AHEAD = 13


def shifted(day: date, days: int) -> date | None:
    """Return a day some days later, None where the calendar ends."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def valid(year: int, month: int, day: int) -> date | None:
    """Return a date if there is one."""
    if not (MINYEAR <= year <= MAXYEAR and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return None
    return date(year, month, day)


def of_week(today: date, weekday: int, weeks: int) -> date | None:
    """Return a weekday (Monday is 0) of this week, or of one some weeks later."""
    return shifted(today, weekday - today.weekday() + 7 * weeks)


def next_weekday(today: date, weekday: int) -> date | None:
    """Return the next such weekday after today."""
    return shifted(today, (weekday - today.weekday() - 1) % 7 + 1)


def next_day_of_month(today: date, day: int) -> date | None:
    """Return the next such day of a month, today included; months without it are passed over."""
    for months in range(_MONTHS_AHEAD):
        year, month = month_after(today, months)
        found = valid(year, month, day)
        if found is not None and found >= today:
            return found
    return None


def next_day_of_year(today: date, month: int, day: int) -> date | None:
    """Return this year's day, or next year's if that has passed."""
    found = valid(today.year, month, day)
    return found if found is not None and found >= today else valid(today.year + 1, month, day)


def month_after(today: date, months: int) -> tuple[int, int]:
    """Return year and month some months later."""
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return year, month + 1


def months_later(today: date, months: int) -> date | None:
    """Return the same day some months later, or the last one of a shorter month."""
    year, month = month_after(today, months)
    if not MINYEAR <= year <= MAXYEAR:
        return None
    return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))


def whole_month(year: int, month: int) -> tuple[date, date] | None:
    """Return the first and the last day of a month."""
    if not (MINYEAR <= year <= MAXYEAR and 1 <= month <= 12):
        return None
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
