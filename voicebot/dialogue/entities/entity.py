"""What is found in an utterance, and what the finders are given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class EntityKind(str, Enum):
    """Kinds of entities, with the form of their value.

    * NUMBER ``"3.5"``, ``"-3"``; ORDINAL ``"3"``; PERCENT ``"30%"``
    * DIGITS ``"0138"``; CODE ``"A123"``; PHONE ``"13800138000"``, ``"+14155550100"``, ``"02087654321;ext=801"``
    * MONEY ``"CNY 128.50"`` (ISO 4217)
    * DATE ``"2026-11-22"``; DATE_RANGE ``"2026-11-23/2026-11-29"``, both days included (next week)
    * TIME ``"15:00"``; TIME_RANGE ``"14:00/15:00"``; DATETIME ``"2026-11-22T15:00"``
    * DAYPART ``"dawn"``, ``"morning"``, ``"noon"``, ``"afternoon"``, ``"evening"`` or ``"night"``
    * DURATION ISO 8601, ``"PT1H30M"``, ``"P3D"``
    * YES_NO ``"yes"`` or ``"no"``
    * NAME the spelling of the list
    """

    NUMBER = "number"
    ORDINAL = "ordinal"
    PERCENT = "percent"
    DIGITS = "digits"
    CODE = "code"
    PHONE = "phone"
    MONEY = "money"
    DATE = "date"
    DATE_RANGE = "date_range"
    TIME = "time"
    TIME_RANGE = "time_range"
    DATETIME = "datetime"
    DAYPART = "daypart"
    DURATION = "duration"
    YES_NO = "yes_no"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Entity:
    """Something the caller said, made canonical.

    Attributes:
        kind: what it is.
        text: the stretch of the utterance, as it was given.
        start: first character of it.
        end: the character after it.
        value: canonical form, see EntityKind.
        spoken: how to say it back in the language of the utterance.
        confidence: 0..1. From 0.8 on it was said plainly; below, something was added to it (三点 taken for the
            afternoon), it is approximate, or it may mean something else: ask back. NEGATED means that it was said not
            to be so.
        list: the list a name is from; "" for other kinds.
    """

    kind: EntityKind
    text: str
    start: int
    end: int
    value: str
    spoken: str
    confidence: float
    list: str = ""


NEGATED = 0.3
"""Confidence of what the caller excludes: 三点不行, not on Monday. It must not fill a slot."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entity by its place in the folded text."""

    kind: EntityKind
    start: int
    end: int
    value: str
    spoken: str
    confidence: float
    list: str = ""
