"""A storage in a folder of the test's own, on a clock of the test's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tests.support.postgres import storage_section
from voicebot.settings import Settings
from voicebot.storage.outbox import Message
from voicebot.storage.spool import Order
from voicebot.storage.store import Storage

START = datetime(2026, 11, 21, 10, 0, tzinfo=timezone.utc)
MOBILE = "13800138000"


class Clock:
    """The time, which goes on when the test says so."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


def settings(data: Path, **sections: Any) -> Settings:
    """Return settings that send by webhook, if a test does not say otherwise."""
    webhook = {"sender": "webhook", "webhook": {"url": "http://127.0.0.1:9/", "secret": "s"}}
    where = {"storage": storage_section(data)}
    return Settings.model_validate({"paths": {"data": data}, "short_messages": webhook, **where, **sections})


@contextlib.contextmanager
def storage(data: Path, clock: Clock | None = None, **sections: Any) -> Iterator[Storage]:
    """Open a storage and close it again."""
    opened = Storage(settings(data, **sections), clock or Clock())
    try:
        yield opened
    finally:
        opened.close()


def message(name: str = "m1", **changes: Any) -> Message:
    """Return a message that is due at the start."""
    values: dict[str, Any] = {
        "mobile": MOBILE,
        "signature_id": "47",
        "template_id": "30",
        "call_id": "c1",
        "session_id": "s1",
        "line": "desk",
        "created_at": START,
        "next_attempt_at": START,
    }
    return Message(name, **{**values, **changes})


def text_order(mobile: str = MOBILE, **changes: Any) -> Order:
    """Return the order of a text message."""
    parameters = {"mobile": mobile, "signature_id": "47", "template_id": "30"}
    values: dict[str, Any] = {"call_id": "c1", "session_id": "s1", "line": "desk", "party": "1000", "at": START}
    return Order("system_shortmessage", parameters, **{**values, **changes})


def block_order(party: str = MOBILE, **changes: Any) -> Order:
    """Return the order of a blacklist entry."""
    values: dict[str, Any] = {"call_id": "c1", "line": "desk", "reason": "bot desk", "at": START}
    return Order("system_blacklist_event", {}, party=party, **{**values, **changes})
