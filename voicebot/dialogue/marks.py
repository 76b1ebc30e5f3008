"""Days and moments as a bot's author writes them: today, 60 days, sunday, 2026-10-01, 09:00."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ZH_WEEKDAY = re.compile("(?:\u5468|\u661f\u671f|\u793c\u62dc)([\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u65e5\u5929])")
_ZH_DAYS = "\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u65e5"
_NAMED = {
    **{"yesterday": -1, "today": 0, "tomorrow": 1},
    **{"\u6628\u5929": -1, "\u4eca\u5929": 0, "\u660e\u5929": 1, "\u540e\u5929": 2},
}
_NOW = ("now", "\u73b0\u5728")
_AHEAD = re.compile(
    r"(?P<count>[0-9]{1,4})\s*(?P<unit>minutes?|hours?|days?|weeks?"
    "|\u5206\u949f|\u4e2a?\u5c0f\u65f6|\u5929|\u5468|\u4e2a?\u661f\u671f)"
)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_ZH_UNITS = {
    "\u949f": "minutes",
    "\u65f6": "hours",
    "\u5929": "days",
    "\u5468": "weeks",
    "\u671f": "weeks",
}  # by the last character


@dataclass(frozen=True, slots=True)
class DayMark:
    """A weekday (Monday is 0) or a day of the calendar."""

    weekday: int | None = None
    day: date | None = None

    def is_on(self, day: date) -> bool:
        """Tell whether a day is this one."""
        return day == self.day if self.day is not None else day.weekday() == self.weekday


@dataclass(frozen=True, slots=True)
class MomentMark:
    """A limit: a time span from now, a day of the calendar, or a time of day; exactly one of them is set.

    Attributes:
        ahead: from now; whole days count from the beginning of today.
        whole_days: ``ahead`` is in days.
        day: of the calendar.
        clock: of any day.
    """

    ahead: timedelta | None = None
    whole_days: bool = False
    day: date | None = None
    clock: time | None = None

    def day_at(self, now: datetime) -> date | None:
        """Return the day of it; None for a time of day."""
        if self.ahead is not None:
            return (now + self.ahead).date()
        return self.day

    def moment_at(self, now: datetime) -> datetime | None:
        """Return the moment of it where it is one; None for a day and for a time of day."""
        return now + self.ahead if self.ahead is not None and not self.whole_days else None


def read_day_mark(text: str) -> DayMark | None:
    """Read a weekday or a date; None if it is neither."""
    word = text.strip().lower()
    places = [place for place, name in enumerate(_WEEKDAYS) if len(word) >= 3 and name.startswith(word)]
    if places:
        return DayMark(weekday=places[0])
    match = _ZH_WEEKDAY.fullmatch(word)
    if match:
        return DayMark(weekday=_ZH_DAYS.index(match[1].replace("\u5929", "\u65e5")))
    day = read_date(word)
    return None if day is None else DayMark(day=day)


def read_moment_mark(text: str) -> MomentMark | None:
    """Read a limit such as "today", "60 days", "2 hours", "2026-10-01" or "09:00"; None if it is none."""
    word = text.strip().lower()
    if word in _NOW:
        return MomentMark(ahead=timedelta())
    if word in _NAMED:
        return MomentMark(ahead=timedelta(days=_NAMED[word]), whole_days=True)
    match = _AHEAD.fullmatch(word)
    if match:
        unit = _UNITS.get(match["unit"][0]) or _ZH_UNITS[match["unit"][-1]]
        return MomentMark(ahead=timedelta(**{unit: int(match["count"])}), whole_days=unit in ("days", "weeks"))
    day, clock = read_date(word), read_clock(word)
    if day is not None:
        return MomentMark(day=day)
    return None if clock is None else MomentMark(clock=clock)


def read_clock(text: str) -> time | None:
    """Read a time of day such as 9:00 or 20:30; None if it is none."""
    match = re.fullmatch("([0-9]{1,2})[:\uff1a]([0-9]{2})", text.strip())
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return None
    return time(int(match[1]), int(match[2]))


def read_date(text: str) -> date | None:
    """Read a date such as 2026-10-01; None if it is none."""
    try:
        return date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        return None
