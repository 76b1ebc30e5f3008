"""The handset of a caller whose signalling sipp does: RTP in and out on one UDP port."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np

from tests.service.sounds import AUDIBLE_RMS, Samples, decode, encode

_CODECS = {0: "PCMU", 8: "PCMA"}
_HEADER = struct.Struct("!BBHII")
PACKET_MS = 20
_PACKET_SAMPLES = 160
_PCMA = 8
_EVENT = 101
_KEYS = "0123456789*#"
_KEY_PACKETS = 5
_KEY_VOLUME = 10


class Handset(asyncio.DatagramProtocol):
    """Hears what comes and says what the test wants.

    Attributes:
        packets: how many came.
        payload_types: which kinds.
        audible: packets with sound in them (G.711 only).
        source: where they come from.
    """

    def __init__(self) -> None:
        self.packets = 0
        self.payload_types: Counter[int] = Counter()
        self.audible = 0
        self.source = ("", 0)
        self._quiet = 0
        self._sent = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._changed = asyncio.Event()
        self._closed = asyncio.Event()

    @classmethod
    async def open(cls) -> Handset:
        """Take a free port."""
        loop = asyncio.get_running_loop()
        transport, phone = await loop.create_datagram_endpoint(cls, local_addr=("127.0.0.1", 0))
        phone._transport = transport
        return phone

    @property
    def port(self) -> int:
        """The UDP port to send to."""
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        payload_type = _HEADER.unpack_from(data)[1] & 0x7F
        self.packets += 1
        self.source = addr
        self.payload_types[payload_type] += 1
        if payload_type in _CODECS:
            samples = decode(data[_HEADER.size :], _CODECS[payload_type]).astype(np.float64)
            audible = bool(np.sqrt(np.mean(samples**2)) > AUDIBLE_RMS)
            self.audible += audible
            self._quiet = 0 if audible else self._quiet + 1
        self._changed.set()

    async def until(self, reached: Callable[[], bool], timeout_s: float = 15.0) -> None:
        """Wait for something that only another packet can bring about."""

        async def wait() -> None:
            while not reached():
                self._changed.clear()
                await self._changed.wait()

        await asyncio.wait_for(wait(), timeout_s)

    async def sound(self, length_ms: int = 200) -> None:
        """Wait until this much more sound has come."""
        wanted = self.audible + length_ms // PACKET_MS
        await self.until(lambda: self.audible >= wanted)

    async def quiet(self, length_ms: int = 600) -> None:
        """Wait until there has been no sound for this long, in audio time."""
        await self.until(lambda: self._quiet >= length_ms // PACKET_MS)

    async def sentence(self) -> None:
        """Wait until something was said, and then nothing more."""
        await self.sound()
        await self.quiet()

    async def stream(self, length_ms: int = 500) -> None:
        """Wait until this much more has come, with or without sound."""
        wanted = self.packets + length_ms // PACKET_MS
        await self.until(lambda: self.packets >= wanted)

    async def say(self, samples: Samples) -> None:
        """Send sound (8 kHz), at the pace of speech, to where the far side's sound comes from."""
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        payload, start_s = encode(samples, "PCMA"), loop.time()
        for number in range(len(payload) // _PACKET_SAMPLES):
            header = _HEADER.pack(0x80, _PCMA, self._sent & 0xFFFF, self._sent * _PACKET_SAMPLES, 0x0B07)
            sound = payload[number * _PACKET_SAMPLES : (number + 1) * _PACKET_SAMPLES]
            self._transport.sendto(header + sound, self.source)
            self._sent += 1
            await asyncio.sleep(start_s + (number + 1) * PACKET_MS / 1000 - loop.time())

    async def press(self, keys: str, payload_type: int = _EVENT) -> None:
        """Press keys: telephone-events of 100 ms (RFC 4733), the last packet of each three times."""
        assert self._transport is not None
        for key in keys:
            timestamp = self._sent * _PACKET_SAMPLES
            for number in range(1, _KEY_PACKETS + 3):
                ended, duration = number >= _KEY_PACKETS, min(number, _KEY_PACKETS) * _PACKET_SAMPLES
                marker = 0x80 if number == 1 else 0
                header = _HEADER.pack(0x80, marker | payload_type, self._sent & 0xFFFF, timestamp, 0x0B07)
                event = struct.pack("!BBH", _KEYS.index(key), (0x80 if ended else 0) | _KEY_VOLUME, duration)
                self._transport.sendto(header + event, self.source)
                self._sent += 1
                await asyncio.sleep(PACKET_MS / 1000)

    async def close(self) -> None:
        assert self._transport is not None
        self._transport.close()
        await self._closed.wait()


@asynccontextmanager
async def handset() -> AsyncIterator[Handset]:
    """A handset on a free port."""
    phone = await Handset.open()
    try:
        yield phone
    finally:
        await phone.close()
