"""Has a language model answer in the bot's place: sentence by sentence, with a filler while it is slow."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.decision import Decision, Kind
from voicebot.dialogue.matching import Method
from voicebot.dialogue.modelfile import model_texts
from voicebot.dialogue.modelprompt import PromptWriter
from voicebot.dialogue.modeluse import ModelUse
from voicebot.dialogue.modelwaits import Waits
from voicebot.dialogue.passages import Passage
from voicebot.dialogue.session import Session
from voicebot.dialogue.withheld import Withheld
from voicebot.dialogue.wording import length
from voicebot.errors import ModelReplyError, ModelReplyTimeoutError
from voicebot.llm.load import ModelLoad
from voicebot.llm.model import Finish, LanguageModel, ModelRequest, TextDelta, Tool, ToolCall
from voicebot.llm.rounds import Leave, answer_in_rounds
from voicebot.llm.speech import SpeechShaper
from voicebot.llm.toolbox import ToolBox
from voicebot.llm.trials import Trial, Trials
from voicebot.llm.waiting import within
from voicebot.protocol.reply import ReplySource
from voicebot.settings.languagemodel import LanguageModelSettings
from voicebot.skills.spec import SkillRunner, SkillSpec

logger = logging.getLogger(__name__)

LOOKED_UP = frozenset({Kind.FAQ, Kind.DOCUMENT})
"""What a rewritten question may be taken for. It may not move the conversation: the caller did not say it so."""
_REWRITE_TOKENS = 120
_MAX_REWRITTEN = 300
_SHORT = {"zh": 8, "en": 5}
_POINTING = {
    "zh": re.compile("[\u5b83\u4ed6\u5979\u8fd9\u90a3]|\u4e0a\u9762|\u521a\u624d|\u5462[\uff1f?]?$"),
    "en": re.compile(r"\b(?:it|its|that|this|they|them|their|those|these|he|him|she|her|there|ones?|same)\b", re.I),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of the answer, or a filler."""

    text: str
    source: ReplySource


@dataclass(frozen=True, slots=True)
class Goto:
    """The model ends its answer by going to a node."""

    node: str


