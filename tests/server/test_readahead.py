from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from voicebot.server.readahead import MAX_READY, NotYet, ReadAhead


def soon(delay_s: float = 10.0) -> float:
    return asyncio.get_running_loop().time() + delay_s


class Source:
    """Gives numbers; waits before those in ``waits``; fails at ``fails``."""

    def __init__(self, count: int, *waits: int, fails: int = -1) -> None:
        self.go_on = asyncio.Event()
        self.given: list[int] = []
        self.closed = False
        self._count, self._waits, self._fails = count, waits, fails

    async def read(self) -> AsyncIterator[int]:
        try:
            for number in range(self._count):
                if number in self._waits:
                    await self.go_on.wait()
                if number == self._fails:
                    raise ValueError(number)
                self.given.append(number)
                yield number
        finally:
            self.closed = True


async def test_what_is_ready_together_is_taken_together() -> None:
    source = Source(5, 2)
    reading = ReadAhead(source.read())
    assert await reading.take(soon()) == [0, 1]
    waiting = asyncio.create_task(reading.take(soon()))
    await asyncio.sleep(0)
    assert not waiting.done()
    source.go_on.set()
    assert await waiting == [2, 3, 4]
    assert await reading.take(soon()) == []
    assert await reading.take(soon()) == []
    assert source.closed
    await reading.close()


async def test_a_deadline_loses_nothing() -> None:
    source = Source(2, 0)
    reading = ReadAhead(source.read())
    for _ in range(2):
        with pytest.raises(NotYet):
            await reading.take(soon(0.01))
    source.go_on.set()
    assert await reading.take(soon()) == [0, 1]
    await reading.close()


async def test_an_error_comes_after_what_came_before_it() -> None:
    reading = ReadAhead(Source(3, fails=2).read())
    assert await reading.take(soon()) == [0, 1]
    for _ in range(2):
        with pytest.raises(ValueError, match="2"):
            await reading.take(soon())
    await reading.close()


async def test_closing_stops_the_source_and_wakes_who_waits() -> None:
    source = Source(5, 3)
    reading = ReadAhead(source.read())
    assert await reading.take(soon()) == [0, 1, 2]
    waiting = asyncio.create_task(reading.take(soon()))
    await asyncio.sleep(0)
    await asyncio.gather(reading.close(), reading.close())
    assert source.closed
    assert await waiting == []
    await reading.close()


async def test_closing_before_the_first_step_wakes_who_waits() -> None:
    reading = ReadAhead(Source(5).read())
    waiting = asyncio.create_task(reading.take(soon()))
    closing = asyncio.create_task(reading.close())
    reading._task.cancel()
    assert await waiting == []
    await closing


async def test_a_source_that_was_never_asked_is_closed() -> None:
    source = Source(5)
    reading = ReadAhead(source.read())
    await reading.close()
    assert source.given == []
    assert await reading.take(soon()) == []


async def test_a_source_with_much_to_say_waits_for_its_reader() -> None:
    source = Source(10 * MAX_READY)
    reading = ReadAhead(source.read())
    taken = await reading.take(soon())
    await asyncio.sleep(0)
    assert len(source.given) <= 2 * MAX_READY
    while more := await reading.take(soon()):
        assert len(more) <= MAX_READY
        taken += more
    assert taken == list(range(10 * MAX_READY))
    await reading.close()
