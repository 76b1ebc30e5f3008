"""The edge's TCP and TLS connections: those that come in, those it opens, and which of them to use again."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable

from telephony.edge.config import EdgeStats
from telephony.edge.connection import Connection, StreamLimits
from telephony.edge.dispatcher import Address
from telephony.edge.flow import Flow, Transport
from telephony.edge.sources import SourceLog
from telephony.edge.tls import Certificates
from voicebot.errors import TelephonyError

log = logging.getLogger(__name__)

CHECK_S = 1.0
RENEW_S = 30.0

Place = tuple[Transport, str, int, str]
"""Transport, host, port, and the name that the certificate must be for if it is not that of the host."""


class Streams:
    """All connections of an edge.

    Args:
        limits: what a connection may do.
        certificates: for TLS.
        stats: counted into.
        sources: told of peers that misbehave.
        admits: whether an address may connect.
        message: told of each message: bytes, address of its sender, flow.
    """

    def __init__(
        self,
        limits: StreamLimits,
        certificates: Certificates,
        stats: EdgeStats,
        sources: SourceLog,
        admits: Callable[[str], bool],
        message: Callable[[bytes, Address, Flow], None],
    ) -> None:
        self._limits = limits
        self._certificates = certificates
        self._stats = stats
        self._sources = sources
        self._admits = admits
        self._message = message
        self._numbers = itertools.count(1)
        self._servers: list[asyncio.Server] = []
        self._connections: dict[int, Connection] = {}
        self._from: Counter[str] = Counter()
        self._places: dict[Place, int] = {}
        self._opening: dict[Place, asyncio.Task[Connection]] = {}
        self._watch: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._connections)

    async def listen(self, transport: Transport, sock: socket.socket) -> None:
        """Take connections from a bound socket."""
        loop = asyncio.get_running_loop()
        tls = self._certificates.incoming if transport == "TLS" else None
        server = await loop.create_server(
            lambda: self._make(transport, self._came),
            sock=sock,
            ssl=tls,
            ssl_handshake_timeout=self._limits.connect_s if tls else None,
        )
        self._servers.append(server)

    def start(self) -> None:
        """Watch over the connections from now on."""
        self._watch = asyncio.create_task(self._keep_watch(), name="sip-connections")

    async def close(self) -> None:
        """Close everything. Harmless when nothing is open."""
        tasks = [*self._opening.values(), *([self._watch] if self._watch else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._watch = None
        for server in self._servers:
            server.close()
        self._servers.clear()
        connections = list(self._connections.values())
        for connection in connections:
            connection.abort("")
        await asyncio.gather(*(connection.done.wait() for connection in connections))

    def send(self, data: bytes, flow: Flow) -> bool:
        """Send by a connection that is up; False if it is not."""
        connection = self._connections.get(flow.connection)
        return connection is not None and connection.send(data)

    async def send_to(self, data: bytes, transport: Transport, host: str, port: int, name: str = "") -> None:
        """Send to a place, by the connection there is or a new one; ``name`` is what its certificate must be for.

        Raises:
            TelephonyError: there is no way to get there.
        """
        place = (transport, host, port, name if transport == "TLS" else "")
        known = self._connections.get(self._places.get(place, 0))
        if known is not None and known.send(data):
            return
        task = self._opening.get(place)
        if task is None:
            task = self._opening[place] = asyncio.create_task(self._open(place))
            task.add_done_callback(lambda _: self._opening.pop(place, None))
        # Shielded: others wait for the same connection.
        connection = await asyncio.shield(task)
        if not connection.send(data):
            raise TelephonyError(f"the {transport} connection to {host}:{port} was closed at once")

    async def _open(self, place: Place) -> Connection:
        transport, host, port, name = place
        loop = asyncio.get_running_loop()
        tls = self._certificates.outgoing if transport == "TLS" else None
        connecting = asyncio.ensure_future(
            loop.create_connection(
                lambda: self._make(transport, lambda connection: self._went(connection, place), ours=True),
                host,
                port,
                ssl=tls,
                server_hostname=(name or host) if tls else None,
            )
        )
        try:
            await asyncio.wait([connecting], timeout=self._limits.connect_s)
        finally:
            if not connecting.done():
                connecting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([connecting])
        if connecting.cancelled():
            raise TelephonyError(f"no {transport} connection to {host}:{port} within {self._limits.connect_s:g} s")
        error = connecting.exception()
        if isinstance(error, OSError):
            raise TelephonyError(f"no {transport} connection to {host}:{port}: {_words(error)}") from error
        if error is not None:
            raise error
        return connecting.result()[1]

    def _make(self, transport: Transport, opened: Callable[[Connection], bool], ours: bool = False) -> Connection:
        flow = Flow(transport, next(self._numbers))
        return Connection(flow, self._limits, opened, self._received, self._closed, ours)

    def _came(self, connection: Connection) -> bool:
        host = connection.peer[0]
        if not self._admits(host):
            self._stats.refused["stranger"] += 1
            return False
        if len(self._connections) >= self._limits.connections or self._from[host] >= self._limits.per_source:
            self._stats.refused["connections"] += 1
            self._sources.note(host, "too many connections")
            return False
        self._from[host] += 1
        self._keep(connection, (connection.flow.transport, *connection.peer, ""))
        return True

    def _went(self, connection: Connection, place: Place) -> bool:
        self._from[connection.peer[0]] += 1
        self._keep(connection, place)
        return True

    def _keep(self, connection: Connection, place: Place) -> None:
        self._connections[connection.flow.connection] = connection
        self._places[place] = connection.flow.connection

    def _received(self, data: bytes, connection: Connection) -> None:
        self._message(data, connection.peer, connection.flow)

    def _closed(self, connection: Connection, why: str) -> None:
        number = connection.flow.connection
        if self._connections.pop(number, None) is None:
            return
        host = connection.peer[0]
        self._from[host] -= 1
        if self._from[host] <= 0:
            del self._from[host]
        for place in [place for place, known in self._places.items() if known == number]:
            del self._places[place]
        if why:
            self._stats.dropped["connection"] += 1
            self._sources.note(host, f"connection closed, {why}")

    async def _keep_watch(self) -> None:
        renew_s = time.monotonic() + RENEW_S
        while True:
            await asyncio.sleep(CHECK_S)
            now_s = time.monotonic()
            for connection in list(self._connections.values()):
                connection.check(now_s)
            if now_s >= renew_s:
                renew_s = now_s + RENEW_S
                self._certificates.renew()


def _words(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted ({error.verify_message})"
    return error.strerror or str(error)