class ModelDesk:
    """Takes the questions of one bot to the language model.

    Args:
        bot: the bot.
        use: what it wants of the model.
        model: the model; several bots may share it.
        settings: the model's.
        runner: runs the bot's skills; None if nobody does, and then the model has no tools.
        specs: returns the bot's skills as they are now; those of MCP servers come and go.
        load: bounds what is asked on trial; by default nothing is.
    """

    def __init__(
        self,
        bot: Bot,
        use: ModelUse,
        model: LanguageModel,
        settings: LanguageModelSettings,
        runner: SkillRunner | None = None,
        specs: Callable[[], Mapping[str, SkillSpec]] | None = None,
        load: ModelLoad | None = None,
    ) -> None:
        self.use = use
        self.withheld = Withheld((*settings.withheld, *use.withhold))
        self._bot = bot
        self._language = bot.language
        self._model = model
        self._trials = Trials(model, load if load is not None else ModelLoad())
        self._settings = settings
        self._runner = runner
        self._specs = specs if specs is not None else lambda: bot.skills
        self._prompts = PromptWriter(bot, use, settings.history_turns)

    async def start(self) -> None:
        """Get the model ready."""
        await self._model.start()

    async def close(self) -> None:
        """Give up what is asked on trial, and close the model's connections."""
        await self._trials.close()
        await self._model.close()

    def answers(self, session: Session, decision: Decision, passages: Sequence[Passage] = ()) -> bool:
        """Tell whether the model answers what the caller's words were taken for; with passages it always does."""
        if session.node in self.use.private:
            return False
        if passages:
            return True
        if decision.kind is Kind.FAQ:
            return self.use.questions and decision.method is not Method.EXACT
        return decision.kind is Kind.FALLBACK

    async def answer(
        self, session: Session, text: str, passages: Sequence[Passage] = (), faq_answer: str = ""
    ) -> AsyncGenerator[Said | Goto, None]:
        """Yield the answer to the caller's words. Closing the iterator gives it up at once.

        Args:
            session: the conversation; its ``citations`` become the passages that the answer cites.
            text: the caller's words.
            passages: what the answer is to be found in.
            faq_answer: the bot's own answer to a question like this one; a template.

        Raises:
            ModelReplyError: the model has said nothing, or nothing that can be spoken. Fillers may have been said.
        """
        waits = Waits(self._settings, self.use.filler)
        pieces = self._rounds(session, text, passages, faq_answer)
        async with aclosing(self._parts(session, pieces, passages)) as parts:
            coming = asyncio.ensure_future(_next(parts))
            said = False
            try:
                while True:
                    await asyncio.wait({coming}, timeout=waits.next_s())
                    if not coming.done() and waits.filler is not None:
                        yield Said(waits.take_filler(), ReplySource.TEXT_REPLY)
                        waits.heard()
                        continue
                    part = self._taken(coming, said)
                    if part is None:
                        return
                    said = True
                    waits.no_more_fillers()
                    yield part
                    waits.heard()
                    coming = asyncio.ensure_future(_next(parts))
            finally:
                coming.cancel()
                await asyncio.wait({coming})

    def begin_trial(
        self, session: Session, text: str, passages: Sequence[Passage] = (), faq_answer: str = ""
    ) -> Trial | None:
        """Ask on trial what ``answer`` would ask first; None if there is no room for that.

        Args:
            session: a copy of the conversation.
            text: the caller's words.
            passages: what the answer is to be found in.
            faq_answer: the bot's own answer to a question like this one; a template.
        """
        box = self._box()
        return self._trials.begin(session.id, self._request(session, text, passages, faq_answer, box))

    def answer_on_trial(
        self, session: Session, trial: Trial, passages: Sequence[Passage] = ()
    ) -> AsyncGenerator[Said | Goto, None]:
        """Yield the sentences that come of a trial.

        Raises:
            ModelReplyError: nothing did.
        """
        return self._parts(session, trial.text(), passages)

    def drop_trial(self, session_id: str) -> None:
        """Give up what is asked on trial for a conversation."""
        self._trials.drop(session_id)

    def faq_answer(self, decision: Decision) -> str:
        """Return the bot's own answer to the question of the FAQ that was recognised; "" if none was."""
        return self._bot.faq[decision.faq].answer[0] if decision.kind is Kind.FAQ else ""

    async def rewritten(self, session: Session, text: str) -> str:
        """Return the caller's words as a question that stands alone, if the model is to make them one and can."""
        if not self.rewrites(session, text):
            return text
        request = ModelRequest(self._prompts.rewriting(session, text), max_tokens=_REWRITE_TOKENS)
        try:
            answer = await within(self._settings.rewrite_timeout_ms / 1000, self._collected(request))
        except (ModelReplyError, asyncio.TimeoutError) as error:
            logger.debug("session %s: the question stays as it is: %s", session.id, type(error).__name__)
            return text
        answer = session.secrets.unmarked(answer).strip()
        return answer if 0 < len(answer) <= _MAX_REWRITTEN else text

    def rewrites(self, session: Session, text: str) -> bool:
        """Tell whether the model is to complete the caller's words."""
        if session.node in self.use.private:
            return False
        return self._settings.rewrite and len(session.history) >= 2 and self._leans(text)

    def _leans(self, text: str) -> bool:
        """Tell whether words may need what was said before to be understood."""
        return length(text, self._language) <= _SHORT[self._language] or bool(_POINTING[self._language].search(text))

    async def _collected(self, request: ModelRequest) -> str:
        shaper = SpeechShaper(1)
        said: list[str] = []
        async with aclosing(self._trials.stream(request)) as pieces:
            async for piece in pieces:
                said += shaper.feed(piece.text) if isinstance(piece, TextDelta) else []
        joint = "" if self._language == "zh" else " "
        return joint.join([*said, *shaper.flush()]).strip("\"'\u201c\u201d")

    def _taken(self, coming: asyncio.Future[Said | Goto | None], said: bool) -> Said | Goto | None:
        """Return what has come; None at the end, which a failure is, too, once something was said."""
        try:
            if not coming.done():
                raise ModelReplyTimeoutError("the language model's answer takes too long")
            return coming.result()
        except ModelReplyError as error:
            if not said:
                raise
            logger.warning("an answer of the language model ends early: %s", error.message)
            return None

    async def _parts(
        self,
        session: Session,
        spoken: AsyncGenerator[TextDelta | Leave | Finish, None] | AsyncGenerator[TextDelta | Finish, None],
        passages: Sequence[Passage],
    ) -> AsyncGenerator[Said | Goto, None]:
        source = ReplySource.RAG if passages else ReplySource.LARGE_MODEL_REPLY
        shaper = SpeechShaper(self._settings.max_sentences)
        session.citations = ()
        said = False
        async with aclosing(spoken) as pieces:
            async for piece in pieces:
                if isinstance(piece, TextDelta):
                    sentences = shaper.feed(piece.text)
                else:
                    sentences = shaper.flush(cut=isinstance(piece, Finish) and piece.reason == "length")
                session.citations = _cited(passages, shaper.citations)
                for sentence in map(session.secrets.unmarked, sentences):
                    if any(character.isalnum() for character in sentence):
                        said = True
                        yield Said(sentence, source)
                if isinstance(piece, Leave):
                    yield Goto(self.use.actions[piece.name])
                    return
                if shaper.full:
                    return
        if not said:
            raise ModelReplyError("the language model said nothing that can be spoken")

    def _rounds(
        self, session: Session, text: str, passages: Sequence[Passage], faq_answer: str
    ) -> AsyncGenerator[TextDelta | Leave | Finish, None]:
        box = self._box()

        async def run_tool(call: ToolCall) -> str:
            return session.secrets.hidden(await box.run(call)) if box is not None else ""

        request = self._request(session, text, passages, faq_answer, box)
        model, rounds = self._trials.under(session.id), self._settings.tool_rounds
        return answer_in_rounds(model, request, run_tool, leaving=self.use.actions, max_rounds=rounds)

    def _request(
        self, session: Session, text: str, passages: Sequence[Passage], faq_answer: str, box: ToolBox | None
    ) -> ModelRequest:
        tools = (*(box.tools if box is not None else ()), *self._actions())
        return ModelRequest(self._prompts.messages(session, text, passages, faq_answer), tools)

    def _box(self) -> ToolBox | None:
        if self._runner is None:
            return None
        allowed = [spec for name, spec in self._specs().items() if self.use.may_use(name)]
        return ToolBox(allowed, self._runner, self._settings.tool_timeout_ms / 1000)

    def _actions(self) -> list[Tool]:
        texts = model_texts(self._language)
        nothing = {"type": "object", "properties": {}, "additionalProperties": False}
        return [Tool(name, texts[name][0], nothing) for name in self.use.actions]


async def _next(parts: AsyncGenerator[Said | Goto, None]) -> Said | Goto | None:
    return await anext(parts, None)


def _cited(passages: Sequence[Passage], numbers: Sequence[int]) -> tuple[Passage, ...]:
    return tuple(passages[number - 1] for number in numbers if 1 <= number <= len(passages))
