"""The seam between whoever decides that a number is dialled, and whoever can dial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from voicebot.campaigns.outcome import CallResult


@dataclass(frozen=True, slots=True)
class DialOrder:
    """A call to make.

    Attributes:
        id: its name in the database.
        number: E.164 with "+", or an extension.
        bot: name of a line of the settings, or of one of our bots.
        caller_number: number to call from; "" leaves that to the PBX.
        variables: for the first query.
        ring_timeout_s: how long it may ring.
        causes: causes of ITU-T Q.850 to hang up with, by what was heard.
    """

    id: str
    number: str = field(repr=False)
    bot: str
    caller_number: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    ring_timeout_s: float = 45.0
    causes: Mapping[str, int] = field(default_factory=dict, repr=False)


class CallWatcher(Protocol):
    """Told of a call on its way."""

    def placed(self, call_id: str) -> None:
        """The INVITE is out; its SIP Call-ID."""
        ...

    def answered(self) -> None:
        """Somebody took the call."""
        ...


class NotDialledError(Exception):
    """The call was certainly not begun, and nothing is wrong with its number: no room, or a process just died."""


class OutgoingLine(Protocol):
    """Can dial."""

    @property
    def room(self) -> int:
        """How many more calls can begin now."""
        ...

    async def dial(self, order: DialOrder, watcher: CallWatcher) -> CallResult:
        """Make a call, and wait for its end.

        Raises:
            NotDialledError: nobody was called; another time it may work.
            VoicebotError: it can never be made: no such bot, or a target that cannot be dialled.
        """
        ...
