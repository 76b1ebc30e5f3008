"""The seam between a conversation and whatever answers it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from voicebot.protocol.chunk import Chunk
from voicebot.protocol.query import Query


class Brain(Protocol):
    """A dialogue engine: our own (``voicebot.dialogue.Engine``), or one behind a connector."""

    def ask(self, query: Query) -> AsyncIterator[Chunk]:
        """Answer a query: chunks with ids from 0, the last one ``done``.

        Closing the iterator (``aclose``), or cancelling the task that reads it, gives the answer up.

        Raises:
            BrainError: the engine did not answer properly; BrainTimeoutError and BrainUnavailableError say how.
        """
        ...
