"""One thing that happened to a call."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

STARTED = "call.started"
ANSWERED = "call.answered"
TRANSFERRED = "call.transfer"
SUPERVISED = "call.supervision"
ENDED = "call.ended"
KINDS = (STARTED, ANSWERED, TRANSFERRED, SUPERVISED, ENDED)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class CallEvent:
    """An event.

    Attributes:
        kind: one of ``KINDS``.
        call_id: the SIP Call-ID.
        data: what there is to say; plain values. The CDR of a call that has ended.
        id: unique; the same in every attempt to deliver it.
        at: when, ISO 8601 in UTC.
    """

    kind: str
    call_id: str
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    at: str = field(default_factory=_now)

    def as_json(self) -> dict[str, Any]:
        """Return the event as others see it."""
        return {"id": self.id, "type": self.kind, "at": self.at, "callId": self.call_id, "data": dict(self.data)}

    def body(self) -> bytes:
        """Return it as the body of a request."""
        return json.dumps(self.as_json(), ensure_ascii=False).encode("utf-8", "replace")

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> CallEvent:
        """Read an event back.

        Raises:
            ValueError: it is none.
        """
        try:
            kind, call_id, data = plain["type"], plain["callId"], plain["data"]
            event = cls(kind, call_id, data, plain["id"], plain["at"])
        except (KeyError, TypeError) as error:
            raise ValueError("not an event") from error
        texts = (event.kind, event.call_id, event.id, event.at)
        if not all(isinstance(text, str) for text in texts) or not isinstance(event.data, dict):
            raise ValueError("not an event")
        return event
