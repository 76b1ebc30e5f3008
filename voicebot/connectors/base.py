"""The seam between a conversation and whatever answers it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

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


@runtime_checkable
class RehearsingBrain(Brain, Protocol):
    """A brain that can prepare an answer before it is asked in earnest."""

    def rehearse(self, query: Query) -> AsyncIterator[Chunk]:
        """Prepare the answer to a query that may never come, and yield what it begins with: no instructions.

        Nothing changes by it. If the same query is put to ``ask`` next, its answer is the one that was prepared.
        """
        ...
