"""A small name server on loopback that answers what a test wants."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL_S = 300


class NameServer(asyncio.DatagramProtocol):
    """Answers by its records.

    Attributes:
        asked: how often each name and kind was asked for.
        silent: it does not answer at all.
    """

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()
        self.silent = False
        self._records: dict[tuple[str, str], tuple[int, list[str]]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._closed = asyncio.Event()

    def has(self, name: str, kind: str, *values: str, ttl_s: int = TTL_S) -> None:
        """Answer this from now on."""
        self._records[(name, kind)] = (ttl_s, list(values))

    @property
    def place(self) -> str:
        assert self._transport is not None
        return f"127.0.0.1:{self._transport.get_extra_info('sockname')[1]}"

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        (question,) = query.question
        name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self.asked[(name, kind)] += 1
        if self.silent:
            return
        answer = dns.message.make_response(query)
        if (name, kind) in self._records:
            ttl_s, values = self._records[(name, kind)]
            answer.answer.append(dns.rrset.from_text(question.name, ttl_s, "IN", kind, *values))
        elif not any(known == name for known, _ in self._records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        assert self._transport is not None
        self._transport.sendto(answer.to_wire(), addr)

    async def close(self) -> None:
        assert self._transport is not None
        self._transport.close()
        await self._closed.wait()


@contextlib.asynccontextmanager
async def name_server() -> AsyncIterator[NameServer]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    server._transport = transport
    try:
        yield server
    finally:
        await server.close()
