"""The speech worker's protocol: messages of a JSON header and a binary payload, over a local stream socket.

A message is two 32-bit big-endian lengths (header, payload), then the header as UTF-8 JSON, then the payload.
Every header has an ``id`` that the client chose and an ``op``:

====================  ============================  ==========================================================
client to worker      header                        payload
====================  ============================  ==========================================================
transcribe            rate_hz, language, hint,      the utterance, s16le mono
                      urgency, context
promote               (id of a transcription)
synthesise            text, voice, rate_hz
fetch                 url, rate_hz, engine_url
prerender             text, voice, rate_hz
cached_path           text, voice, rate_hz
word_ends             text, voice, rate_hz
turn_end              rate_hz                       the turn so far, s16le mono
stats
cancel                (id of the request)
====================  ============================  ==========================================================

====================  ============================  ==========================================================
worker to client      header                        payload
====================  ============================  ==========================================================
result                whatever was asked for
audio                                               a piece of the speech or file; many to a request
end                                                 (after the last ``audio``)
error                 code, message
====================  ============================  ==========================================================
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voicebot.errors import (
    AudioBlockedError,
    AudioFileError,
    RecogniserBusyError,
    RecognitionError,
    SpeechError,
    SpeechWorkerLostError,
    SynthesisError,
)

_LENGTHS = struct.Struct(">II")
# Thirty seconds of 16 kHz audio are 960,000 bytes.
MAX_HEADER_BYTES = 256 * 1024
MAX_PAYLOAD_BYTES = 8 * 1024 * 1024

_ERRORS: dict[str, type[SpeechError]] = {
    kind.code: kind
    for kind in (
        SpeechError,
        RecognitionError,
        RecogniserBusyError,
        SynthesisError,
        SpeechWorkerLostError,
        AudioFileError,
        AudioBlockedError,
    )
}


class WireError(Exception):
    """What came over the socket is no message of this protocol."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        id: the request it belongs to.
        op: what it says; see the module's table.
        fields: the rest of the header.
        payload: audio, or b"".
    """

    id: int
    op: str
    fields: Mapping[str, Any]
    payload: bytes = b""

    def encode(self) -> bytes:
        """Return the message as it goes over the socket."""
        header = json.dumps({"id": self.id, "op": self.op, **self.fields}, ensure_ascii=False).encode()
        return _LENGTHS.pack(len(header), len(self.payload)) + header + self.payload


async def read_message(reader: asyncio.StreamReader) -> Message | None:
    """Read the next message; None when the far side has closed.

    Raises:
        WireError: the bytes are no message.
        OSError: the connection broke.
    """
    lengths = b""
    try:
        lengths = await reader.readexactly(_LENGTHS.size)
        header_bytes, payload_bytes = _LENGTHS.unpack(lengths)
        if header_bytes > MAX_HEADER_BYTES or payload_bytes > MAX_PAYLOAD_BYTES:
            raise WireError(f"a message of {header_bytes} + {payload_bytes} bytes is too long")
        header = await reader.readexactly(header_bytes)
        payload = await reader.readexactly(payload_bytes)
    except asyncio.IncompleteReadError as error:
        if lengths or error.partial:
            raise WireError("the connection ended within a message") from error
        return None
    try:
        fields = json.loads(header)
        return Message(int(fields.pop("id")), str(fields.pop("op")), fields, payload)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WireError("a header is not a JSON object with id and op") from error


def error_fields(error: SpeechError) -> dict[str, str]:
    """Return an error as header fields."""
    return {"code": error.code, "message": error.message}


def error_from_fields(fields: Mapping[str, Any]) -> SpeechError:
    """Return the error that header fields describe."""
    kind = _ERRORS.get(str(fields.get("code")), SpeechError)
    return kind(str(fields.get("message", "the speech worker failed")))
