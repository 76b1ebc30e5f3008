"""A plain HTTP client for the query bench: fixed request bytes, one answer at a time, two clock readings.

It understands just as much of HTTP as it takes to time an answer, so that its own cost stays small beside the
server's: status 200, chunked transfer coding (RFC 9112 section 7.1), keep-alive.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import cast

from voicebot.errors import VoicebotError

HOST = "127.0.0.1"
_HEAD_END = b"\r\n\r\n"
_BODY_END = b"\r\n0\r\n\r\n"  # JSON has no raw CR: it cannot stand inside a packet


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        first_ms: from the request to the first byte of the first packet.
        last_ms: from the request to the end of the answer.
        head: status line and headers.
        body: the body as it came, with the marks of the chunked coding.
    """

    first_ms: float
    last_ms: float
    head: bytes
    body: bytes


def request_bytes(path: str, key: str, body: Mapping[str, object]) -> bytes:
    """Write a query as a whole HTTP request, with the headers that the interface's page asks for."""
    data = json.dumps(body, ensure_ascii=False).encode("utf-8")
    lines = (
        f"POST {path} HTTP/1.1",
        f"Host: {HOST}",
        f"token: {key}",
        f"Authorization: Bearer {key}",
        "Content-Type: application/json",
        f"Content-Length: {len(data)}",
    )
    return "\r\n".join(lines).encode("ascii") + _HEAD_END + data


def dechunked(body: bytes) -> bytes:
    """Return a body without the marks of the chunked coding."""
    found = bytearray()
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        found += rest[:length]
        body = rest[length + 2 :]
    return bytes(found)


class Connection(asyncio.Protocol):
    """A keep-alive connection that is asked one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._body_at = 0
        self._asked_at = 0.0
        self._first_at = 0.0
        self._answer: asyncio.Future[Answer] | None = None

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connect to a server on this machine."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, HOST, port)
        return connection

    @property
    def busy(self) -> bool:
        """An answer is under way."""
        return self._answer is not None and not self._answer.done()

    async def ask(self, request: bytes, since: float | None = None) -> Answer:
        """Send a request and wait for the whole answer.

        Args:
            request: see ``request_bytes``.
            since: reading of ``perf_counter`` from which the times count; None: now.

        Raises:
            VoicebotError: the answer has another status than 200, or the connection was closed.
        """
        assert self._transport is not None, "open() connected it"
        self._buffer.clear()
        self._body_at = 0
        self._answer = asyncio.get_running_loop().create_future()
        self._asked_at = perf_counter() if since is None else since
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by descent

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        now = perf_counter()
        self._buffer += data
        if not self._body_at:
            head_end = self._buffer.find(_HEAD_END)
            if head_end < 0 or len(self._buffer) == head_end + len(_HEAD_END):
                return
            self._body_at = head_end + len(_HEAD_END)
            self._first_at = now
            if not self._buffer.startswith(b"HTTP/1.1 200 "):
                self._fail(f"the server answered: {self._buffer.decode(errors='replace')}")
                return
        if self._buffer.endswith(_BODY_END):
            self._finish(now)

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._fail("the server closed the connection")

    def _finish(self, now: float) -> None:
        if self._answer is None or not self.busy:
            return
        first_ms, last_ms = (1000 * (moment - self._asked_at) for moment in (self._first_at, now))
        head, body = bytes(self._buffer[: self._body_at]), bytes(self._buffer[self._body_at :])
        self._answer.set_result(Answer(first_ms, last_ms, head, body))

    def _fail(self, problem: str) -> None:
        if self._answer is not None and self.busy:
            self._answer.set_exception(VoicebotError(f"query bench: {problem}"))
