"""``Reply``: a piece of text for the caller, where it came from, and whether it may be interrupted."""

from __future__ import annotations

import enum
import logging
from dataclasses import dataclass
from typing import Any

from voicebot.protocol.fields import Fields

logger = logging.getLogger(__name__)

TEXT = 1
"""The one reply type there is."""


class ReplySource(enum.Enum):
    """What produced a reply."""

    FAQ = "FAQ"
    RAG = "RAG"
    CHITCHAT = "CHITCHAT"
    TEXT_REPLY = "TEXT_REPLY"
    LARGE_MODEL_REPLY = "LARGE_MODEL_REPLY"


class AudioField(enum.Enum):
    """Name of the audio field: the page's table says ``audioURL``, its example ``audioUrl``. Both are read."""

    BOTH = "both"
    TABLE = "audioURL"
    EXAMPLE = "audioUrl"

    @property
    def names(self) -> tuple[str, ...]:
        """The JSON names to write."""
        return ("audioURL", "audioUrl") if self is AudioField.BOTH else (self.value,)


_AUDIO_NAMES = {field: field.names for field in AudioField}


@dataclass(slots=True)  # not frozen, like Chunk
class Reply:
    """A piece of text for the caller.

    Attributes:
        text: what is said; "" in a chunk that carries instructions only.
        reply_source: what produced it.
        audio_url: where the same text can be had as audio, if anywhere.
        allow_interrupt: any speech of the caller may stop it.
        allow_semantic_interruption: only speech that means something may stop it ("mhm" does not).
        type: 1, text.
    """

    text: str
    reply_source: ReplySource = ReplySource.TEXT_REPLY
    audio_url: str | None = None
    allow_interrupt: bool = True
    allow_semantic_interruption: bool = False
    type: int = TEXT


def parse_reply(fields: Fields) -> Reply:
    """Read the ``reply`` of an answer.

    Raises:
        ProtocolError: a field has the wrong type.
    """
    return Reply(
        text=fields.text("text"),
        reply_source=_parse_source(fields.text("replySource")),
        audio_url=fields.text("audioURL") or fields.text("audioUrl") or None,
        allow_interrupt=fields.flag("allowInterrupt", True),
        allow_semantic_interruption=fields.flag("allowSemanticInterruption", False),
        type=fields.integer("type", TEXT) or TEXT,
    )


def _parse_source(name: str) -> ReplySource:
    try:
        return ReplySource(name or ReplySource.TEXT_REPLY.value)
    except ValueError:
        # The vendor's own robots know more sources than the page lists; the text is good all the same.
        logger.debug("unknown replySource %.40r read as TEXT_REPLY", name)
        return ReplySource.TEXT_REPLY


def emit_reply(reply: Reply, audio_field: AudioField = AudioField.BOTH) -> dict[str, Any]:
    """Write a reply with the page's field names, in the page's order."""
    return emit_part(reply, reply.text, reply.audio_url, audio_field)


def emit_part(reply: Reply, text: str, audio_url: str | None, audio_field: AudioField) -> dict[str, Any]:
    """Write a part of a reply, or a reply with another audio, like ``emit_reply``."""
    body: dict[str, Any] = {"type": reply.type, "text": text}
    for name in _AUDIO_NAMES[audio_field]:
        body[name] = audio_url
    body["replySource"] = reply.reply_source.value
    body["allowInterrupt"] = reply.allow_interrupt
    body["allowSemanticInterruption"] = reply.allow_semantic_interruption
    return body
