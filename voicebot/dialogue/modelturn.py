"""A turn that the language model answers, as parts of an answer; whatever happens, the caller hears something."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from voicebot.dialogue.decision import Decision
from voicebot.dialogue.flow import Answer, Flow
from voicebot.dialogue.modeldesk import Goto, ModelDesk
from voicebot.dialogue.passages import Passage
from voicebot.dialogue.session import Session
from voicebot.errors import ModelReplyError
from voicebot.protocol.reply import ReplySource

logger = logging.getLogger(__name__)


class ModelTurn:
    """One turn.

    Args:
        desk: takes the question to the model.
        flow: the bot's.
        session: the conversation.
        decision: what the caller's words were taken for; if the model fails, it is answered without.
        text: the caller's words.
        passages: what the answer is to be found in; none if it may come from anywhere.
    """

    def __init__(
        self,
        desk: ModelDesk,
        flow: Flow,
        session: Session,
        decision: Decision,
        text: str,
        passages: Sequence[Passage] = (),
    ) -> None:
        self._desk = desk
        self._flow = flow
        self._session = session
        self._decision = decision
        self._text = text
        self._passages = passages
        self._failed = False
        self._goto = ""

    async def parts(self) -> AsyncGenerator[Answer, None]:
        """Yield each sentence of the model, and its fillers, as a part of the answer. Raises nothing of the model's."""
        session = self._session
        asking = self._desk.answer(session, self._text, self._passages, self._desk.faq_answer(self._decision))
        try:
            async with aclosing(asking) as said:
                async for part in said:
                    if isinstance(part, Goto):
                        self._goto = part.node
                        return
                    if part.source is not ReplySource.TEXT_REPLY:
                        session.misses = 0
                    yield self._flow.say(session, part.text, part.source)
        except ModelReplyError as error:
            logger.warning("session %s: the bot answers without the language model: %s", session.id, error.message)
            self._failed = True
        except Exception:
            # A mistake of ours costs the caller this answer, not the call.
            logger.exception("session %s: the language model could not be asked", session.id)
            self._failed = True

    def rest(self) -> Answer:
        """Return what follows the model's sentences: where it leads, the node's question, or the bot's own answer."""
        if self._failed:
            return self._flow.respond(self._session, self._decision, self._text)
        return self._flow.go_on(self._session, self._goto, ask_again=self._desk.use.ask_again)
