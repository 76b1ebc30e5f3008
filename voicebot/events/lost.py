"""The main process's side of calls whose process died: their end is told like that of any other call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from voicebot.events.desk import OPEN, Queues
from voicebot.events.event import CallEvent
from voicebot.events.open import lost_calls
from voicebot.settings.events import EventWebhookSettings

logger = logging.getLogger(__name__)


class LostCalls:
    """Finds them and tells of them.

    Args:
        webhooks: who wants events.
        folder: where these wait.
        told: called with each event, as others see it, on the event loop.
    """

    def __init__(
        self, webhooks: Iterable[EventWebhookSettings], folder: Path, told: Callable[[dict[str, Any]], None]
    ) -> None:
        self._queues = Queues(webhooks, folder)
        self._folder = folder / OPEN
        self._told = told
        self._tasks: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()

    def look(self) -> None:
        """A process is gone: tell the end of its calls soon."""
        task = asyncio.create_task(self.settle(), name="lost-calls")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Tell the end of all calls whose process is gone."""
        async with self._one_at_a_time:
            try:
                events = await asyncio.to_thread(self._keep)
            except OSError as error:
                logger.error("calls whose process died cannot be looked for: %s", error.strerror)
                return
        for event in events:
            self._told(event.as_json())

    async def stop(self) -> None:
        """Wait for what has been begun."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _keep(self) -> list[CallEvent]:
        kept: list[CallEvent] = []
        for path, event in lost_calls(self._folder):
            if self._queues.put(event):
                path.unlink(missing_ok=True)
                kept.append(event)
        return kept
