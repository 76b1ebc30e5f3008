"""Lets somebody look at a conversation after everything that happens in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from voicebot.conversation.actions import Action
from voicebot.conversation.eventlog import EventLog, NoLog, Value
from voicebot.conversation.events import Event


class PhaseLog:
    """An ``EventLog`` that passes everything on.

    Args:
        log: where to; None: nowhere.
        look: called after each event.
    """

    def __init__(self, log: EventLog | None, look: Callable[[], None]) -> None:
        self._log = log or NoLog()
        self._look = look

    def happened(
        self, event: Event, actions: Sequence[Action], timers: Mapping[str, float], *, hidden: bool = False
    ) -> None:
        """Pass an event on."""
        self._log.happened(event, actions, timers, hidden=hidden)
        self._look()

    def note(self, what: str, **values: Value) -> None:
        """Pass a note on."""
        self._log.note(what, **values)

    def close(self) -> None:
        """Nothing follows."""
        self._log.close()
