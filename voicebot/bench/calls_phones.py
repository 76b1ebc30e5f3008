"""The media side of the calls that SIPp makes: a process with a UDP port for each, which speaks and listens.

Started as ``python -m voicebot.bench.calls_phones``. Its first line on stdin is its order, ``ready`` tells the ports;
each further line is answered with ``heard``. A port speaks to whoever sends it audio, as long as that goes on.
When a packet came is told by the kernel (SO_TIMESTAMPNS), so it does not matter how soon it is read.
"""

from __future__ import annotations

import asyncio
import json
import random
import select
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from voicebot.bench.calls_rtp import FRAME_MS, Arrivals, Heard, packet
from voicebot.runtime.stdio import report, stdin_lines

_TIMESTAMPNS = 35
"""SO_TIMESTAMPNS of socket(7); the socket module has no name for it."""
_TIMESPEC = struct.Struct("@qq")
_FRAME_BYTES = 160  # PCMA at 8 kHz
_MAX_PACKET_BYTES = 2048
_ANCILLARY_BYTES = 64
_QUIET_S = 0.5
"""So long after the last packet a call counts as over."""
_BUFFER_BYTES = 1 << 19


class Phone:
    """One port: what it says and what it hears."""

    def __init__(self, frames: Sequence[bytes], start: int) -> None:
        self.arrivals = Arrivals()
        self._frames = frames
        self._position = start
        self._ssrc = random.getrandbits(32)
        self._far: tuple[str, int] | None = None
        self._heard_s = 0.0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, _TIMESTAMPNS, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        self.socket.bind(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        """Its UDP port."""
        return int(self.socket.getsockname()[1])

    def is_in_call(self, now_s: float) -> bool:
        """Whether somebody speaks to it."""
        return self._far is not None and now_s - self._heard_s < _QUIET_S

    def receive(self, now_s: float) -> None:
        """Take all packets that came."""
        while True:
            try:
                data, ancillary, _, far = self.socket.recvmsg(_MAX_PACKET_BYTES, _ANCILLARY_BYTES)
            except BlockingIOError:
                return
            self._far, self._heard_s = far, now_s
            seconds, nanoseconds = _TIMESPEC.unpack_from(ancillary[0][2])
            self.arrivals.feed(data, seconds * 1_000_000_000 + nanoseconds)

    def send(self) -> None:
        """Send the next packet to whoever speaks to it."""
        assert self._far is not None, "it is in a call"
        self._position += 1
        frame = self._frames[self._position % len(self._frames)]
        data = packet(self._position, self._position * _FRAME_BYTES, self._ssrc, frame)
        try:
            self.socket.sendto(data, self._far)
        except (BlockingIOError, ConnectionRefusedError):
            return  # the call is just ending


class Phones:
    """All ports, on one clock of 20 ms.

    Args:
        count: how many.
        voices: files of PCMA audio (8 kHz, no header); the phones take them by turns, each from a place of its own.
    """

    def __init__(self, count: int, voices: Sequence[Path]) -> None:
        spoken = [_frames(file.read_bytes()) for file in voices]
        self.phones = [Phone(spoken[n % len(spoken)], 37 * n) for n in range(count)]
        self._by_file = {phone.socket.fileno(): phone for phone in self.phones}
        self._ready = select.epoll()
        for file in self._by_file:
            self._ready.register(file, select.EPOLLIN)

    async def run(self) -> None:
        """Speak and listen until cancelled."""
        due_s = time.monotonic()
        while True:
            now_s = time.monotonic()
            for file, _ in self._ready.poll(0):
                self._by_file[file].receive(now_s)
            for phone in self.phones:
                if phone.is_in_call(now_s):
                    phone.send()
            due_s = max(due_s + FRAME_MS / 1000, now_s - 1)
            await asyncio.sleep(due_s - time.monotonic())

    def facts(self) -> dict[str, Any]:
        """Return what was heard since the last time, and how many phones are in a call."""
        heard, now_s = Heard(), time.monotonic()
        for phone in self.phones:
            heard.add(phone.arrivals.heard)
            phone.arrivals.heard = Heard()
        return {"in_call": sum(phone.is_in_call(now_s) for phone in self.phones), "heard": asdict(heard)}


def _frames(audio: bytes) -> list[bytes]:
    return [audio[at : at + _FRAME_BYTES] for at in range(0, len(audio) - _FRAME_BYTES + 1, _FRAME_BYTES)]


async def _main() -> int:
    orders = stdin_lines()
    order = json.loads(await orders.__anext__())
    phones = Phones(int(order["count"]), [Path(file) for file in order["voices"]])
    speaking = asyncio.create_task(phones.run(), name="phones")
    report("ready", {"ports": [phone.port for phone in phones.phones]})
    async for _ in orders:
        report("heard", phones.facts())
    speaking.cancel()
    await asyncio.gather(speaking, return_exceptions=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(_main()))
