from __future__ import annotations

import asyncio
import ipaddress
import struct
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.edge import Dispatcher, Edge, EdgeConfig
from telephony.edge.stun import COOKIE, ask_stun, read_answer
from voicebot.errors import TelephonyError

HOST = "127.0.0.1"
TRANSACTION = bytes(range(12))


def answer(kind: int, address: str, transaction: bytes = TRANSACTION) -> bytes:
    """A Binding response with one address, XORed for kind 0x0020 (RFC 5389 section 15.2)."""
    raw = ipaddress.ip_address(address).packed
    mask = struct.pack(">I", COOKIE) + transaction if kind == 0x0020 else bytes(16)
    masked = bytes(one ^ other for one, other in zip(raw, mask, strict=False))
    value = struct.pack(">BBH", 0, 1 if len(raw) == 4 else 2, 0) + masked
    # An attribute nobody knows, of an odd length, in front.
    attributes = struct.pack(">HH", 0x8022, 3) + b"abc\0" + struct.pack(">HH", kind, len(value)) + value
    return struct.pack(">HHI", 0x0101, len(attributes), COOKIE) + transaction + attributes


@pytest.mark.parametrize("kind", [0x0001, 0x0020])
@pytest.mark.parametrize("address", ["203.0.113.5", "2001:db8::5"])
def test_answers(kind: int, address: str) -> None:
    assert read_answer(answer(kind, address), TRANSACTION) == address
    assert read_answer(answer(kind, address), bytes(12)) == ""


@given(st.binary(max_size=60))
def test_any_bytes_will_do(data: bytes) -> None:
    head = struct.pack(">HHI", 0x0101, 0, COOKIE) + TRANSACTION
    for text in (read_answer(data, TRANSACTION), read_answer(head + data, TRANSACTION)):
        assert not text or ipaddress.ip_address(text)


class StunServer(asyncio.DatagramProtocol):
    """Loses the first question, and answers the others."""

    def __init__(self) -> None:
        self.transport: asyncio.DatagramTransport | None = None
        self.asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked += 1
        assert self.transport is not None
        if self.asked > 1:
            self.transport.sendto(answer(0x0020, "203.0.113.5", data[8:20]), addr)


async def test_peers_are_told_what_the_server_says() -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(StunServer, local_addr=(HOST, 0))
    edge = Edge(EdgeConfig(port=0, stun_server=f"{HOST}:{transport.get_extra_info('sockname')[1]}"), Dispatcher())
    await edge.start()
    assert edge.public_address[0] == "203.0.113.5"
    await edge.close()
    transport.close()


async def test_a_server_that_is_none() -> None:
    with pytest.raises(TelephonyError, match="no-such-host"):
        await ask_stun("no-such-host.invalid")
