"""Days and times of an utterance, joined where they belong together."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from voicebot.dialogue.entities import dates_en, dates_zh, spoken_en, spoken_zh, times_en, times_zh
from voicebot.dialogue.entities.calendar import shifted
from voicebot.dialogue.entities.clock import DaySpan, PartSpan, TimeSpan, on_day
from voicebot.dialogue.entities.entity import EntityKind, Found
from voicebot.dialogue.entities.negation import is_negated
from voicebot.dialogue.entities.putoff import is_put_off
from voicebot.dialogue.entities.said import Said

# Characters that may lie between a day and the time on it where more than one is spoken of.
_NEAR = 6
_BESIDE = re.compile(r"[,、 ]{0,2}(?:的|就是|那天|也就是|on )?")
_CONTRADICTORY = 0.4
_PART_WORDS = {"dawn": "early in the morning"}


@dataclass(frozen=True, slots=True)
class Moments:
    """Days, times and parts of the day of one utterance."""

    days: list[DaySpan]
    times: list[TimeSpan]
    parts: list[PartSpan]


def find_moments(said: Said) -> Moments:
    """Return the days and times that are spoken of; a time on the same day is set to the half still to come.

    Where a day is asked for, one that is named only to put it off is none.
    """
    if said.mandarin:
        days, parts = dates_zh.find_days(said), times_zh.find_parts(said)
        times = times_zh.find_times(said, parts)
    else:
        days, parts = dates_en.find_days(said), times_en.find_parts(said)
        times = times_en.find_times(said, parts)
    days = _same_days(said.text, days)
    days = [day for day in days if not any(_inside(day, time) for time in times)]
    if said.asked and not times and any(is_put_off(said.text, day.start, day.end, said.mandarin) for day in days):
        return Moments([], [], [])
    moments = Moments(days, times, parts)
    settled = {time: on_day(time, day.first, said.now) for day, time in _pairs(said, moments)}
    return replace(moments, times=[settled.get(time, time) for time in times])


def _same_days(text: str, days: list[DaySpan]) -> list[DaySpan]:
    """Return the days, with those said twice put together: 二十五号星期三, "Thursday the 26th"."""
    kept: list[DaySpan] = []
    for day in days:
        one = _together(text, kept[-1], day) if kept else None
        if one is None:
            kept.append(day)
        else:
            kept[-1] = one
    return kept


def _together(text: str, before: DaySpan, after: DaySpan) -> DaySpan | None:
    """Return two days as one where one of them is a day of the week and stands beside the other."""
    if before.weekday == after.weekday or not _BESIDE.fullmatch(text, before.end, after.start):
        return None
    exact, named = (before, after) if after.weekday else (after, before)
    agreed = exact.first.weekday() == named.first.weekday()
    if not agreed and "," in text[before.end : after.start]:
        return None
    confidence = max(exact.confidence, named.confidence) if agreed else _CONTRADICTORY
    return replace(exact, start=before.start, end=after.end, confidence=confidence, name_only=False)


def _inside(day: DaySpan, time: TimeSpan) -> bool:
    return time.start <= day.start and day.end <= time.end


def entities(said: Said, moments: Moments) -> list[Found]:
    """Return what was found as entities of all kinds of days and times."""
    found = [_day(said, day) for day in moments.days]
    found += [_time(said, time) for time in moments.times]
    found += [
        Found(EntityKind.DAYPART, part.start, part.end, part.name, _part(said, part.name), 0.9)
        for part in moments.parts
    ]
    found += [_joined(said, day, time) for day, time in _pairs(said, moments)]
    found += [_moment(said, time) for time in moments.times if time.moment is not None]
    return [*found, *_time_ranges(said, moments.times)]


def _pairs(said: Said, moments: Moments) -> list[tuple[DaySpan, TimeSpan]]:
    """Return which time is on which day."""
    days = [day for day in moments.days if day.first == day.last and not is_negated(said.text, day.start, day.end)]
    times = [time for time in moments.times if time.moment is None and not time.range_end]
    times = [time for time in times if not is_negated(said.text, time.start, time.end)]
    if len(days) == 1 and len(times) == 1:
        return [(days[0], times[0])]
    pairs = []
    for time in times:
        near = [day for day in days if 0 <= time.start - day.end <= _NEAR] or (
            [] if said.mandarin else [day for day in days if 0 <= day.start - time.end <= _NEAR]
        )
        pairs += [(near[-1], time)] if near else []
    return pairs


def _day(said: Said, day: DaySpan) -> Found:
    if day.first == day.last:
        spoken = _spoken_day(said, day.first)
        return Found(EntityKind.DATE, day.start, day.end, day.first.isoformat(), spoken, day.confidence)
    joint = "到" if said.mandarin else " to "
    spoken = _spoken_day(said, day.first) + joint + _spoken_day(said, day.last)
    value = f"{day.first.isoformat()}/{day.last.isoformat()}"
    return Found(EntityKind.DATE_RANGE, day.start, day.end, value, spoken, day.confidence)


def _time(said: Said, time: TimeSpan) -> Found:
    value = _clock(time.hour, time.minute)
    return Found(
        EntityKind.TIME, time.start, time.end, value, _spoken_time(said, time.hour, time.minute), time.confidence
    )


def _joined(said: Said, day: DaySpan, time: TimeSpan) -> Found:
    date = day.first
    if time.next_day:
        date = shifted(date, 1) or date
    start, end = min(day.start, time.start), max(day.end, time.end)
    apart = max(day.start, time.start) - min(day.end, time.end) > _NEAR
    confidence = round(min(day.confidence, time.confidence) - (0.1 if apart else 0.0), 2)
    joint = "" if said.mandarin else " at "
    spoken = _spoken_day(said, date) + joint + _spoken_time(said, time.hour, time.minute)
    value = f"{date.isoformat()}T{_clock(time.hour, time.minute)}"
    return Found(EntityKind.DATETIME, start, end, value, spoken, confidence)


def _moment(said: Said, time: TimeSpan) -> Found:
    moment = time.moment or said.now
    spoken = _spoken_time(said, time.hour, time.minute)
    if moment.date() != said.now.date():
        spoken = _spoken_day(said, moment.date()) + ("" if said.mandarin else " at ") + spoken
    value = moment.isoformat(timespec="minutes")
    return Found(EntityKind.DATETIME, time.start, time.end, value, spoken, time.confidence)


def _time_ranges(said: Said, times: list[TimeSpan]) -> list[Found]:
    ranges = []
    for first, last in pairwise(times):
        if last.range_end:
            value = f"{_clock(first.hour, first.minute)}/{_clock(last.hour, last.minute)}"
            joint = "到" if said.mandarin else " to "
            spoken = joint.join(_spoken_time(said, time.hour, time.minute) for time in (first, last))
            confidence = min(first.confidence, last.confidence)
            ranges.append(Found(EntityKind.TIME_RANGE, first.start, last.end, value, spoken, confidence))
    return ranges


def _clock(hour: int, minute: int) -> str:
    return f"{hour:02}:{minute:02}"


def _spoken_day(said: Said, day: date) -> str:
    return spoken_zh.day(day, said.now.date()) if said.mandarin else spoken_en.day(day, said.now.date())


def _spoken_time(said: Said, hour: int, minute: int) -> str:
    return spoken_zh.time_of_day(hour, minute) if said.mandarin else spoken_en.time_of_day(hour, minute)


def _part(said: Said, name: str) -> str:
    return spoken_zh.DAYPARTS[name] if said.mandarin else _PART_WORDS.get(name, name)
