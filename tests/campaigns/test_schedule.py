from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.campaigns.plan import HoursPlan
from voicebot.campaigns.schedule import Schedule, read_days, read_hours

SHANGHAI = ZoneInfo("Asia/Shanghai")
# A Saturday, 10:00 in Shanghai.
SATURDAY = datetime(2026, 11, 21, 2, 0, tzinfo=timezone.utc)
PLAN = HoursPlan(
    timezone="Asia/Shanghai",
    days={"mon-fri": ["09:00-12:00", "14:00-20:00"], "fri": ["09:00-12:00"]},
    holidays=[date(2026, 11, 23)],
    special_days={date(2026, 11, 28): ["10:00-11:30"]},
)
OFFICE = PLAN.schedule()


def at(day: int, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("day", "clock", "is_open"),
    [
        (24, "08:59", False), (24, "09:00", True), (24, "11:59", True), (24, "12:00", False), (24, "19:59", True),
        (24, "20:00", False), (27, "10:00", True), (27, "15:00", False), (21, "10:00", False), (23, "10:00", False),
        (28, "10:00", True), (28, "11:30", False),
    ],
)  # fmt: skip
def test_hours_holidays_and_special_days(day: int, clock: str, is_open: bool) -> None:
    assert OFFICE.is_open(at(day, clock).astimezone(timezone.utc)) is is_open


def test_the_next_opening_skips_weekend_and_holiday() -> None:
    assert OFFICE.next_open(SATURDAY) == at(24, "09:00")
    assert OFFICE.next_open(at(24, "10:00")) == at(24, "10:00")


def test_open_time_is_counted_over_the_breaks() -> None:
    assert OFFICE.after(at(24, "11:00"), 2 * 3600) == at(24, "15:00")
    assert OFFICE.after(at(26, "19:30"), 3600) == at(27, "09:30")


def test_holidays_of_the_settings_are_lifted_by_a_special_day() -> None:
    days = (date(2026, 11, 24), date(2026, 11, 28))
    schedule = PLAN.schedule(days)
    assert not schedule.is_open(at(24, "10:00"))
    assert schedule.is_open(at(28, "10:30"))


def test_a_schedule_that_never_opens() -> None:
    closed = Schedule(SHANGHAI, {})
    assert closed.next_open(SATURDAY) is None
    assert closed.after(SATURDAY, 1) is None


def test_summer_time_moves_the_hours_with_the_clock_on_the_wall() -> None:
    london = HoursPlan(timezone="Europe/London", days={"every": ["09:00-10:00"]}).schedule()
    assert london.next_open(datetime(2026, 3, 28, 12, tzinfo=timezone.utc)) == datetime(
        2026, 3, 29, 8, tzinfo=timezone.utc
    )
    assert london.next_open(datetime(2026, 3, 27, 12, tzinfo=timezone.utc)) == datetime(
        2026, 3, 28, 9, tzinfo=timezone.utc
    )


ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "UTC")]
)
HOURS = st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda one: one[0] < one[1]), max_size=2)
SCHEDULES = st.builds(Schedule, ZONES, st.dictionaries(st.integers(0, 6), HOURS, max_size=7))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(timezone.utc))


@given(SCHEDULES, MOMENTS)
def test_the_next_opening_is_open_and_the_first(schedule: Schedule, now: datetime) -> None:
    opening = schedule.next_open(now)
    if opening is None:
        assert not any(hours for hours in schedule.weekly.values())
        return
    assert opening >= now
    assert schedule.is_open(opening)
    if opening > now:
        assert not schedule.is_open(now)
        assert not schedule.is_open(opening - timedelta(seconds=1))


@given(SCHEDULES, MOMENTS, st.floats(0, 1e6), st.floats(0, 1e6))
def test_more_work_never_ends_earlier(schedule: Schedule, now: datetime, less: float, more: float) -> None:
    ends = [schedule.after(now, seconds) for seconds in sorted((less, more))]
    if ends[0] is not None and ends[1] is not None:
        assert now + timedelta(seconds=min(less, more)) <= ends[0] + timedelta(milliseconds=1)
        assert ends[0] <= ends[1]


@pytest.mark.parametrize(
    "text", ["9:00-12:00", "12:00-09:00", "09:00-09:00", "24:00-24:00", "09:00", "09:60-10:00", ""]
)
def test_hours_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"no time of day|after the beginning"):
        read_hours(text)


def test_days() -> None:
    assert read_days("fri-mon") == (4, 5, 6, 0)
    assert read_days(" Mon ") == (0,)
    assert len(read_days("every")) == 7
    with pytest.raises(ValueError, match="expected mon"):
        read_days("monday")
