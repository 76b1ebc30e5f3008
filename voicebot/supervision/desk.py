"""The calls that are up, as whoever serves supervisors sees them."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from voicebot.supervision.modes import Mode, Then


@dataclass(frozen=True, slots=True)
class Listening:
    """The audio of a call as it goes on.

    Attributes:
        rate_hz: sample rate.
        stream: 16 bit, little endian, stereo: the caller left, what the caller hears right. Ends with the call, or when
            its reader is too slow.
    """

    rate_hz: int
    stream: asyncio.StreamReader


class LiveCalls(Protocol):
    """All calls that are up. ``by`` is the id of the key that somebody does something with; calls are plain values.

    Each method raises ``UnknownCallError`` where there is no such call, and ``CallLostError`` where the process that
    holds it does not answer.
    """

    async def calls(self) -> list[dict[str, Any]]:
        """Return all calls."""
        ...

    async def call(self, call_id: str) -> dict[str, Any]:
        """Return one call."""
        ...

    async def hang_up(self, call_id: str, by: str, text: str) -> dict[str, Any]:
        """End a call, after some words if there are any and the bot can say them."""
        ...

    async def say(self, call_id: str, by: str, text: str, interrupt: bool) -> dict[str, Any]:
        """Have the bot say something.

        Raises:
            CallStateError: the bot has not the word.
        """
        ...

    async def whisper(self, call_id: str, by: str, text: str) -> dict[str, Any]:
        """Give the bot a hint for its next answer.

        Raises:
            CallStateError: the bot will give none.
        """
        ...

    async def transfer(self, call_id: str, by: str, target: str, mode: str, briefing: str) -> dict[str, Any]:
        """Put a caller through; mode and briefing "" are those of the settings.

        Raises:
            TransferError: the target cannot be dialled.
            CallStateError: the caller is being put through already, or not here.
            NoRoomError: the target cannot be rung beside all that goes on.
        """
        ...

    async def join(self, call_id: str, by: str, target: str, mode: Mode, then: Then | None) -> dict[str, Any]:
        """Ring a supervisor; returns the supervision.

        Raises:
            TransferError: the target cannot be dialled.
            CallStateError: the call is not up.
            SupervisorLimitError: the call has as many as it may.
            NoRoomError: nobody can be rung beside all that goes on.
        """
        ...

    async def switch(self, call_id: str, by: str, supervisor: str, mode: Mode) -> dict[str, Any]:
        """Change what a supervisor does; returns the supervision.

        Raises:
            UnknownSupervisorError: there is none of that id.
        """
        ...

    async def dismiss(self, call_id: str, by: str, supervisor: str) -> dict[str, Any]:
        """End a supervision.

        Raises:
            UnknownSupervisorError: there is none of that id.
        """
        ...

    def listen(self, call_id: str, by: str) -> AbstractAsyncContextManager[Listening]:
        """Hear a call.

        Raises:
            CallStateError: the call is not up.
            SupervisorLimitError: as many listen as may.
        """
        ...
