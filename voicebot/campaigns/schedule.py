"""When a campaign may dial: hours of the day by weekday, in a time zone, with holidays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone, tzinfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\s*-\s*(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))")
_MOST_DAYS = 400
_DAY_MINUTES = 24 * 60

Hours = tuple[int, int]
"""From, until, in minutes of the day."""


def read_hours(text: str) -> Hours:
    """Read "09:00-12:30".

    Raises:
        ValueError: it is not that, or the end is not after the beginning.
    """
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no time of day; expected something like 09:00-12:00")
    first, first_minute, last, last_minute = (int(part) for part in match.groups() if part is not None)
    begin, end = first * 60 + first_minute, last * 60 + last_minute
    if begin >= end:
        raise ValueError(f"{text!r}: the end must be after the beginning; split what goes past midnight")
    return begin, end


def read_days(text: str) -> tuple[int, ...]:
    """Read "mon", "mon-fri" or "every"; 0 is Monday.

    Raises:
        ValueError: it is none of these.
    """
    plain = text.strip().lower()
    if plain == "every":
        return tuple(range(7))
    first, _, last = plain.partition("-")
    if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
        raise ValueError(f"{text!r} is no day; expected mon, mon-fri or every")
    begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    return tuple((begin + offset) % 7 for offset in range((end - begin) % 7 + 1))


@dataclass(frozen=True, slots=True)
class Schedule:
    """When dialling is allowed.

    Attributes:
        zone: time zone of all hours.
        weekly: hours of each weekday, 0 is Monday.
        special: hours of single days, in place of their weekday's; none at all for a holiday.
    """

    zone: tzinfo
    weekly: Mapping[int, Sequence[Hours]]
    special: Mapping[date, Sequence[Hours]] = field(default_factory=dict)

    def is_open(self, now: datetime) -> bool:
        """Whether dialling is allowed at a moment."""
        begin, _ = next(self._spans(now), (None, None))
        return begin is not None and begin <= now

    def next_open(self, now: datetime) -> datetime | None:
        """Return the next moment, ``now`` included, at which dialling is allowed; None: there is none in a year."""
        begin, _ = next(self._spans(now), (None, None))
        return None if begin is None else max(begin, now)

    def after(self, now: datetime, open_s: float) -> datetime | None:
        """Return when so many seconds of allowed time have passed; None: not within a year."""
        left = timedelta(seconds=open_s)
        for begin, end in self._spans(now):
            span_begin = max(begin, now)
            if span_begin + left <= end:
                return span_begin + left
            left -= max(end - span_begin, timedelta())
        return None

    def _hours(self, day: date) -> Sequence[Hours]:
        return self.special[day] if day in self.special else self.weekly.get(day.weekday(), ())

    def _spans(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the allowed spans from a moment on, in UTC."""
        today = now.astimezone(self.zone).date()
        for offset in range(_MOST_DAYS):
            day = today + timedelta(days=offset)
            for begin, end in sorted(self._hours(day)):
                first, last = self._moment(day, begin), self._moment(day, end)
                if last > max(first, now):
                    yield first, last

    def _moment(self, day: date, minutes: int) -> datetime:
        """Return a time of day in UTC; one that summer time skips is as much later as the clock jumps (PEP 495)."""
        if minutes == _DAY_MINUTES:
            day, minutes = day + timedelta(days=1), 0
        local = datetime.combine(day, time(minutes // 60, minutes % 60), self.zone)
        return local.astimezone(timezone.utc)
