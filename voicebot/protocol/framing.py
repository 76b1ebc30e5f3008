"""Packets as bytes: bare JSON lines as in the page's example, or ``data:`` events as its vendor's robots send."""

from __future__ import annotations

import enum
import json
import re
from typing import Any, NoReturn

from voicebot.errors import ProtocolError

DEFAULT_MAX_LINE_BYTES = 1_048_576
_END_OF_STREAM = b"[DONE]"
_BOM = b"\xef\xbb\xbf"
# The page numbers the lines of its examples ("1{"), and people paste and replay them as they stand.
_LINE_NUMBER = re.compile(rb"^\d+\s*(?=\{)")
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
        """Choose by an Accept header: events for who names them, lines for everyone else."""
        kinds = (part.partition(";")[0].strip().lower() for part in accept.split(","))
        return cls.EVENTS if cls.EVENTS.value in kinds else cls.LINES

    def encode(self, packet: dict[str, Any]) -> bytes:
        """Write one packet."""
        body = json.dumps(packet, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        return body + b"\n" if self is Framing.LINES else b"data:" + body + b"\n\n"


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
