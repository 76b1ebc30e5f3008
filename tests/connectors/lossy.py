"""A connection that delays, tears into pieces, stalls and breaks, as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

Event = Literal["none", "reset", "close", "stall"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens on one connection.

    Attributes:
        event: what happens once ``after_bytes`` went ``upstream`` (to the server) or downstream.
        piece_bytes: everything goes on in pieces of this length.
        delay_s: before each of the first pieces.
    """

    event: Event = "none"
    upstream: bool = False
    after_bytes: int = 0
    piece_bytes: int = 65_536
    delay_s: float = 0.0


_DELAYED_PIECES = 5


class LossyProxy:
    """Passes connections on to a server.

    Args:
        target_port: where to.
        faults: for one connection after the other; those behind the last one have none.
    """

    def __init__(self, target_port: int, faults: Iterable[Fault]) -> None:
        self._target_port = target_port
        self._faults: Iterator[Fault] = iter(faults)
        self._connections: set[asyncio.Task[None]] = set()
        self.port = 0

    async def drained(self) -> None:
        """Wait until all connections are gone."""
        while self._connections:
            await asyncio.wait(self._connections)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        fault = next(self._faults, Fault())
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            ways = [
                asyncio.create_task(_pass(reader, up_writer, fault, faulty=fault.upstream)),
                asyncio.create_task(_pass(up_reader, writer, fault, faulty=not fault.upstream)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                for end in (writer, up_writer):
                    _end(end, reset=fault.event == "reset")
        finally:
            self._connections.discard(task)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault, *, faulty: bool) -> None:
    """Pass bytes on until one side closes or the fault comes."""
    passed = pieces = 0
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(fault.piece_bytes):
            if faulty and fault.event != "none" and passed + len(data) > fault.after_bytes:
                writer.write(data[: fault.after_bytes - passed])
                await writer.drain()
                if fault.event == "stall":
                    await reader.read(-1)  # nothing passes any more until this side gives up
                return
            passed, pieces = passed + len(data), pieces + 1
            await asyncio.sleep(fault.delay_s if pieces <= _DELAYED_PIECES else 0)
            writer.write(data)
            await writer.drain()


def _end(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    sock = writer.get_extra_info("socket")
    if reset and sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    writer.close()


@asynccontextmanager
async def lossy(target_port: int, faults: Iterable[Fault]) -> AsyncIterator[LossyProxy]:
    """Run a proxy on a free port."""
    proxy = LossyProxy(target_port, faults)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await server.wait_closed()
