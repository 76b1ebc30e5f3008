"""What an answer asked the caller for: an extension of ours beside ``identifyDuration``, which platforms ignore."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from voicebot.protocol.fields import Fields

MOST_DIGITS = 64


class Expected(str, enum.Enum):
    """The kind of answer that is waited for."""

    OPEN = "open"
    """Anything."""
    YES_NO = "yes_no"
    DIGITS = "digits"
    """Dictated one by one: a customer number, a code."""
    PHONE = "phone"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    DURATION = "duration"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What was asked for.

    Attributes:
        kind: the kind of answer; OPEN where more than one fits.
        digits: how many digits a dictated answer has, from and to; None if that is not known.
    """

    kind: Expected = Expected.OPEN
    digits: tuple[int, int] | None = None


def parse_expectation(fields: Fields) -> Expectation:
    """Read ``expects``. A kind that is not known counts as OPEN: there may be more of them one day.

    Raises:
        ProtocolError: a field has the wrong type.
    """
    kind = fields.text("kind")
    known = Expected(kind) if kind in {each.value for each in Expected} else Expected.OPEN
    return Expectation(known, _digits(fields))


def _digits(fields: Fields) -> tuple[int, int] | None:
    value = dict(fields.items()).get("digits")
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2:
        fewest, most = value
        whole = all(isinstance(each, int) and not isinstance(each, bool) for each in value)
        if whole and 0 < fewest <= most <= MOST_DIGITS:
            return fewest, most
    problem = f"expected two whole numbers, from 1 to {MOST_DIGITS}, the smaller one first"
    if not fields.lenient:
        fields.fail("digits", problem)
    fields.note("digits", problem)
    return None


def emit_expectation(expectation: Expectation) -> dict[str, Any]:
    """Write ``expects``."""
    written: dict[str, Any] = {"kind": expectation.kind.value}
    if expectation.digits is not None:
        written["digits"] = list(expectation.digits)
    return written
