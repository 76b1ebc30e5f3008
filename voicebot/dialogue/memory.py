"""What a bot remembers: of a caller from one call to the next, and of all that was said. The bot must ask for it."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol, cast

from voicebot.dialogue.engine import Engine
from voicebot.dialogue.memoryuse import CALLS_BEFORE, LAST, LAST_CALL_DAYS
from voicebot.dialogue.session import Session
from voicebot.dialogue.understood import understanding_of
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.query import Query
from voicebot.protocol.understanding import emit_values

CALLER = "caller"
"""The variable with the caller's number."""


@dataclass(frozen=True, slots=True)
class Recollection:
    """What is known of a caller from calls before.

    Attributes:
        values: variables as the last call left them.
        calls: how many calls there were.
        days: how long ago the last one was.
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    calls: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """One turn, as the history keeps it.

    Attributes:
        bot: name of the bot.
        session_id: the conversation.
        number: of the turn, from 1.
        node: where the conversation stood after it.
        kind: what the turn was taken for.
        name: which intent, question or node that is.
        score: how well it fitted, 0..1.
        intent: the intent that was understood; "" where something else decided.
        entities: the values in the caller's words, each with kind, value and text.
        caller: the caller's number; "" if it is not known.
        caller_text: what the caller said.
        bot_text: the answer as far as it was handed out.
    """

    bot: str
    session_id: str
    number: int
    node: str
    kind: str
    name: str
    score: float
    caller: str = field(repr=False)
    caller_text: str = field(repr=False)
    bot_text: str = field(repr=False)
    intent: str = ""
    entities: Sequence[Mapping[str, str]] = field(default=(), repr=False)


class Memory(Protocol):
    """Where it is kept. Nothing of it may fail: a conversation goes on without."""

    @property
    def keeps_turns(self) -> bool:
        """Turns are wanted."""
        ...

    async def recall(self, bot: str, caller: str, days: int) -> Recollection:
        """Return what is known of a caller, and count this call; what is older than some days is forgotten."""
        ...

    def keep(self, bot: str, caller: str, values: Mapping[str, str], days: int) -> None:
        """Keep variables of a caller for some days; returns at once."""
        ...

    def keep_turn(self, turn: SpokenTurn) -> None:
        """Keep a turn; returns at once."""
        ...

    def cut_turn(self, session_id: str, number: int, heard: str) -> None:
        """Of a turn's answer only so much was heard; returns at once."""
        ...


class Remembering:
    """Lets engines answer, and keeps what is to be kept of it.

    Args:
        memory: where.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def ask(self, engine: Engine, query: Query) -> AsyncIterator[Chunk]:
        """Answer a query.

        Raises:
            UnknownSessionError: the query goes on with a session that is over.
        """
        if engine.bot.memory is None and not self._memory.keeps_turns:
            return engine.ask(query)
        return self._ask(engine, query)

    async def _ask(self, engine: Engine, query: Query) -> AsyncIterator[Chunk]:
        session = engine.sessions.open(query.session_id)
        if session.turn == 0:
            await self._recall(engine, session, query)
        before, number = session.history.last, session.turn + 1
        was_whole = before is not None and not before.cut_short
        kept = self._values(engine, session)
        try:
            answer = cast(AsyncGenerator[Chunk, None], engine.ask(dataclasses.replace(query, session_id=session.id)))
            async with aclosing(answer) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            if before is not None and was_whole and before.cut_short and self._memory.keeps_turns:
                self._memory.cut_turn(session.id, number - 1, before.bot)
            if session.turn == number:
                self._keep(engine, session, kept)

    async def _recall(self, engine: Engine, session: Session, query: Query) -> None:
        use, caller = engine.bot.memory, query.variables.get(CALLER, "")
        if use is None or not caller:
            return
        known = await self._memory.recall(engine.bot.name, caller, use.days)
        session.set_variable(CALLS_BEFORE, str(known.calls))
        if known.calls:
            session.set_variable(LAST_CALL_DAYS, str(known.days))
        for name in use.remember:
            if known.values.get(name):
                session.set_variable(f"{LAST}{name}", known.values[name])

    def _keep(self, engine: Engine, session: Session, kept: Mapping[str, str]) -> None:
        use, caller = engine.bot.memory, session.variables.get(CALLER, "")
        values = self._values(engine, session)
        if use is not None and caller and values != kept:
            self._memory.keep(engine.bot.name, caller, values, use.days)
        if not self._memory.keeps_turns:
            return
        turn, understood = session.history.last, understanding_of(session)
        if turn is None or understood is None:
            return
        told = turn.caller if not turn.private else ""
        self._memory.keep_turn(
            SpokenTurn(
                bot=engine.bot.name,
                session_id=session.id,
                number=session.turn,
                node=session.node,
                kind=understood.kind,
                name=understood.name,
                score=understood.score,
                intent=understood.intent,
                entities=emit_values(understood),
                caller=caller,
                caller_text=told,
                bot_text=turn.bot.strip(),
            )
        )

    def _values(self, engine: Engine, session: Session) -> dict[str, str]:
        names = engine.bot.memory.remember if engine.bot.memory is not None else ()
        return {name: session.variables[name] for name in names if session.variables.get(name, "").strip()}
