"""What happened in a call as plain values, for the log that ``voicebot timeline`` draws from.

Entries are made from whatever events and actions there are, field by field, so that a new one is logged without a
change here. Words are the exception: a text gets into an entry only if the call's words may be kept at all, or if its
field is one that never holds what a person said.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Protocol

from voicebot.conversation.actions import Action, Ask
from voicebot.conversation.events import ChunkArrived, Event
from voicebot.protocol.query import HEARD_VARIABLE

Value = bool | int | float | str

# Texts that we choose ourselves, or that a SIP peer does: no words, numbers or digits of a caller.
_HARMLESS = frozenset({"code", "why", "rule", "kind", "source"})
# Names of sessions, addresses with keys in them, and headers of the call: no use for a picture.
_LEFT_OUT = frozenset({"session_id", "query_id", "audio_url", "variables", "mobile"})


class EventLog(Protocol):
    """Takes what happens in one call; all methods on the event loop, none of them blocks."""

    def happened(
        self, event: Event, actions: Sequence[Action], timers: Mapping[str, float], *, hidden: bool = False
    ) -> None:
        """Note an event, what it led to, and the timers that run from now on.

        Args:
            event: what was fed to the core.
            actions: what the core wants done.
            timers: the core's timers by name, each with the milliseconds until it goes off.
            hidden: the caller gives something that nobody is to see: no words.
        """
        ...

    def note(self, what: str, **values: Value) -> None:
        """Note what is known outside the core only.

        Args:
            what: its name, in the manner of the events.
            values: what it is about; no words of anybody.
        """
        ...

    def close(self) -> None:
        """Nothing follows."""
        ...


class NoLog:
    """The log of a call of which none is kept."""

    def happened(
        self, event: Event, actions: Sequence[Action], timers: Mapping[str, float], *, hidden: bool = False
    ) -> None:
        """Note nothing."""

    def note(self, what: str, **values: Value) -> None:
        """Note nothing."""

    def close(self) -> None:
        """Do nothing."""


def entry(item: Event | Action, *, content: bool) -> dict[str, Any]:
    """Return an event or action as plain values, ready for JSON.

    Args:
        item: the event or action.
        content: what was said may be kept; else texts that could hold it are None.
    """
    if isinstance(item, ChunkArrived):
        return {"turn_id": item.turn_id, **_chunk(item, content)}
    if isinstance(item, Ask):
        return {"turn_id": item.turn_id, **_query(item, content)}
    return _fields(item, content)


def _chunk(item: ChunkArrived, content: bool) -> dict[str, Any]:
    chunk, reply = item.chunk, item.chunk.reply
    values: dict[str, Any] = {"done": chunk.done}
    if reply is not None:
        values["text"] = _words(reply.text, content)
        values["interrupt"] = reply.allow_interrupt
        values["semantic"] = reply.allow_semantic_interruption
        values["source"] = reply.reply_source.value
    if chunk.instructions:
        values["instructions"] = [type(instruction).__name__ for instruction in chunk.instructions]
    if chunk.identify_duration_ms is not None:
        values["identify_ms"] = chunk.identify_duration_ms
    if chunk.node_silent_duration_s is not None:
        values["silent_s"] = chunk.node_silent_duration_s
    return values


def _query(item: Ask, content: bool) -> dict[str, Any]:
    query = item.query
    values: dict[str, Any] = {"text": _words(query.query_text, content), "silence": query.silence}
    if HEARD_VARIABLE in query.variables:
        values["heard"] = _words(query.variables[HEARD_VARIABLE], content)
    extra = {field.name: _plain(getattr(item, field.name), content) for field in fields(item)}
    return {**{name: value for name, value in extra.items() if name not in ("turn_id", "query")}, **values}


def _fields(item: Any, content: bool) -> dict[str, Any]:
    values = {}
    for field in fields(item):
        if field.name in _LEFT_OUT:
            continue
        value = getattr(item, field.name)
        values[field.name] = value if field.name in _HARMLESS else _plain(value, content)
    return values


def _plain(value: Any, content: bool) -> Any:
    """Return a value as JSON knows it; texts as the rule for words has them."""
    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if is_dataclass(value):
        return {"is": type(value).__name__, **_fields(value, content)}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item, content) for item in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(item, content) for name, item in value.items()} if content else None
    return _words(str(value), content)


def _words(text: str, content: bool) -> str | None:
    """Return a text that may be what somebody said; that there is none at all may always be known."""
    return text if content or not text else None
