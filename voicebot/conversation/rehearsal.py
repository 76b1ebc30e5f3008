"""What is prepared for the case that the caller has ended: the brain's decision, and the first words of its answer.

Nothing of it counts before the caller has really ended; if he goes on, only the work is lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, aclosing
from typing import cast

from voicebot.assembler import SentenceAssembler
from voicebot.connectors.base import Brain
from voicebot.conversation.actions import Rehearse
from voicebot.conversation.events import Rehearsed
from voicebot.conversation.voice import LineVoice
from voicebot.errors import VoicebotError
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.query import Query

logger = logging.getLogger(__name__)


class RehearsalBudget:
    """How many rehearsals may go on at a time; shared by the calls of a process."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self) -> bool:
        """Begin one, if there is room."""
        if self._left <= 0:
            return False
        self._left -= 1
        return True

    def give(self) -> None:
        """One has ended."""
        self._left += 1


class Rehearsals:
    """The rehearsals of one call, one at a time.

    Args:
        brain: asked on trial; it must know what a speculative query is.
        voice: renders the first sentence, so that it is there when it is to be said.
        budget: bounds the work.
        feed: told what the brain made of the words.
    """

    def __init__(
        self, brain: Brain, voice: LineVoice, budget: RehearsalBudget, feed: Callable[[Rehearsed], None]
    ) -> None:
        self._brain = brain
        self._voice = voice
        self._budget = budget
        self._feed = feed
        self._task: asyncio.Task[None] | None = None
        self._words = ""
        self._asked = False

    def begin(self, action: Rehearse) -> None:
        """Ask on trial; what was rehearsed before is given up."""
        self.drop()
        self._words, self._asked = action.query.query_text, False
        self._task = asyncio.get_running_loop().create_task(self._rehearse(action), name="rehearsal")

    def drop(self) -> None:
        """The caller goes on: give it up."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    def performed(self, query: Query) -> None:
        """The real query goes out. What is being prepared for the same words goes on; anything else is given up."""
        if not self._asked or query.query_text != self._words:
            self.drop()

    async def close(self) -> None:
        """Give it up and wait until that is done."""
        task = self._task
        self.drop()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    async def _rehearse(self, action: Rehearse) -> None:
        if not self._budget.take():
            return
        self._asked = True
        try:
            with ExitStack() as held:
                held.callback(self._budget.give)
                async with aclosing(cast(AsyncGenerator[Chunk, None], self._brain.ask(action.query))) as chunks:
                    await self._prepare(action, chunks)
                    held.close()
                    async for _ in chunks:
                        pass  # the brain prepares the rest for as long as somebody reads it
        except VoicebotError as error:
            logger.debug("a rehearsal came to nothing: %s", error.message)
        except Exception:
            logger.exception("a rehearsal broke")

    async def _prepare(self, action: Rehearse, chunks: AsyncGenerator[Chunk, None]) -> None:
        sentence = await self._first_sentence(action, chunks)
        if not sentence:
            return
        try:
            async with aclosing(self._voice.speak(sentence, speculative=True)) as pieces:
                async for _ in pieces:
                    pass  # the synthesiser keeps it
        except VoicebotError as error:
            logger.debug("a sentence was not spoken on trial: %s", error.message)

    async def _first_sentence(self, action: Rehearse, chunks: AsyncGenerator[Chunk, None]) -> str:
        assembler, told = SentenceAssembler(), False
        async for chunk in chunks:
            if not told:
                told = True
                self._feed(Rehearsed(action.utterance_id, action.attempt, chunk.complete))
            sentences = assembler.feed(chunk.reply.text) if chunk.reply is not None else []
            sentences += assembler.flush() if chunk.done else []
            if sentences:
                return sentences[0]
        return ""
