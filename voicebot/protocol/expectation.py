"""What an answer asked the caller for: an extension of ours beside ``identifyDuration``, which platforms ignore."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voicebot.protocol.fields import Fields

MOST_DIGITS = 64
KEYS = "0123456789*#ABCD"
LONGEST_GAP_MS = 60_000


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
class KeyEntry:
    """How an answer is typed on the keys of a telephone.

    Attributes:
        end: the key that ends it and is no part of it; "" for none.
        gap_ms: pause after a key that ends it.
        masked: nobody is to see or hear it: a PIN, a card number.
    """

    end: str = "#"
    gap_ms: int = 3000
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Expectation:
    """What was asked for.

    Attributes:
        kind: the kind of answer; OPEN where more than one fits.
        digits: how many digits a dictated answer has, from and to; None if that is not known.
        keys: how it is typed; None if nothing is said of that.
    """

    kind: Expected = Expected.OPEN
    digits: tuple[int, int] | None = None
    keys: KeyEntry | None = None

    @property
    def masked(self) -> bool:
        """Nobody is to see or hear the answer."""
        return self.keys is not None and self.keys.masked


def parse_expectation(fields: Fields) -> Expectation:
    """Read ``expects``. A kind that is not known counts as OPEN: there may be more of them one day.

    Raises:
        ProtocolError: a field has the wrong type.
    """
    kind = fields.text("kind")
    known = Expected(kind) if kind in {each.value for each in Expected} else Expected.OPEN
    return Expectation(known, _digits(fields), _keys(fields))


def _keys(fields: Fields) -> KeyEntry | None:
    value = dict(fields.items()).get("keys")
    if value is None:
        return None
    end, gap_ms, masked = "#", 3000, False
    if isinstance(value, Mapping):
        end, gap_ms, masked = value.get("end", end), value.get("gap_ms", gap_ms), value.get("masked", masked)
        fits = isinstance(end, str) and len(end) <= 1 and end in KEYS and isinstance(masked, bool)
        if fits and isinstance(gap_ms, int) and not isinstance(gap_ms, bool) and 0 < gap_ms <= LONGEST_GAP_MS:
            return KeyEntry(end, gap_ms, masked)
    problem = f"expected end (a key or none), gap_ms (1 to {LONGEST_GAP_MS}) and masked (true or false)"
    if not fields.lenient:
        fields.fail("keys", problem)
    fields.note("keys", problem)
    # What cannot be read may have been meant to be kept secret.
    return KeyEntry(masked=True)


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
    if expectation.keys is not None:
        entry = expectation.keys
        written["keys"] = {"end": entry.end, "gap_ms": entry.gap_ms, "masked": entry.masked}
    return written
