"""The audio model's opinion on the pauses of one call: has the caller finished?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from voicebot.conversation.events import TurnEndJudged
from voicebot.errors import VoicebotError
from voicebot.speech.types import BYTES_PER_SAMPLE, TurnEndModel, TurnEndRequest

logger = logging.getLogger(__name__)

_LONGEST_S = 8


class TurnEndings:
    """Asks about one pause at a time. No opinion is a possible outcome: the words then decide alone.

    Args:
        model: whom to ask.
        rate_hz: sample rate of the line.
        call_id: for the log.
        feed: takes the opinions.
    """

    def __init__(self, model: TurnEndModel, rate_hz: int, call_id: str, feed: Callable[[TurnEndJudged], None]) -> None:
        self._model = model
        self._rate_hz = rate_hz
        self._call_id = call_id
        self._feed = feed
        self._task: asyncio.Task[None] | None = None
        self._utterance_id = 0

    def begin(self, utterance_id: int, attempt: int, pcm: bytes) -> None:
        """Ask about the pause that ``attempt`` names; an older question is given up."""
        self._give_up()
        self._utterance_id = utterance_id
        recent = pcm[-_LONGEST_S * self._rate_hz * BYTES_PER_SAMPLE :]
        work = self._ask(utterance_id, attempt, TurnEndRequest(recent, self._rate_hz))
        self._task = asyncio.get_running_loop().create_task(work, name=f"turn-end-{utterance_id}-{self._call_id}")

    def drop(self, utterance_id: int) -> None:
        """The pause is over, one way or the other."""
        if utterance_id == self._utterance_id:
            self._give_up()

    async def close(self) -> None:
        """Give it up and wait until that is done."""
        task = self._task
        self._give_up()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    def _give_up(self) -> None:
        task, self._task = self._task, None
        # A task whose result is just being told has come to its end by itself.
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def _ask(self, utterance_id: int, attempt: int, request: TurnEndRequest) -> None:
        try:
            probability = await self._model.turn_end(request)
        except VoicebotError as error:
            logger.debug("call %s: the turn model has no opinion: %s", self._call_id, error.message)
        except Exception:
            logger.exception("call %s: the turn model broke", self._call_id)
        else:
            self._feed(TurnEndJudged(utterance_id, attempt, probability))
