"""What a bot wants to remember of its callers, as a value, and how ``bot.yaml`` says it."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.dialogue.yamltree import Item

LAST = "last_"
"""What the name of a remembered variable begins with in the next call."""
CALLS_BEFORE, LAST_CALL_DAYS = "calls_before", "last_call_days"
DEFAULT_DAYS, MOST_DAYS = 90, 3650


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """What a bot remembers of a caller, by number, from one call to the next.

    Attributes:
        remember: names of variables; in the next call ``name`` is ``last_name``.
        days: how long after the last call.
    """

    remember: tuple[str, ...] = ()
    days: int = DEFAULT_DAYS

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that a call begins with."""
        return (CALLS_BEFORE, LAST_CALL_DAYS, *(f"{LAST}{name}" for name in self.remember))


def read_memory_use(item: Item | None) -> MemoryUse | None:
    """Read ``memory``; None if the bot wants to remember nothing.

    Raises:
        ConfigError: a value is wrong.
    """
    if item is None:
        return None
    entries = item.map(("remember", "days"))
    if "remember" not in entries:
        item.fail("'remember' is missing: the names of the variables")
    return MemoryUse(
        remember=entries["remember"].texts(),
        days=entries["days"].integer(1, MOST_DAYS) if "days" in entries else DEFAULT_DAYS,
    )
