"""A server that answers exactly what a test tells it to, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
HANG = b"<hang>"
CLOSE = b"<close>"


def body(*pieces: bytes) -> list[bytes]:
    """Return a whole response, each piece as its own HTTP chunk."""
    return [HEAD, *(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces), END]


@dataclass
class Endpoint:
    """What the server does and what it saw."""

    script: Callable[[int], Sequence[bytes]]
    url: str = ""
    connections: int = 0
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        try:
            while await self._request(reader):
                for piece in self.script(len(self.requests)):
                    if piece == CLOSE:
                        return
                    if piece == HANG:
                        await reader.read(1)
                        return
                    writer.write(piece)
                    await writer.drain()
        except ConnectionError:
            return
        finally:
            self.gone.set()
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bool:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        lines = head.decode().split("\r\n")[1:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.asked.set()
        self.requests.append((headers, await reader.readexactly(int(headers.get("content-length", "0")))))
        return True


@asynccontextmanager
async def endpoint(script: Callable[[int], Sequence[bytes]] | Sequence[bytes]) -> AsyncIterator[Endpoint]:
    """Run an endpoint on a free port; the script gets the number of the request."""
    served = Endpoint(script if callable(script) else lambda _: script)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/stream/query"
    try:
        yield served
    finally:
        server.close()
        await server.wait_closed()
