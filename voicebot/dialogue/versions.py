"""A bot whose files change while it talks: new conversations get the new version, running ones end on theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.engine import Engine
from voicebot.dialogue.memory import Memory, Remembering
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.query import Query


class EngineVersions:
    """The versions of one bot that are in use; satisfies ``voicebot.connectors.Brain``."""

    def __init__(self, engine: Engine, memory: Memory | None = None) -> None:
        """Begin with a first version.

        Args:
            engine: that version.
            memory: keeps what is to be remembered; None: nothing is.
        """
        self._engines = [engine]
        self._remembering = Remembering(memory) if memory is not None else None

    @property
    def current(self) -> Engine:
        """The version that new conversations get."""
        return self._engines[-1]

    @property
    def bot(self) -> Bot:
        """The bot as new conversations get it."""
        return self.current.bot

    @property
    def older(self) -> int:
        """How many versions before this one still have conversations."""
        return len(self._engines) - 1

    def new_session(self) -> str:
        """Begin a conversation on the current version; return its id."""
        return self.current.sessions.open("").id

    def ask(self, query: Query) -> AsyncIterator[Chunk]:
        """Answer a query by the version that its conversation began with.

        Raises:
            UnknownSessionError: the query goes on with a session that is over.
        """
        engine = self._engine_of(query.session_id)
        return engine.ask(query) if self._remembering is None else self._remembering.ask(engine, query)

    def rehearse(self, query: Query) -> AsyncIterator[Chunk]:
        """Prepare an answer by the version that the conversation began with, and change nothing."""
        return self._engine_of(query.session_id).rehearse(query)

    def end(self, session_id: str) -> bool:
        """Forget a conversation, since its call is over; tell whether there was one."""
        return any(engine.end(session_id) for engine in self._engines)

    def replace(self, engine: Engine) -> None:
        """Give new conversations another version, which has been started."""
        self._engines.append(engine)

    async def retire(self) -> None:
        """Close the older versions that have no conversation any more."""
        over = [engine for engine in self._engines[:-1] if not engine.sessions.any_running()]
        self._engines = [engine for engine in self._engines if engine not in over]
        await asyncio.gather(*(engine.close() for engine in over))

    async def close(self) -> None:
        """Close all versions."""
        await asyncio.gather(*(engine.close() for engine in self._engines))

    def _engine_of(self, session_id: str) -> Engine:
        for engine in self._engines[:-1]:
            if engine.sessions.knows(session_id):
                return engine
        return self.current
