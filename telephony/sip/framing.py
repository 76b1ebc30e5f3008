"""Cut a byte stream into SIP messages by Content-Length (RFC 3261 section 18.3, RFC 5626 section 3.5.1)."""

from __future__ import annotations

import re

_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_END = b"\r\n\r\n"
MAX_PING_BYTES = 64


class StreamFramer:
    """Collects the bytes of one connection.

    Args:
        max_bytes: longest message, headers and body together.

    Attributes:
        broken: why nothing after the last message can be read, "" while all is well. Without a length nobody
            knows where the next message begins: the connection has to be closed.
        pings: how often the peer sent the two line ends that ask for one in return, since it was last set to 0.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._wanted = 0
        self.broken = ""
        self.pings = 0

    @property
    def pending(self) -> bool:
        """Whether a message has begun and is not complete."""
        return bool(self._buffer.strip(b"\r\n"))

    def feed(self, data: bytes) -> list[bytes]:
        """Take in bytes; returns the messages that are complete now."""
        messages: list[bytes] = []
        if self.broken:
            return messages
        self._buffer += data
        while not self.broken:
            self._skip_blank_lines()
            message = self._cut()
            if message is None:
                break
            messages.append(message)
        return messages

    def _skip_blank_lines(self) -> None:
        if self._wanted or not self._buffer.startswith((b"\r", b"\n")):
            return
        rest = self._buffer.lstrip(b"\r\n")
        blank = len(self._buffer) - len(rest)
        self.pings += self._buffer[:blank].count(_END)
        # An odd half of a line end waits for its other half, unless a message has begun.
        self._buffer = rest if rest or blank % 4 == 0 or blank > MAX_PING_BYTES else self._buffer[blank - blank % 4 :]

    def _cut(self) -> bytes | None:
        if not self._wanted:
            end = self._buffer.find(_END)
            if end < 0:
                if len(self._buffer) > self._max_bytes:
                    self._break("a message is too long")
                return None
            self._wanted = self._measure(bytes(self._buffer[:end])) + end + len(_END)
            if self._wanted > self._max_bytes:
                self._break("a message is too long")
        if self.broken or len(self._buffer) >= self._wanted:
            # What is broken by its headers is handed on all the same: there may be enough to answer by.
            message = bytes(self._buffer[: self._wanted])
            del self._buffer[: self._wanted]
            self._wanted = 0
            return message
        return None

    def _measure(self, head: bytes) -> int:
        lengths = _LENGTH.findall(head)
        if len(lengths) == 1 and re.fullmatch(rb"\d{1,9}", lengths[0].strip(b" \t")):
            return int(lengths[0])
        self._break("a message does not tell its length")
        return 0

    def _break(self, why: str) -> None:
        self.broken = self.broken or why
