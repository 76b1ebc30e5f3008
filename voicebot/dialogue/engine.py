"""The engine: one bot behind the interface. ``Query`` in, ``Chunk``s out."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import uuid
from collections.abc import AsyncIterator

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.decision import Decision, Kind, build_matcher_examples, decide
from voicebot.dialogue.flow import Answer, Flow
from voicebot.dialogue.matching import Matcher
from voicebot.dialogue.session import Session, SessionStore
from voicebot.dialogue.vectors import Encoder
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.instruction import run_order
from voicebot.protocol.query import Query
from voicebot.protocol.reply import Reply, ReplySource

logger = logging.getLogger(__name__)


class Engine:
    """A bot that answers queries; satisfies ``voicebot.connectors.Brain``."""

    def __init__(self, bot: Bot, encoder: Encoder, sessions: SessionStore | None = None) -> None:
        """Prepare a bot: encodes all its examples, which takes a fraction of a second."""
        self.bot = bot
        self.sessions = sessions if sessions is not None else SessionStore()
        self._matcher = Matcher(build_matcher_examples(bot), bot.language, encoder)
        self._flow = Flow(bot)

    async def ask(self, query: Query) -> AsyncIterator[Chunk]:
        """Answer a query, sentence by sentence. Closing the iterator gives the answer up.

        A second query on the same session ends the first one's answer without a ``done`` chunk: the caller
        has spoken on, and nobody listens to the old answer any more.
        """
        session = self.sessions.open(query.session_id)
        session.turn += 1
        turn = session.turn
        for name, value in query.variables.items():
            session.set_variable(name, value)
        answer = await self._answer(session, query, turn)
        if answer is None:
            return
        for chunk in _chunks(session.id, answer, "" if self.bot.language == "zh" else " "):
            if session.turn != turn:
                return
            yield chunk

    async def _answer(self, session: Session, query: Query, turn: int) -> Answer | None:
        """Decide and move the session on; None if another query came in between."""
        state = query.transfer_state
        # Some clients send all their variables with every turn; an old Trans_result must not branch again.
        if state is not None and (session.transferring or not query.query_text):
            self._note(session, Decision(Kind.TRANSFER_FAILED, state.name.lower()))
            return self._flow.respond_to_transfer(session, state)
        if query.silence:
            self._note(session, Decision(Kind.SILENCE, query.silence_type.name.lower()))
            return self._flow.respond_to_silence(session, query.silence_type)
        if not query.query_text:
            # No words on the first turn: the call was connected. Later: something was heard but not understood.
            decision = Decision(Kind.NOTHING_HEARD if session.node else Kind.GREETING, session.node or self.bot.start)
        else:
            decision = await self._decide(session, query.query_text)
            if session.turn != turn:
                return None
            if decision.kind is Kind.FALLBACK and not session.node:
                decision = Decision(Kind.GREETING, self.bot.start)
        self._note(session, decision)
        return self._flow.respond(session, decision)

    async def _decide(self, session: Session, text: str) -> Decision:
        node = self.bot.nodes[session.node or self.bot.start]
        # In a thread: 2 to 5 ms of matrix products would hold up every other call's packets.
        return await asyncio.to_thread(decide, self.bot, self._matcher, node, text)

    def _note(self, session: Session, decision: Decision) -> None:
        session.decision = decision
        logger.debug(
            "session %s turn %d at %s: %s %s %.2f",
            *(session.id, session.turn, session.node or "-", decision.kind.value, decision.name, decision.score),
        )


def _chunks(session_id: str, answer: Answer, joint: str) -> list[Chunk]:
    """Write an answer as chunks: one for each sentence, then the done chunk with the instructions.

    The done chunk has an empty reply, as in the page's example: clients differ in whether they speak what
    stands in the last packet.

    Args:
        joint: what stands between two sentences. Clients put the texts of all chunks together, as in the
            example, so an English sentence brings its blank along.
    """
    query_id = str(uuid.uuid4())
    chunks = [
        Chunk(session_id, query_id, number, reply=_reply(item.text + joint, item.source, item.interruptible))
        for number, item in enumerate(answer.sentences)
    ]
    last = answer.sentences[-1] if answer.sentences else None
    closing = _reply("", last.source if last else ReplySource.TEXT_REPLY, last.interruptible if last else True)
    instructions = run_order(answer.instructions)
    chunks.append(Chunk(session_id, query_id, len(chunks), done=True, reply=closing, instructions=instructions))
    chunks[0] = dataclasses.replace(
        chunks[0], identify_duration_ms=answer.end_of_speech_ms, node_silent_duration_s=answer.silence_s
    )
    return chunks


def _reply(text: str, source: ReplySource, interruptible: bool) -> Reply:
    return Reply(text, source, allow_interrupt=interruptible, allow_semantic_interruption=interruptible)
