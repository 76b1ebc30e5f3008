"""A line worker's side of events: into the queues of the endpoints that want them, then to the main process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from voicebot.events.event import CallEvent
from voicebot.events.queue import EventQueue, Waiting
from voicebot.settings.events import EventWebhookSettings

logger = logging.getLogger(__name__)


class EventDesk:
    """Takes events.

    Args:
        webhooks: who wants them.
        folder: where they wait.
        report: tells the main process, for the event stream.
    """

    def __init__(
        self, webhooks: Iterable[EventWebhookSettings], folder: Path, report: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self._queues = [(frozenset(webhook.events), EventQueue(folder / webhook.name)) for webhook in webhooks]
        self._report = report

    def tell(self, kind: str, call_id: str, data: Mapping[str, Any]) -> None:
        """Something has happened. Blocks for as long as the disk takes, if an endpoint wants to know of it."""
        event = CallEvent(kind, call_id, data)
        for kinds, queue in self._queues:
            if kinds and kind not in kinds:
                continue
            try:
                queue.put(Waiting(event))
            except OSError as error:
                logger.error("call %s: the event %s is lost: %s", call_id, kind, error.strerror)
        self._report("call_event", event.as_json())
