"""What the language model would answer, asked on trial: the sentences as they come, on a copy of the session."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from voicebot.dialogue.flow import Answer, Flow
from voicebot.dialogue.modeldesk import ModelDesk, Said
from voicebot.dialogue.passages import Passage
from voicebot.dialogue.session import Session
from voicebot.errors import ModelReplyError
from voicebot.llm.trials import Trial

logger = logging.getLogger(__name__)


class ModelTrial:
    """One answer on trial, which is under way. Whoever has it calls ``leave`` when it is wanted no more.

    Args:
        desk: has asked the model.
        flow: the bot's.
        session: a copy of the conversation.
        trial: the request.
        passages: what the answer is to be found in.
    """

    def __init__(
        self, desk: ModelDesk, flow: Flow, session: Session, trial: Trial, passages: Sequence[Passage] = ()
    ) -> None:
        self._desk = desk
        self._flow = flow
        self._session = session
        self._trial = trial
        self._passages = passages

    async def parts(self) -> AsyncGenerator[Answer, None]:
        """Yield each sentence as a part of the answer; it ends early if the model fails, or the real query comes."""
        try:
            async with aclosing(self._desk.answer_on_trial(self._session, self._trial, self._passages)) as said:
                async for part in said:
                    if isinstance(part, Said):
                        yield self._flow.say(self._session, part.text, part.source)
        except ModelReplyError as error:
            logger.debug("session %s: nothing came of a trial: %s", self._session.id, error.message)

    def leave(self) -> None:
        """Give it up, unless it is complete or the real query has taken it over."""
        self._trial.leave()
