"""Listeners over HTTP, from the pump to a socket."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from telephony.line.pump import FramePump
from voicebot.runtime.listener import MAX_WAITING_BYTES, Listener

SAMPLES = 160
CALLER, HEARD = b"\1\0" * SAMPLES, b"\2\0" * SAMPLES
FRAME = b"\1\0\2\0" * SAMPLES


class Source:
    def read(self, samples: int) -> bytes:
        return HEARD


class Line:
    """A call with one listener; ``frame`` lets 20 ms of it pass on a thread of its own, as the media clock does."""

    def __init__(self) -> None:
        self.pump = FramePump(SAMPLES, None)
        self.pump.open(Source(), lambda pcm: None)
        self.hidden = False
        self.gone: list[bool] = []
        self.left = asyncio.Event()
        self.listener = Listener(self.pump, lambda: self.hidden, self._gone)

    def _gone(self, listener: Listener, slow: bool) -> None:
        self.gone.append(slow)
        self.left.set()

    def frames(self, count: int = 1) -> None:
        def pass_() -> None:
            for _ in range(count):
                self.pump.pull()
                self.pump.push(CALLER)

        clock = threading.Thread(target=pass_)
        clock.start()
        clock.join()


@contextlib.asynccontextmanager
async def listening(folder: Path) -> AsyncIterator[tuple[Line, asyncio.StreamReader, asyncio.StreamWriter]]:
    line = Line()
    connected: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
    connected = asyncio.get_running_loop().create_future()
    path = folder / "a.sock"
    server = await asyncio.start_unix_server(lambda *ends: connected.set_result(ends), path)
    try:
        await line.listener.connect(path)
        reader, writer = await connected
        yield line, reader, writer
        line.listener.close()
        writer.close()
    finally:
        server.close()


async def test_both_sides_arrive_and_nothing_of_what_is_hidden(tmp_path: Path) -> None:
    async with listening(tmp_path) as (line, reader, _):
        line.frames(2)
        assert await reader.readexactly(2 * len(FRAME)) == FRAME * 2
        line.hidden = True
        line.frames()
        assert await reader.readexactly(len(FRAME)) == bytes(len(FRAME))
        line.listener.close()
        assert await reader.read() == b""
        assert line.pump.taps == ()
        assert line.gone == [False]


async def test_a_listener_who_does_not_read_is_let_go_of(tmp_path: Path) -> None:
    async with listening(tmp_path) as (line, reader, _):
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        sent = 0
        while not line.gone:
            line.frames(50)
            sent += 50 * len(FRAME)
            await asyncio.sleep(0)
            assert sent < 20 * MAX_WAITING_BYTES
        assert line.gone == [True]
        assert line.pump.taps == ()


async def test_a_listener_who_leaves(tmp_path: Path) -> None:
    async with listening(tmp_path) as (line, _, writer):
        writer.close()
        await asyncio.wait_for(line.left.wait(), 5)
        assert line.gone == [False]
        assert line.pump.taps == ()


async def test_nobody_is_there(tmp_path: Path) -> None:
    line = Line()
    with pytest.raises(OSError, match="No such file"):
        await line.listener.connect(tmp_path / "nobody.sock")
    line.listener.close()
    assert line.gone == [False]


async def test_a_listener_who_is_let_go_of_while_it_connects(tmp_path: Path) -> None:
    line = Line()
    line.listener.close()
    hung_up = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        hung_up.set()

    server = await asyncio.start_unix_server(serve, tmp_path / "a.sock")
    try:
        await line.listener.connect(tmp_path / "a.sock")
        await asyncio.wait_for(hung_up.wait(), 5)
    finally:
        server.close()
    assert line.pump.taps == ()
