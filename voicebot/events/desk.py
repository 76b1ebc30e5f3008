"""A line worker's side of events: into the queues of the endpoints that want them, then to the main process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from voicebot.events.event import CallEvent
from voicebot.events.open import OpenCalls
from voicebot.events.queue import EventQueue, Waiting
from voicebot.settings.events import EventWebhookSettings

logger = logging.getLogger(__name__)

OPEN = ".open"
"""Folder of the calls that have not ended; no endpoint can have that name."""


class Queues:
    """The queues of all endpoints.

    Args:
        webhooks: who wants which events.
        folder: where they wait.
    """

    def __init__(self, webhooks: Iterable[EventWebhookSettings], folder: Path) -> None:
        self._queues = [(frozenset(webhook.events), EventQueue(folder / webhook.name)) for webhook in webhooks]

    def put(self, event: CallEvent) -> bool:
        """Keep an event for whoever wants it; return whether that went well. Blocks for as long as the disk takes."""
        kept = True
        for kinds, queue in self._queues:
            if kinds and event.kind not in kinds:
                continue
            try:
                queue.put(Waiting(event))
            except OSError as error:
                kept = False
                logger.error("call %s: the event %s is lost: %s", event.call_id, event.kind, error.strerror)
        return kept


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
        self._queues = Queues(webhooks, folder)
        self._open = OpenCalls(folder / OPEN)
        self._report = report

    def tell(self, kind: str, call_id: str, data: Mapping[str, Any]) -> None:
        """Something has happened. Blocks for as long as the disk takes, if an endpoint wants to know of it."""
        event = CallEvent(kind, call_id, data)
        self._queues.put(event)
        try:
            self._open.note(event)
        except OSError as error:
            logger.error("call %s: if its process dies, nobody will be told: %s", call_id, error.strerror)
        self._report("call_event", event.as_json())
