"""What a campaign is to do: a YAML file or JSON object of a user, checked."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from voicebot.campaigns.schedule import Hours, Schedule, read_days, read_hours
from voicebot.errors import PlanError
from voicebot.settings.dialling import HandlingSettings, Heard, RetriedOutcome
from voicebot.settings.section import Section

RetryRuleName = Literal[RetriedOutcome, "unknown", "cancelled"]
"""Outcomes that have a rule: those of the table, and those of calls that were lost or taken back."""
Number = Annotated[str, Field(pattern=r"^\+?[0-9]{3,20}$")]


class HoursPlan(Section):
    """When to dial."""

    timezone: str
    """Name in the IANA database: "Asia/Shanghai"."""
    days: dict[str, list[str]] = Field(default_factory=lambda: {"every": ["09:00-12:00", "14:00-20:00"]})
    """Hours by day: "mon", "mon-fri" or "every"; a day that is named on its own wins over a range."""
    holidays: list[date] = Field(default_factory=list)
    """No calls on these days."""
    special_days: dict[date, list[str]] = Field(default_factory=dict)
    """Days with hours of their own: a Saturday that is worked, a short day."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"there is no time zone {value!r}; expected a name such as Asia/Shanghai") from None
        return value

    @field_validator("days")
    @classmethod
    def _known_days(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        for days, hours in value.items():
            read_days(days)
            _check_hours(hours)
        return value

    @field_validator("special_days")
    @classmethod
    def _known_hours(cls, value: dict[date, list[str]]) -> dict[date, list[str]]:
        for hours in value.values():
            _check_hours(hours)
        return value

    def schedule(self, more_holidays: tuple[date, ...] = ()) -> Schedule:
        """Return the rules; ``more_holidays`` are those of the service's settings, which special days lift."""
        weekly: dict[int, list[Hours]] = {}
        for days, hours in sorted(self.days.items(), key=lambda item: -len(read_days(item[0]))):
            weekly |= {day: [read_hours(one) for one in hours] for day in read_days(days)}
        special: dict[date, list[Hours]] = {day: [] for day in (*more_holidays, *self.holidays)}
        special |= {day: [read_hours(one) for one in hours] for day, hours in self.special_days.items()}
        return Schedule(zoneinfo.ZoneInfo(self.timezone), weekly, special)


class LimitsPlan(Section):
    """How much at a time."""

    concurrent: int = Field(default=5, ge=1, le=1000)
    """Calls at a time."""
    calls_per_second: float = Field(default=1.0, gt=0, le=100)
    """Calls begun in a second."""
    ring_timeout_s: float = Field(default=45.0, ge=5, le=180)
    """How long a number may ring."""


class RetryPlan(Section):
    """What to do about calls that end in one way."""

    times: int = Field(ge=0, le=20)
    """How often to try again after such an end."""
    wait_minutes: float = Field(default=60.0, ge=0, le=7 * 24 * 60)


class BreakerPlan(Section):
    """When to stop for a while: with a broken trunk, every call costs a number one of its attempts."""

    failed_share: float = Field(default=0.5, gt=0, le=1)
    """Share of calls that the network could not carry (outcomes ``failed`` and ``network_busy``)."""
    min_calls: int = Field(default=10, ge=1, le=10000)
    """It takes so many calls to judge."""
    window_s: float = Field(default=120.0, gt=0, le=86400)
    """Only calls that ended within this time count."""
    pause_s: float = Field(default=300.0, gt=0, le=86400)
    """How long nobody is dialled then. After it, one call at a time until one goes through."""


class CallerNumber(Section):
    """A number that calls come from."""

    number: Number
    concurrent: int = Field(default=0, ge=0, le=1000)
    """Calls at a time with this number; 0: no limit of its own."""


class Plan(Section):
    """All of a campaign but its numbers."""

    bot: str = Field(min_length=1, max_length=255)
    """Name of one of our bots, or of a line of the settings."""
    hours: HoursPlan
    limits: LimitsPlan = LimitsPlan()
    callers: list[CallerNumber] = Field(default_factory=list)
    """Numbers to call from, in turn; empty: the PBX decides."""
    max_calls: int = Field(default=4, ge=1, le=50)
    """Calls to one number, at most."""
    retries: dict[RetryRuleName, RetryPlan] = Field(default_factory=dict)
    """Rules by their names, which are those of outcomes; differences from ``DEFAULT_RETRIES``."""
    handling: dict[Heard, HandlingSettings] = Field(default_factory=dict)
    """What becomes of calls that turn out to be one thing; differences from ``dialling.handling`` of the settings."""
    breaker: BreakerPlan = BreakerPlan()
    variables: dict[str, str] = Field(default_factory=dict)
    """Variables of every call; those of a row win."""

    @field_validator("callers", mode="before")
    @classmethod
    def _plain_numbers(cls, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        for one in value:
            if isinstance(one.get("number") if isinstance(one, Mapping) else one, int | float):
                # To YAML 010 is eight, and a number's "+" is nothing.
                raise ValueError("a telephone number must be in quotes, or leading zeros and + are lost")
        return [one if isinstance(one, Mapping) else {"number": one} for one in value]

    def rule(self, name: str) -> RetryPlan:
        """Return a rule by its name; a name without one: never again."""
        return self.retries.get(name) or DEFAULT_RETRIES.get(name, NO_RETRY)  # type: ignore[call-overload]


NO_RETRY = RetryPlan(times=0)
DEFAULT_RETRIES: Mapping[str, RetryPlan] = {
    "no_answer": RetryPlan(times=2, wait_minutes=120),
    "busy": RetryPlan(times=3, wait_minutes=15),
    "failed": RetryPlan(times=3, wait_minutes=10),
    "network_busy": RetryPlan(times=3, wait_minutes=10),
    "silent": RetryPlan(times=1, wait_minutes=120),
    "unreachable": RetryPlan(times=1, wait_minutes=240),
    "voicemail": RetryPlan(times=1, wait_minutes=240),
    "cancelled": RetryPlan(times=2, wait_minutes=10),
}
"""Nobody is called again whose call was answered, declined, or may have been made though we do not know."""


def read_plan(file: Path) -> Plan:
    """Read a plan from a YAML file.

    Raises:
        PlanError: it cannot be read, or is wrong.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PlanError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise PlanError(f"{file}: not UTF-8") from None
    try:
        plain = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PlanError(f"{file}: not YAML: {' '.join(str(error).split())}") from None
    except ValueError as error:  # a date that is none, such as 2026-13-01
        raise PlanError(f"{file}: a value is none: {error}") from None
    return parse_plan(plain, f"{file}: ")


def parse_plan(plain: object, prefix: str = "") -> Plan:
    """Check a plan.

    Args:
        plain: what YAML or JSON gave.
        prefix: of the error's message.

    Raises:
        PlanError: it is wrong; ``field`` says where.
    """
    if not isinstance(plain, Mapping):
        raise PlanError(f"{prefix}a plan has keys and values")
    try:
        return Plan.model_validate(dict(plain))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise PlanError(f"{prefix}{field}: {first['msg'].removeprefix('Value error, ')}", field) from None


def _check_hours(hours: list[str]) -> None:
    for one in hours:
        read_hours(one)
