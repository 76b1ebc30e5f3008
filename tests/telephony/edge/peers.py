"""Two ends to put around an edge: a bare UDP socket, and SIPp."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path

from telephony.sip import SipRequest, SipResponse, parse_message

SIPP = shutil.which("sipp")


class Peer(asyncio.DatagramProtocol):
    """A UDP socket that keeps what it gets."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[bytes] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.last_source = ("", 0)
        self.transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls) -> Peer:
        loop = asyncio.get_running_loop()
        transport, peer = await loop.create_datagram_endpoint(cls, local_addr=("127.0.0.1", 0))
        peer.transport = transport
        return peer

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.last_source = addr
        self.inbox.put_nowait(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    @property
    def port(self) -> int:
        assert self.transport is not None
        return int(self.transport.get_extra_info("sockname")[1])

    def send(self, data: bytes, address: tuple[str, int]) -> None:
        assert self.transport is not None
        self.transport.sendto(data, address)

    async def request(self) -> SipRequest:
        message = parse_message(await asyncio.wait_for(self.inbox.get(), 5))
        assert isinstance(message, SipRequest)
        return message

    async def response(self) -> SipResponse:
        message = parse_message(await asyncio.wait_for(self.inbox.get(), 5))
        assert isinstance(message, SipResponse)
        return message

    async def close(self) -> None:
        assert self.transport is not None
        self.transport.close()
        await self.closed.wait()


class Lossy:
    """A way to an edge on which the first copy of every datagram is lost, in both directions."""

    def __init__(self, edge: tuple[str, int], front: Peer, back: Peer) -> None:
        self._edge = edge
        self._front = front
        self._back = back
        self._seen: set[bytes] = set()
        self._tasks = [asyncio.create_task(self._inward()), asyncio.create_task(self._outward())]
        self._caller = ("127.0.0.1", 0)
        self.lost = 0

    @classmethod
    async def open(cls, edge: tuple[str, int]) -> Lossy:
        return cls(edge, await Peer.open(), await Peer.open())

    @property
    def port(self) -> int:
        return self._front.port

    async def _inward(self) -> None:
        while True:
            data = await self._front.inbox.get()
            self._caller = self._front.last_source
            if self._passes(data):
                self._back.send(data, self._edge)

    async def _outward(self) -> None:
        while True:
            data = await self._back.inbox.get()
            if self._passes(data):
                self._front.send(data, self._caller)

    def _passes(self, data: bytes) -> bool:
        if data in self._seen:
            return True
        self._seen.add(data)
        self.lost += 1
        return False

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._front.close()
        await self._back.close()


def free_port() -> int:
    """A UDP port of the loopback address that nobody has at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _is_taken(port: int) -> bool:
    """Tell whether somebody has bound a UDP port: looked up, not tried, since a try could take it from them."""
    sockets = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(f":{port:04X}" in line.split()[1] for line in sockets)


async def _taken(port: int) -> None:
    """Return when somebody has bound a UDP port."""
    while True:
        if _is_taken(port):
            return
        await asyncio.sleep(0.01)  # nothing tells of a bound port, so it is asked for


class Sipp:
    """A SIPp process."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.port = port

    @classmethod
    async def start(cls, folder: Path, *arguments: str, port: int | None = None) -> Sipp:
        """Run SIPp on a loopback port, without a terminal, in a folder for its files."""
        assert SIPP is not None
        port = port or free_port()
        fixed = ["-i", "127.0.0.1", "-p", str(port), "-nostdin", "-trace_err", "-timeout_error"]
        process = await asyncio.create_subprocess_exec(
            SIPP, *arguments, *fixed, cwd=folder, env={**os.environ, "TERM": "dumb"},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        return cls(process, port)

    @classmethod
    async def serve(cls, folder: Path, *arguments: str) -> Sipp:
        """Run a SIPp that waits for calls; returns when it listens."""
        sipp = await cls.start(folder, *arguments)
        await asyncio.wait_for(_taken(sipp.port), 5)
        return sipp

    async def finished(self) -> int:
        """Wait for the end; SIPp's exit status: 0 if every call went as its scenario says."""
        await self._process.communicate()
        assert self._process.returncode is not None
        return self._process.returncode

    async def stop(self) -> None:
        """End it if it still runs."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()


async def all_finished(peers: Iterable[Sipp]) -> list[int]:
    """Exit statuses of several."""
    return list(await asyncio.gather(*(peer.finished() for peer in peers)))
