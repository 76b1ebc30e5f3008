"""Days and times of an utterance as values for slots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from voicebot.dialogue.entities import NEGATED, Entity, EntityKind, spoken_en, spoken_zh
from voicebot.dialogue.entities.clock import TimeSpan, in_part
from voicebot.dialogue.marks import read_clock, read_date
from voicebot.dialogue.slots import PLAINLY, SlotValue

_ONLY_A_TIME = 0.6
"""A time without a day is taken for the next such time."""


@dataclass(frozen=True, slots=True)
class SaidMoments:
    """What an utterance says of days and times.

    Attributes:
        days, times: single ones, in order.
        day_words: the caller's words for the first day.
        day_range, time_range: the caller's words for several ("next week"); "" for none.
        range_days: the days of the range, both included.
        part: the part of the day that stands without a time: "morning" and so on; "" for none.
        part_words: the caller's words for it.
    """

    days: list[SlotValue] = field(default_factory=list)
    times: list[SlotValue] = field(default_factory=list)
    day_words: str = ""
    day_range: str = ""
    range_days: tuple[date, date] | None = None
    time_range: str = ""
    part: str = ""
    part_words: str = ""


def moments_in(entities: Sequence[Entity], language: str, now: datetime) -> SaidMoments:
    """Return what an utterance says of days and times; what it denies counts for nothing."""
    meant = [entity for entity in entities if entity.confidence > NEGATED]
    joined = [entity for entity in meant if entity.kind is EntityKind.DATETIME]
    found = SaidMoments()
    for entity in meant:
        if entity.kind is EntityKind.DATE:
            found.days.append(_day(entity, joined, language, now))
        elif entity.kind is EntityKind.TIME:
            found.times.append(SlotValue(entity.value, entity.spoken, entity.confidence))
    if not found.days:
        # "in two days at three" has a day of its own, "in half an hour" only that of the moment.
        for entity in joined:
            day = date.fromisoformat(entity.value[:10])
            found.days.append(SlotValue(day.isoformat(), spoken_day(day, language, now), entity.confidence))
    firsts = {entity.kind: entity for entity in reversed(meant)}
    days, times = firsts.get(EntityKind.DATE_RANGE), firsts.get(EntityKind.TIME_RANGE)
    part, single = firsts.get(EntityKind.DAYPART), firsts.get(EntityKind.DATE)
    return replace(
        found,
        day_words=single.text if single is not None else "",
        day_range=days.text if days is not None else "",
        range_days=_range(days.value) if days is not None else None,
        time_range=times.text if times is not None else "",
        part=part.value if part is not None else "",
        part_words=part.text if part is not None else "",
    )


def in_known_part(found: SlotValue, part: str) -> SlotValue:
    """Return a time with the part of the day that the caller named before: 下午, then 三点."""
    if not part or found.confidence >= PLAINLY:
        return found
    clock = time.fromisoformat(found.value)
    span = in_part(TimeSpan(0, 0, clock.hour, clock.minute, found.confidence, open_half=True), part)
    return SlotValue(f"{span.hour:02}:{span.minute:02}", "", span.confidence)


def other_half(found: SlotValue) -> SlotValue | None:
    """Return a time in the other half of the day, if the caller did not say which one he means."""
    if found.confidence >= PLAINLY:
        return None
    clock = time.fromisoformat(found.value)
    return SlotValue(f"{(clock.hour + 12) % 24:02}:{clock.minute:02}", "", found.confidence)


def joined(day: SlotValue, clock: SlotValue, language: str) -> SlotValue:
    """Return a moment of a day and a time."""
    joint = "" if language == "zh" else " at "
    spoken = f"{day.spoken}{joint}{clock.spoken}"
    return SlotValue(f"{day.value}T{clock.value}", spoken, min(day.confidence, clock.confidence))


def next_day_with(clock: SlotValue, language: str, now: datetime) -> SlotValue:
    """Return the day on which a time comes next."""
    later = datetime.combine(now.date(), time.fromisoformat(clock.value)) > now
    day = now.date() + timedelta(days=0 if later else 1)
    return SlotValue(day.isoformat(), spoken_day(day, language, now), _ONLY_A_TIME)


def day_of(value: str, language: str, now: datetime) -> SlotValue | None:
    """Return the day of a canonical date or moment; None if it is neither: it may come from anywhere."""
    day = read_date(value[:10])
    return None if day is None else SlotValue(day.isoformat(), spoken_day(day, language, now))


def time_of(value: str, language: str) -> SlotValue | None:
    """Return the time of a canonical moment; None if it is none."""
    clock = read_clock(value[11:16])
    return None if clock is None else SlotValue(value[11:16], spoken_time(clock, language))


def spoken_day(day: date, language: str, now: datetime) -> str:
    """Return how a day is said."""
    today = now.date()
    return spoken_zh.day(day, today) if language == "zh" else spoken_en.day(day, today)


def spoken_time(clock: time, language: str) -> str:
    """Return how a time of day is said."""
    if language == "zh":
        return spoken_zh.time_of_day(clock.hour, clock.minute)
    return spoken_en.time_of_day(clock.hour, clock.minute)


def _day(entity: Entity, joined: list[Entity], language: str, now: datetime) -> SlotValue:
    # Midnight at the end of a day is on the next one.
    for moment in joined:
        if moment.start <= entity.start and entity.end <= moment.end and moment.value[:10] != entity.value:
            day = date.fromisoformat(moment.value[:10])
            return SlotValue(day.isoformat(), spoken_day(day, language, now), entity.confidence)
    return SlotValue(entity.value, entity.spoken, entity.confidence)


def _range(value: str) -> tuple[date, date]:
    first, _, last = value.partition("/")
    return date.fromisoformat(first), date.fromisoformat(last)
