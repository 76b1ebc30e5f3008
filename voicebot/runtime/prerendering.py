"""Speaks what the bots are going to say anyway into the prompt cache, so that callers never wait for it."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Mapping

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.prompts import fixed_prompts
from voicebot.errors import SpeechError
from voicebot.settings.model import Settings
from voicebot.speech.types import SpeechRequest
from voicebot.speech.worker.client import SpeechClient

logger = logging.getLogger(__name__)


class Prerendering:
    """The fixed sentences of the bots, with the voices of the lines.

    Args:
        settings: sections ``lines`` and ``sip`` are used.
        speech: who speaks.
    """

    def __init__(self, settings: Settings, speech: SpeechClient) -> None:
        self._settings = settings
        self._speech = speech
        self._first: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._progress: Callable[[int, int], None] | None = None

    def start(self, bots: Mapping[str, Bot]) -> None:
        """Begin to render the sentences of some bots, by name: all at first, later those that have changed."""
        task = asyncio.create_task(self._render(self._sentences(bots)), name="prerender")
        self._first = self._first or task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def first(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Wait until everything that was to be rendered at first is in the cache.

        Args:
            progress: told how many of how many are done.
        """
        self._progress = progress
        if self._first is not None:
            await asyncio.shield(self._first)

    async def stop(self) -> None:
        """Give up what is not rendered yet."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _render(self, sentences: list[tuple[str, str]]) -> None:
        rendered = 0
        for done, (text, voice) in enumerate(sentences):
            if self._progress is not None:
                self._progress(done, len(sentences))
            rendered += await self._render_text(text, voice)
        logger.info("%d of %d fixed sentences of the bots are rendered", rendered, len(sentences))

    def _sentences(self, bots: Mapping[str, Bot]) -> list[tuple[str, str]]:
        """Return the sentences with their voices: round robin over the lines, each line's first ones first."""
        columns = [
            [(text, line.voice or line.language) for text in fixed_prompts(bots[line.bot])]
            for line in self._settings.lines
            if not line.brain_url and line.bot in bots
        ]
        rows = itertools.zip_longest(*columns)
        return list(dict.fromkeys(item for row in rows for item in row if item is not None))

    async def _render_text(self, text: str, voice: str) -> bool:
        try:
            await self._speech.prerender(SpeechRequest(text, voice, self._settings.sip.audio_rate_hz))
        except SpeechError as error:
            logger.warning("a fixed sentence could not be rendered ahead of time: %s", error.message)
            return False
        return True
