"""Packets as bytes: bare JSON lines as in the page's example, or ``data:`` events as its vendor's robots send."""

from __future__ import annotations

import enum
import json
import re
from functools import lru_cache
from typing import Any, NoReturn

import orjson

from voicebot.errors import ProtocolError

DEFAULT_MAX_LINE_BYTES = 1_048_576
_END_OF_STREAM = b"[DONE]"
_BOM = b"\xef\xbb\xbf"
# The page numbers the lines of its examples ("1{"), and people paste and replay them as they stand.
_LINE_NUMBER = re.compile(rb"^\d+\s*(?=\{)")
# orjson makes such numbers floats, and an order number would lose its last digits.
_LONG_NUMBER = re.compile(rb"\d{19}")
_OTHER_EVENT_FIELDS = (b"event:", b"id:", b"retry:")


class Framing(enum.Enum):
    """How packets follow each other in a response body."""

    LINES = "application/x-ndjson"
    EVENTS = "text/event-stream"

    @property
    def content_type(self) -> str:
        """Value of the Content-Type header."""
        return f"{self.value}; charset=utf-8"

    @classmethod
    def from_accept(cls, accept: str) -> Framing:
        """Choose by an Accept header: events for who names them and does not like lines better, else lines."""
        liked = _qualities(accept)
        events = liked.get(cls.EVENTS.value, 0.0)
        return cls.EVENTS if events > 0 and events >= liked.get(cls.LINES.value, 0.0) else cls.LINES

    def encode(self, packet: dict[str, Any]) -> bytes:
        """Write one packet."""
        body = orjson.dumps(packet)
        return body + b"\n" if self is Framing.LINES else b"data:" + body + b"\n\n"


@lru_cache(maxsize=64)
def _qualities(accept: str) -> dict[str, float]:
    """Return the media types of an Accept header with their weights (RFC 9110, 12.5.1)."""
    found = {}
    for part in accept.split(","):
        kind, *parameters = part.lower().split(";")
        weight = next((text.strip()[2:] for text in parameters if text.strip().startswith("q=")), "1")
        try:
            found[kind.strip()] = float(weight)
        except ValueError:
            found[kind.strip()] = 1.0
    return found


class FrameDecoder:
    """Takes the bytes of a response as they arrive, in any pieces, and returns the packets in them.

    Both framings are understood, mixed if need be. Blank lines, comments (``: ping``), event names and ids,
    line numbers before the object and the ``[DONE]`` of other interfaces are skipped.
    """

    def __init__(self, max_line_bytes: int = DEFAULT_MAX_LINE_BYTES) -> None:
        self._max_line_bytes = max_line_bytes
        self._rest = bytearray()
        self._event = b""

    def feed(self, data: bytes) -> list[Any]:
        """Return the JSON values that are complete now.

        Raises:
            ProtocolError: a line is not JSON, or longer than allowed.
        """
        searched = len(self._rest)
        self._rest += data
        if self._rest.find(b"\n", searched) < 0:
            self._check_length(len(self._rest))
            return []
        *lines, rest = bytes(self._rest).split(b"\n")
        self._check_length(len(rest))
        self._rest = bytearray(rest)
        packets = []
        for line in lines:
            packets.extend(self._read(line))
        return packets

    def close(self) -> list[Any]:
        """Return what a last line without a line end holds.

        Raises:
            ProtocolError: the stream ended in the middle of a packet.
        """
        line, self._rest = bytes(self._rest), bytearray()
        packets = self._read(line)
        if self._event:
            _fail("the stream ended in the middle of an event")
        return packets

    def _read(self, line: bytes) -> list[Any]:
        self._check_length(len(line))
        line = line.removeprefix(_BOM).strip()
        if not line:
            if self._event:
                _fail("an event is not JSON")
            return []
        if line.startswith(b":") or line.startswith(_OTHER_EVENT_FIELDS):
            return []
        if line.startswith(b"data:"):
            return self._read_event(line[len(b"data:") :].strip())
        return [_load(line)]

    def _read_event(self, data: bytes) -> list[Any]:
        if not self._event and (not data or data == _END_OF_STREAM):
            return []
        # Server-sent events may spread one object over several data lines; ours and the vendor's never do.
        self._event = self._event + b"\n" + data if self._event else data
        self._check_length(len(self._event))
        try:
            packet = _load(self._event)
        except ProtocolError:
            return []
        self._event = b""
        return [packet]

    def _check_length(self, length: int) -> None:
        if length > self._max_line_bytes:
            _fail(f"a line is longer than {self._max_line_bytes} bytes")


def load_json(body: bytes) -> Any:
    """Read JSON as RFC 8259 has it: UTF-8, no NaN, no infinities.

    Raises:
        ProtocolError: it is something else.
    """
    if not _LONG_NUMBER.search(body):
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            pass  # it is stricter than RFC 8259 has it, with lone surrogates for one
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except RecursionError as error:
        raise ProtocolError("the JSON is nested too deeply") from error
    except ValueError as error:  # covers bad UTF-8, bad JSON and absurdly long numbers
        raise ProtocolError("not JSON") from error


def _load(line: bytes) -> Any:
    return load_json(_LINE_NUMBER.sub(b"", line))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _fail(problem: str) -> NoReturn:
    raise ProtocolError(problem)
