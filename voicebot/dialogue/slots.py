"""Slots: what a node wants to know from the caller, such as a date and a time. Values and their rules."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from voicebot.dialogue.entities import Entity, EntityKind
from voicebot.dialogue.expression import Expression
from voicebot.dialogue.marks import DayMark, MomentMark
from voicebot.protocol.expectation import KeyEntry

PLAINLY = 0.8
"""From this confidence on a value needs no echo."""
DIGITS_END_OF_SPEECH_MS = 1200
"""People read numbers out in groups, with pauses between them."""
DEFAULT_TRIES = 3


class SlotKind(str, enum.Enum):
    """What a slot takes."""

    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    NUMBER = "number"
    DIGITS = "digits"
    PHONE = "phone"
    MONEY = "money"
    PERCENT = "percent"
    DURATION = "duration"
    YES_NO = "yes_no"
    NAME = "name"
    TEXT = "text"


ENTITY_KINDS: Mapping[SlotKind, tuple[EntityKind, ...]] = {
    SlotKind.DATE: (EntityKind.DATE, EntityKind.DATETIME, EntityKind.DATE_RANGE),
    SlotKind.TIME: (EntityKind.TIME, EntityKind.DATETIME, EntityKind.TIME_RANGE, EntityKind.DAYPART),
    SlotKind.DATETIME: (
        *(EntityKind.DATETIME, EntityKind.DATE, EntityKind.TIME),
        *(EntityKind.DATE_RANGE, EntityKind.TIME_RANGE, EntityKind.DAYPART),
    ),
    SlotKind.NUMBER: (EntityKind.NUMBER,),
    SlotKind.DIGITS: (EntityKind.DIGITS, EntityKind.CODE),
    SlotKind.PHONE: (EntityKind.PHONE, EntityKind.DIGITS),
    SlotKind.MONEY: (EntityKind.MONEY,),
    SlotKind.PERCENT: (EntityKind.PERCENT,),
    SlotKind.DURATION: (EntityKind.DURATION,),
    SlotKind.YES_NO: (EntityKind.YES_NO,),
    SlotKind.NAME: (EntityKind.NAME,),
    SlotKind.TEXT: (),
}
"""The entities that each kind of slot looks at; what is not a value of it is a vague answer, such as "next week"."""


class Rule(str, enum.Enum):
    """Why a value is not accepted; the names under ``invalid``."""

    EARLIEST = "earliest"
    LATEST = "latest"
    BETWEEN = "between"
    ONLY_ON = "only_on"
    NOT_ON = "not_on"
    MIN = "min"
    MAX = "max"
    LENGTH = "length"
    VALID_IF = "valid_if"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class SlotRules:
    """What a value has to be; None and empty where anything will do.

    Attributes:
        earliest, latest: of a date, a time or both, the marks included.
        between: of a time of day, both included.
        only_on, not_on: days of a date.
        day: the slot with the day that a time belongs to.
        least, most: of a number, an amount or a percentage.
        shortest, longest: characters of digits.
        letters: digits may have letters among them (A1024).
        condition: has to hold for the variables, the value's own included.
    """

    earliest: MomentMark | None = None
    latest: MomentMark | None = None
    between: tuple[time, time] | None = None
    only_on: tuple[DayMark, ...] = ()
    not_on: tuple[DayMark, ...] = ()
    day: str = ""
    least: float | None = None
    most: float | None = None
    shortest: int = 1
    longest: int = 64
    letters: bool = False
    condition: Expression | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing a node wants to know. Its variables are ``name``, to be said, and ``name_value``, canonical.

    Attributes:
        name: of the variable.
        kind: what it takes.
        ask: questions for this slot alone, in turn.
        rules: what a value has to be.
        invalid: what is said about a value that is not accepted, by the rule; Rule.OTHER for all the rest.
        vague: what is said about half an answer: "next week" for a date, "in the afternoon" for a time.
        echo: said once it is filled and something else is still to be asked.
        names: of a NAME, with other ways to say each.
        end_of_speech_ms: silence that ends an answer while this is asked; None for the default.
        keys: how it is typed on a telephone; None if nothing is said of that.
        first_key_s: silence after which the caller is asked again while this is asked; None for the default.
    """

    name: str
    kind: SlotKind
    ask: tuple[str, ...]
    rules: SlotRules = SlotRules()
    invalid: Mapping[Rule, tuple[str, ...]] = field(default_factory=dict)
    vague: tuple[str, ...] = ()
    echo: tuple[str, ...] = ()
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    end_of_speech_ms: int | None = None
    keys: KeyEntry | None = None
    first_key_s: int | None = None

    @property
    def value_name(self) -> str:
        """The variable with the canonical value."""
        return f"{self.name}_value"

    @property
    def vague_name(self) -> str:
        """The variable with the caller's words of half an answer."""
        return f"{self.name}_vague"

    @property
    def part_name(self) -> str:
        """The variable with a part of the value that the next answer completes."""
        return f"{self.name}_part"

    @property
    def variables(self) -> tuple[str, ...]:
        """All variables of it."""
        return self.name, self.value_name, self.vague_name, self.part_name

    @property
    def texts(self) -> tuple[str, ...]:
        """All that may be said about it."""
        return (*self.ask, *(text for texts in self.invalid.values() for text in texts), *self.vague, *self.echo)

    @property
    def patience_ms(self) -> int | None:
        """Silence that ends an answer while this is asked; None for the node's or the bot's."""
        dictated = self.kind in (SlotKind.DIGITS, SlotKind.PHONE)
        return self.end_of_speech_ms or (DIGITS_END_OF_SPEECH_MS if dictated else None)


@dataclass(frozen=True, slots=True)
class SlotValue:
    """A value for a slot.

    Attributes:
        value: canonical.
        spoken: how to say it.
        confidence: 0..1.
    """

    value: str
    spoken: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Filling:
    """What an utterance gives to the slots that are wanted.

    Attributes:
        values: by the name of the slot; accepted by its rules.
        rejected: values that are not, with the rule that says no.
        vague: the caller's words of half an answer.
        parts: parts of values that the next answer may complete; not for anybody's ears.
        unchanged: it says once more what the slots hold already.
        coverage: 0..1, how much of the utterance the values are.
        fallback: text slots that take the words if nothing else understands them.
        entities: what was found in the utterance.
    """

    values: Mapping[str, SlotValue] = field(default_factory=dict)
    rejected: Mapping[str, Rule] = field(default_factory=dict)
    vague: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    unchanged: bool = False
    coverage: float = 0.0
    fallback: Mapping[str, SlotValue] = field(default_factory=dict)
    entities: tuple[Entity, ...] = ()

    @property
    def answers(self) -> bool:
        """The utterance says something about the slots."""
        return bool(self.values or self.rejected or self.vague)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The slots that an utterance may fill.

    Attributes:
        slots: of the node, or of the node that it corrects.
        known: the variables of the conversation.
        now: the caller's time, without a zone.
        correcting: the slots are filled; only another value counts.
    """

    slots: tuple[Slot, ...]
    known: Mapping[str, str]
    now: datetime
    correcting: bool = False

    @property
    def missing(self) -> tuple[Slot, ...]:
        """Those without a value, in the order they are asked for."""
        return tuple(slot for slot in self.slots if not self.known.get(slot.name, "").strip())

    @property
    def today(self) -> date:
        """The caller's day."""
        return self.now.date()
