from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import closing

import pytest

from voicebot.errors import SynthesisError
from voicebot.server.audio.sharing import Listener, SharedStream


class Source:
    """Pieces that the test hands over, None for the end; an exception is raised."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self.started = 0
        self.closed = asyncio.Event()

    async def read(self) -> AsyncIterator[bytes]:
        self.started += 1
        try:
            while (piece := await self.pieces.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            self.closed.set()

    def tell(self, *pieces: bytes | Exception | None) -> None:
        for piece in pieces:
            self.pieces.put_nowait(piece)


class Shared:
    def __init__(self) -> None:
        self.source = Source()
        self.tasks: list[asyncio.Task[None]] = []
        self.times_left = 0
        self.stream = SharedStream(self.source.read, self._spawn, self._left)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        self.tasks.append(asyncio.get_running_loop().create_task(work))
        return self.tasks[-1]

    def _left(self) -> None:
        self.times_left += 1


async def all_of(listener: Listener) -> bytes:
    with closing(listener):
        return b"".join([piece async for piece in listener])


async def test_everybody_gets_everything_however_late() -> None:
    shared = Shared()
    early = shared.stream.listen()
    shared.source.tell(b"a", b"", b"b")
    assert [await early.__anext__(), await early.__anext__()] == [b"a", b"b"]
    late = shared.stream.listen()
    shared.source.tell(b"c", None)
    assert await all_of(late) == b"abc"
    assert not shared.stream.running
    very_late = shared.stream.listen()
    assert await all_of(early) == b"c"
    assert await all_of(very_late) == b"abc"
    assert shared.source.started == len(shared.tasks) == 1
    assert shared.times_left == 1
    assert not shared.stream.failed


async def test_nothing_is_read_before_somebody_listens() -> None:
    shared = Shared()
    await asyncio.sleep(0)
    assert shared.tasks == []


async def test_the_source_stops_when_the_last_one_leaves() -> None:
    shared = Shared()
    one, other = shared.stream.listen(), shared.stream.listen()
    shared.source.tell(b"a")
    await one.__anext__()
    one.close()
    one.close()
    assert shared.stream.running
    assert await other.__anext__() == b"a"
    other.close()
    assert shared.stream.failed
    assert shared.times_left == 1
    await asyncio.wait(shared.tasks)
    assert shared.source.closed.is_set()
    assert shared.tasks[0].cancelled()


async def test_one_who_leaves_before_anything_was_read() -> None:
    shared = Shared()
    shared.stream.listen().close()
    await asyncio.wait(shared.tasks)
    assert (shared.source.started, shared.stream.running, shared.times_left) == (0, False, 1)


async def test_a_source_that_fails_fails_for_all_behind_what_was_there() -> None:
    shared = Shared()
    one, other = shared.stream.listen(), shared.stream.listen()
    shared.source.tell(b"a", SynthesisError("no voice"))
    for listener in (one, other):
        assert await listener.__anext__() == b"a"
        with pytest.raises(SynthesisError, match="no voice"):
            await listener.__anext__()
        listener.close()
    assert shared.stream.failed


async def test_a_listener_that_waits_while_the_stream_is_given_up_is_told() -> None:
    shared = Shared()
    waiting = asyncio.ensure_future(all_of(shared.stream.listen()))
    shared.source.tell(b"a")
    await asyncio.sleep(0)
    shared.tasks[0].cancel()
    with pytest.raises(SynthesisError):
        await waiting


async def test_a_closed_listener_is_at_its_end() -> None:
    shared = Shared()
    listener = shared.stream.listen()
    listener.close()
    with pytest.raises(StopAsyncIteration):
        await listener.__anext__()
