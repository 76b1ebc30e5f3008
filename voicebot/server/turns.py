"""Who is being answered right now: a second query of a session ends the first, for the caller has spoken on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from voicebot.protocol.chunk import Chunk
from voicebot.server.readahead import ReadAhead


class Turn:
    """One query being answered.

    Attributes:
        superseded: another query of the session came; this answer ends here.
    """

    def __init__(self) -> None:
        self.superseded = False
        self._reading: ReadAhead[Chunk] | None = None
        self._over = asyncio.Event()

    def read(self, chunks: AsyncIterator[Chunk]) -> ReadAhead[Chunk]:
        """Start to read the brain's answer; whoever supersedes this turn stops that."""
        self._reading = ReadAhead(chunks)
        return self._reading

    async def give_way(self) -> None:
        """Be superseded; returns when the brain works for this turn no more."""
        self.superseded = True
        if self._reading is not None:
            await self._reading.close()
        else:
            await self._over.wait()

    async def end(self) -> None:
        """Stop reading, if that was begun."""
        try:
            if self._reading is not None:
                await self._reading.close()
        finally:
            self._over.set()


class Turns:
    """The running turns by bot and session."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, str], Turn] = {}

    def __len__(self) -> int:
        return len(self._running)

    @asynccontextmanager
    async def enter(self, bot: str, session_id: str) -> AsyncIterator[Turn]:
        """Run a turn. The one before it on the same session has ended when the block begins.

        Three queries at once end one after the other: each waits for the one before it, and may be superseded
        itself while it waits.
        """
        key, turn = (bot, session_id), Turn()
        before = self._running.get(key)
        self._running[key] = turn
        try:
            if before is not None:
                await before.give_way()
            yield turn
        finally:
            try:
                await turn.end()
            finally:
                if self._running.get(key) is turn:
                    del self._running[key]
