"""Ask a STUN server for our public address (RFC 5389: Binding request, sections 6, 7 and 15)."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import struct

from voicebot.errors import TelephonyError

DEFAULT_PORT = 3478
COOKIE = 0x2112A442
# Section 7.2.1 repeats for up to 39.5 s; a start does not wait that long.
WAITS_S = (0.5, 1.0, 2.0)

_REQUEST, _SUCCESS = 0x0001, 0x0101
_MAPPED, _XOR_MAPPED = 0x0001, 0x0020
_FAMILIES = {1: 4, 2: 16}


class _Question(asyncio.DatagramProtocol):
    def __init__(self, transaction: bytes) -> None:
        self._transaction = transaction
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        address = read_answer(data, self._transaction)
        if address and not self.answer.done():
            self.answer.set_result(address)


async def ask_stun(server: str) -> str:
    """Return our address as a STUN server sees it.

    Args:
        server: "host" or "host:port".

    Raises:
        TelephonyError: no such host, or no answer.
    """
    host, _, port = server.partition(":")
    transaction = secrets.token_bytes(12)
    loop = asyncio.get_running_loop()
    try:
        transport, question = await loop.create_datagram_endpoint(
            lambda: _Question(transaction), remote_addr=(host, int(port or DEFAULT_PORT))
        )
    except (OSError, ValueError) as error:
        raise TelephonyError(f"the STUN server {server} has no address") from error
    try:
        for wait_s in WAITS_S:
            transport.sendto(struct.pack(">HHI", _REQUEST, 0, COOKIE) + transaction)
            await asyncio.wait([question.answer], timeout=wait_s)
            if question.answer.done():
                return question.answer.result()
        raise TelephonyError(f"the STUN server {server} does not answer")
    finally:
        question.answer.cancel()
        transport.close()


def read_answer(data: bytes, transaction: bytes) -> str:
    """Return the address in a Binding response, "" if there is none or it answers another question."""
    if len(data) < 20 or struct.unpack_from(">H", data)[0] != _SUCCESS or data[8:20] != transaction:
        return ""
    found: dict[int, bytes] = {}
    position = 20
    while position + 4 <= len(data):
        kind, length = struct.unpack_from(">HH", data, position)
        found[kind] = data[position + 4 : position + 4 + length]
        position += 4 + (length + 3) // 4 * 4
    return _address(found.get(_XOR_MAPPED, b""), data[4:20]) or _address(found.get(_MAPPED, b""), bytes(16))


def _address(value: bytes, mask: bytes) -> str:
    size = _FAMILIES.get(value[1], 0) if len(value) > 1 else 0
    raw = value[4 : 4 + size]
    if not size or len(raw) < size:
        return ""
    return str(ipaddress.ip_address(bytes(one ^ other for one, other in zip(raw, mask, strict=False))))
