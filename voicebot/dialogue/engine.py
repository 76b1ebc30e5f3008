"""The engine: one bot behind the interface. ``Query`` in, ``Chunk``s out."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial

from voicebot.dialogue.bot import Bot, Node
from voicebot.dialogue.deciding import Knowledge
from voicebot.dialogue.decision import Decision, Kind
from voicebot.dialogue.documents import DocumentLibrary
from voicebot.dialogue.entities import FoundLater, find_entities
from voicebot.dialogue.flow import Answer, Flow
from voicebot.dialogue.learning import learn, with_documents
from voicebot.dialogue.modeldesk import LOOKED_UP, ModelDesk
from voicebot.dialogue.modeltrial import ModelTrial
from voicebot.dialogue.modelturn import ModelTurn
from voicebot.dialogue.rehearsing import Prepared, Rehearsals, is_complete
from voicebot.dialogue.session import Session, SessionStore
from voicebot.dialogue.skillcall import SkillDesk
from voicebot.dialogue.slotchoice import choose
from voicebot.dialogue.slotflow import Clock
from voicebot.dialogue.telling import Telling
from voicebot.dialogue.vectors import LearntEncoder
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.query import HEARD_VARIABLE, HINT_VARIABLE, SUPERVISOR_VARIABLE, Query
from voicebot.skills.spec import SkillRunner

logger = logging.getLogger(__name__)

LONG_TEXT = 80
"""Utterances with more characters than this are decided in a thread. The others take a millisecond, and none if their
words were heard before; a thread would hold up the event loop longer: it mostly holds the interpreter lock."""

READING_S = 10.0
"""How long a start waits for documents to be read."""
MAX_DECIDED = 2000
"""Decisions that are remembered: callers put the same questions in the same words again and again."""


def _new_query_id() -> str:
    return str(uuid.uuid4())


class Engine:
    """A bot that answers queries; satisfies ``voicebot.connectors.Brain``."""

    def __init__(
        self,
        bot: Bot,
        encoder: LearntEncoder,
        sessions: SessionStore | None = None,
        new_query_id: Callable[[], str] = _new_query_id,
        skills: SkillRunner | None = None,
        model: ModelDesk | None = None,
        clock: Clock = datetime.now,
        library: DocumentLibrary | None = None,
    ) -> None:
        """Prepare a bot: encodes all its examples, which takes a fraction of a second.

        Its documents are read by ``start``; without a library of them, they are read here, and kept nowhere.
        """
        self.bot = bot
        self.sessions = sessions if sessions is not None else SessionStore()
        self._encoder = encoder
        self._decided = lru_cache(MAX_DECIDED)(self._decide_by_words)
        self._clock = clock
        self._flow = Flow(bot, clock)
        self._new_query_id = new_query_id
        self._skills = skills
        self._desk = SkillDesk(bot, skills)
        self._model = model
        self._library = library
        self._rehearsals = Rehearsals()
        self._reading: asyncio.Task[None] | None = None
        if library is None and bot.documents is not None:
            self._library = DocumentLibrary(bot.documents, encoder, bot.language)
            self._library.refresh()
        self._knowledge = learn(bot, encoder, self._library.index if self._library is not None else None)

    def _read(self, library: DocumentLibrary) -> None:
        library.refresh()
        if library.index is not self._knowledge.documents:
            self._knowledge = with_documents(self._knowledge, self._encoder, library.index)

    async def start(self) -> None:
        """Get its skills and documents ready. An engine answers without that, too: without documents, and the first
        skill starts more slowly. Documents that take longer than READING_S are read on while it answers.

        Raises:
            ConfigError: a skill file cannot be run.
        """
        if self._library is not None and self._reading is None:
            self._reading = asyncio.create_task(asyncio.to_thread(self._read, self._library))
            await asyncio.wait([self._reading], timeout=READING_S)
            if self._reading.done():
                self._reading.result()
        if self._skills is not None:
            await self._skills.start()
        if self._model is not None:
            await self._model.start()

    async def close(self) -> None:
        """End its skills, those in the background, too; documents that are being read are given up."""
        if self._library is not None:
            self._library.stop()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)
        await self._desk.close()
        if self._skills is not None:
            await self._skills.close()
        if self._model is not None:
            await self._model.close()

    def end(self, session_id: str) -> bool:
        """Forget a conversation, since its call is over; tell whether there was one."""
        if self._model is not None:
            self._model.drop_trial(session_id)
        return self.sessions.end(session_id)

    async def ask(self, query: Query) -> AsyncIterator[Chunk]:
        """Answer a query, sentence by sentence. Closing the iterator gives the answer up.

        The session keeps what was handed out of the answer: if that is nothing, the conversation stands where it
        stood before.

        A second query on the same session ends the first one's answer without a ``done`` chunk: the caller
        has spoken on, and nobody listens to the old answer any more.

        Raises:
            UnknownSessionError: the query goes on with a session that is over.
        """
        session = self.sessions.open(query.session_id)
        prepared = self._rehearsals.take(session, query)
        session.turn += 1
        turn, place = session.turn, session.place()
        if prepared is not None:
            session.become(prepared.after)
        else:
            self._take(session, query)
        telling = self._telling(session, query)
        answer: Answer | None = None
        try:
            ready = prepared.answer if prepared is not None else None
            async with aclosing(self._answers(session, query, turn, ready)) as answers:
                async for answer in answers:
                    for sentence in answer.sentences:
                        if session.turn != turn:
                            return
                        yield telling.sentence(sentence, answer)
            if answer is not None and session.turn == turn:
                yield telling.end(answer)
        finally:
            if session.turn == turn and not telling.begun:
                session.go_back(place)

    async def rehearse(self, query: Query) -> AsyncIterator[Chunk]:
        """Prepare the answer to a query that may yet come, and yield what it would begin with.

        Nothing changes: no skill runs, and the session stays as it is until the same query comes to ``ask``, which
        takes over what was prepared. The first chunk tells whether the words are complete; there are no instructions.

        Where the language model would answer, it is asked on trial if there is room for that. The first chunk has no
        words then, and comes at once. Closing the iterator gives that trial up, unless it is complete.
        """
        session = self.sessions.peek(query.session_id)
        answer, complete, trial = Answer(), None, None
        if session is not None and session.node and query.query_text and not query.silence:
            answer, complete, trial = await self._prepare(session, query)
        telling = self._telling(Session(query.session_id), query)
        try:
            async with aclosing(_rehearsed(telling, answer, trial)) as chunks:
                async for chunk in chunks:
                    chunk.complete = complete if not chunk.chunk_id else None
                    yield chunk
        finally:
            if trial is not None:
                trial.leave()

    async def _prepare(self, session: Session, query: Query) -> tuple[Answer, bool | None, ModelTrial | None]:
        before, copy = session.mark(), session.copy()
        self._take(copy, query)
        node = self.bot.nodes[copy.node]
        missing = self._flow.missing(copy)
        decision = await self._decide(copy, query.query_text)
        complete = is_complete(decision, node, missing)
        if query.transfer_state is not None or (
            self._model is not None
            and (decision.kind is Kind.FALLBACK or self._model.answers(copy, decision, decision.passages))
        ):
            same = session.mark() == before  # the real query may have come while this one was decided
            trial = self._try_model(copy, decision, query) if same else None
            return Answer(), complete, trial
        self._note(copy, decision)
        answer = self._flow.respond(copy, decision, query.query_text)
        self._rehearsals.keep(session.id, Prepared(before, query.query_text, query.variables, copy, answer))
        return answer, complete, None

    def _try_model(self, copy: Session, decision: Decision, query: Query) -> ModelTrial | None:
        """Ask the language model on trial; None if it would not answer, would first be asked something else, or if
        there is no room for that.
        """
        model, passages = self._model, decision.passages
        if model is None or query.transfer_state is not None or not model.answers(copy, decision, passages):
            return None
        if decision.kind is Kind.FALLBACK and model.rewrites(copy, query.query_text):
            return None
        trial = model.begin_trial(copy, query.query_text, passages, model.faq_answer(decision))
        return ModelTrial(model, self._flow, copy, trial, passages) if trial is not None else None

    def _telling(self, session: Session, query: Query) -> Telling:
        joint = "" if self.bot.language == "zh" else " "
        return Telling(
            session, self._new_query_id(), joint, by_words=query.wants_expectation, explained=query.wants_understanding
        )

    async def _answers(
        self, session: Session, query: Query, turn: int, ready: Answer | None
    ) -> AsyncGenerator[Answer, None]:
        """Yield the parts of the answer, the last one with the instructions; nothing if another query came between.

        What can be said before a skill has run is a part, so that the caller hears something in the meantime.
        """
        answer = ready or await self._answer(session, query, turn)
        if self._model is not None and not isinstance(answer, ModelTurn):
            self._model.drop_trial(session.id)
        if isinstance(answer, ModelTurn):
            async with aclosing(answer.parts()) as parts:
                async for part in parts:
                    yield part
            if session.turn != turn:
                return
            answer = answer.rest()
        while answer is not None:
            for job in answer.jobs:
                self._desk.run_in_background(session, job)
            yield answer
            call = answer.waits_for
            if call is None:
                return
            result = await self._desk.run(call)
            if session.turn != turn:
                return
            answer = self._flow.resume(session, call, result, answer.instructions)

    def _take(self, session: Session, query: Query) -> None:
        """Take from a query what the session keeps: its variables, and what was said and heard."""
        if self._model is not None:
            session.withheld = self._model.withheld
        for name in (HINT_VARIABLE, SUPERVISOR_VARIABLE):
            session.variables.pop(name, None)  # these count for one turn
        for name, value in query.variables.items():
            session.set_variable(name, value)
        heard = query.variables.get(HEARD_VARIABLE)
        if heard is not None:
            session.history.heard(heard)
        private = self._model is not None and session.node in self._model.use.private
        private = private or self._flow.asks_secretly(session)
        session.history.begin(query.query_text, silent=query.silence, private=private)

    async def _answer(self, session: Session, query: Query, turn: int) -> Answer | ModelTurn | None:
        """Decide and move the session on; None if another query came in between."""
        state = query.transfer_state
        # Some clients send all their variables with every turn; an old Trans_result must not branch again.
        if state is not None and (session.transferring or not (query.query_text or query.silence)):
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
            if decision.kind is Kind.FALLBACK and self._model is not None:
                decision = await self._decide_rewritten(session, decision, query.query_text)
                if session.turn != turn:
                    return None
        self._note(session, decision)
        if self._model is not None and self._model.answers(session, decision, decision.passages):
            return ModelTurn(self._model, self._flow, session, decision, query.query_text, decision.passages)
        return self._flow.respond(session, decision, query.query_text)

    async def _decide_rewritten(self, session: Session, decision: Decision, text: str) -> Decision:
        """Decide once more with the question as the language model completes it, if it does ("and on Sunday?")."""
        rewritten = await self._model.rewritten(session, text) if self._model is not None else text
        if rewritten == text:
            return decision
        second = await self._decide(session, rewritten)
        return second if second.kind in LOOKED_UP else decision

    async def decide_at(self, node: str, text: str, variables: Mapping[str, str] | None = None) -> Decision:
        """Tell what words would be taken for in a conversation that stands at a node; no session is opened or moved.

        Raises:
            KeyError: the bot has no such node.
        """
        return await self._decide(Session("", self.bot.nodes[node].id, variables=dict(variables or {})), text)

    async def _decide(self, session: Session, text: str) -> Decision:
        node = self.bot.nodes[session.node or self.bot.start]
        offered = session.decision.choices if session.decision is not None else ()
        if len(text) <= LONG_TEXT:
            return self._judge(node, text, session.variables, offered)
        return await asyncio.to_thread(self._judge, node, text, dict(session.variables), offered)

    def _judge(self, node: Node, text: str, variables: Mapping[str, str], offered: Sequence[Decision] = ()) -> Decision:
        knowledge = self._knowledge
        if offered or any(transition.only_if is not None for transition in node.transitions):
            decision = knowledge.decide(node, text, variables, offered)
        else:
            decision = self._decided(node.id, text, knowledge)
        if not node.wants:
            return replace(
                decision, entities=FoundLater(partial(find_entities, text, self.bot.language, self._clock()))
            )
        filling = self._flow.fill(node, variables, text)
        return replace(choose(node, decision, filling), entities=filling.entities)

    def _decide_by_words(self, node: str, text: str, knowledge: Knowledge) -> Decision:
        """Decide what depends on nothing but the words and the node, and so can be remembered."""
        return knowledge.decide(self.bot.nodes[node], text)

    def _note(self, session: Session, decision: Decision) -> None:
        session.decision = decision
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug(
                "session %s turn %d at %s: %s %s %.2f entities %s",
                *(session.id, session.turn, session.node or "-", decision.kind.value, decision.name, decision.score),
                ",".join(entity.kind.value for entity in decision.entities) or "-",
            )


async def _rehearsed(telling: Telling, answer: Answer, trial: ModelTrial | None) -> AsyncGenerator[Chunk, None]:
    """Yield the chunks of an answer that is prepared; of one on trial as they come."""
    for sentence in answer.sentences:
        yield telling.sentence(sentence, answer)
    if trial is not None:
        yield telling.wordless(answer)
        async with aclosing(trial.parts()) as parts:
            async for part in parts:
                for sentence in part.sentences:
                    yield telling.sentence(sentence, part)
    yield telling.end(Answer())
