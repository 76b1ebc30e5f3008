"""How a call that is over is judged: outcome, what was heard, cause, and the rule by which its number is tried again.

The table is that of ``telephony.announcements.outcome``, with the differences of the settings, and over them those of a
campaign's plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from telephony.announcements.outcome import (
    Category,
    Change,
    Handling,
    RetryRule,
    category_of_cause,
    category_of_status,
    handlings,
)
from telephony.announcements.outcome import Outcome as HeardOutcome
from voicebot.campaigns.outcome import CallResult, Outcome
from voicebot.settings.dialling import DiallingSettings, HandlingSettings, Heard

_STILL_RINGING = frozenset({Category.RINGING.value, Category.COLOUR_RING.value})
"""Heard on the way to an answer or a refusal, which says more."""
_CANCELLED = 487  # we gave up: whatever cause comes with it is our own


@dataclass(frozen=True, slots=True)
class End:
    """How a call ended.

    Attributes:
        outcome: in one word.
        category: what was heard, or what the SIP status stands for, by the name of its ``Category``; "": neither.
        q850: cause of ITU-T Q.850; 0: there is none.
    """

    outcome: Outcome
    category: str = ""
    q850: int = 0


class EndRules:
    """Judges calls.

    Args:
        settings: ``handling`` and ``statuses`` are used.
        handling: differences of a campaign, which win.
    """

    def __init__(self, settings: DiallingSettings, handling: Mapping[Heard, HandlingSettings] | None = None) -> None:
        self._table = handlings(_changes(settings.handling), _changes(handling or {}))
        self._statuses = {status: Category(name) for status, name in settings.statuses.items()}

    @property
    def causes(self) -> dict[str, int]:
        """Causes of ITU-T Q.850 by the names of the categories: what the line says when it hangs up."""
        return {category.value: handling.cause for category, handling in self._table.items()}

    def category_of(self, result: CallResult) -> Category | None:
        """Return what a call turned out to be; None: nothing was heard of it, and no status tells.

        What was heard wins over what the far side tells: its cause of ITU-T Q.850, or else the SIP status, which often
        is the same for everything.
        """
        if result.announcement and result.announcement not in _STILL_RINGING:
            return _category(result.announcement)
        if result.answered:
            return _category(result.answered_by)
        if result.lost or result.cause == "shutdown" or result.status < 300:
            return None
        told = category_of_cause(result.q850) if result.status != _CANCELLED else None
        return self._statuses.get(result.status) or told or category_of_status(result.status)

    def end_of(self, result: CallResult) -> End:
        """Judge a call."""
        if result.lost:
            return End(Outcome.UNKNOWN)
        category = self.category_of(result)
        if category is None:
            return End(Outcome.CANCELLED if result.cause == "shutdown" else Outcome.FAILED)
        handling = self._table[category]
        return End(Outcome(handling.outcome.value), category.value, handling.cause)

    def retry_rule(self, outcome: str, category: str) -> str:
        """Return the name of the rule for calls that ended like this; what nobody heard goes by the outcome."""
        handling = self._known(category)
        if handling is not None and handling.outcome.value == outcome:
            return handling.retry.value
        return outcome

    def _known(self, category: str) -> Handling | None:
        return self._table[Category(category)] if category else None


def _category(name: str) -> Category:
    """Return what was heard, by its name; nobody looked, or nobody could tell: undecided."""
    try:
        return Category(name)
    except ValueError:
        return Category.UNDECIDED


def _changes(handling: Mapping[Heard, HandlingSettings]) -> dict[Category, Change]:
    return {
        Category(name): Change(
            HeardOutcome(one.outcome) if one.outcome else None,
            RetryRule(one.retry) if one.retry else None,
            one.cause,
        )
        for name, one in handling.items()
    }
