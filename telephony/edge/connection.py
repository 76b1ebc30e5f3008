"""One TCP or TLS connection of the edge."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from telephony.edge.dispatcher import Address
from telephony.edge.flow import Flow
from telephony.sip.framing import StreamFramer

PING = b"\r\n\r\n"
PONG = b"\r\n"


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What a connection may do.

    Attributes:
        max_message_bytes: longest message.
        message_s: how long a message may take from its first byte to its last.
        idle_s: a connection without a byte from the peer for this long is closed.
        ping_s: how often a connection that we opened is kept alive (RFC 5626 section 4.4.1).
        max_unsent_bytes: a peer that does not read as much as this loses its connection.
        connections: connections from outside at a time.
        per_source: of these from one address.
        connect_s: how long opening one, TLS included, may take.
    """

    max_message_bytes: int = 16384
    message_s: float = 10.0
    idle_s: float = 600.0
    ping_s: float = 30.0
    max_unsent_bytes: int = 1 << 20
    connections: int = 500
    per_source: int = 100
    connect_s: float = 5.0


class Connection(asyncio.Protocol):
    """Reads messages from a stream and writes them.

    Args:
        flow: its transport and number.
        limits: what the peer may do.
        opened: told when it is up; False: not wanted.
        message: told of each message.
        closed: told once when it is over, with the reason, "" for the peer's own wish.
        ours: we opened it, so we keep it alive.
    """

    def __init__(
        self,
        flow: Flow,
        limits: StreamLimits,
        opened: Callable[[Connection], bool],
        message: Callable[[bytes, Connection], None],
        closed: Callable[[Connection, str], None],
        ours: bool = False,
    ) -> None:
        self.flow = flow
        self.peer: Address = ("", 0)
        self.done = asyncio.Event()
        self._limits = limits
        self._opened = opened
        self._message = message
        self._closed = closed
        self._ours = ours
        self._framer = StreamFramer(limits.max_message_bytes)
        self._transport: asyncio.Transport | None = None
        self._since_s = self._heard_s = self._pinged_s = time.monotonic()
        self._why = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Learn who the peer is; end it if nobody wants it."""
        # Not isinstance: transports of other event loops are of other classes.
        self._transport = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername") or ("", 0)
        self.peer = (str(name[0]), int(name[1]))
        if not self._opened(self):
            self.abort("")

    def data_received(self, data: bytes) -> None:
        """Cut the stream into messages."""
        self._heard_s = time.monotonic()
        if not self._framer.pending:
            self._since_s = self._heard_s
        for message in self._framer.feed(data):
            self._since_s = self._heard_s
            self._message(message, self)
        if self._framer.pings and self._transport is not None:
            self._framer.pings = 0
            self._transport.write(PONG)
        if self._framer.broken:
            self.close(self._framer.broken)

    def eof_received(self) -> bool:
        """Close when the peer does."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._transport = None
        self.done.set()
        self._closed(self, self._why)

    def send(self, data: bytes) -> bool:
        """Send a message; False if the connection is over."""
        if self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > self._limits.max_unsent_bytes:
            self.abort("it does not read")
        return True

    def check(self, now_s: float) -> None:
        """Close the connection if the peer is too slow or gone; keep it alive if it is ours."""
        if self._framer.pending and now_s - self._since_s > self._limits.message_s:
            self.abort("it sends too slowly")
        elif now_s - self._heard_s > self._limits.idle_s:
            self.close("")
        elif self._ours and now_s - self._pinged_s > self._limits.ping_s:
            self._pinged_s = now_s
            self.send(PING)

    def close(self, why: str) -> None:
        """End it once what is written has been sent."""
        self._why = self._why or why
        if self._transport is not None:
            self._transport.close()

    def abort(self, why: str) -> None:
        """End it at once."""
        self._why = self._why or why
        if self._transport is not None:
            self._transport.abort()
