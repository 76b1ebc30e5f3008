from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from voicebot.speech.pool import UrgencyPool


class Jobs:
    """Blocking work that begins when a thread takes it and ends when the test says so."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._gates: dict[str, threading.Event] = {}
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()

    def job(self, name: str) -> Callable[[], str]:
        gate = self._gates[name] = threading.Event()

        def work() -> str:
            self.begun.append(name)
            self._loop.call_soon_threadsafe(self._news.set)
            assert gate.wait(10)
            return name

        return work

    def finish(self, *names: str) -> None:
        for name in names:
            self._gates[name].set()

    async def until_begun(self, count: int) -> None:
        while len(self.begun) < count:
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 10)


@pytest.fixture
async def pool() -> AsyncIterator[UrgencyPool[str]]:
    pool: UrgencyPool[str] = UrgencyPool(1, "test")
    yield pool
    await pool.close()


@pytest.fixture
async def jobs() -> Jobs:
    return Jobs()


async def test_urgent_work_overtakes_what_waits(pool: UrgencyPool[str], jobs: Jobs) -> None:
    tasks = [
        asyncio.create_task(pool.run(jobs.job(name), urgency))
        for name, urgency in (("first", 1), ("later", 1), ("last", 1), ("urgent", 0))
    ]
    await jobs.until_begun(1)
    assert pool.stats.waiting == 3
    jobs.finish("first", "later", "last", "urgent")
    assert await asyncio.gather(*tasks) == ["first", "later", "last", "urgent"]
    assert jobs.begun == ["first", "urgent", "later", "last"]


async def test_promoted_work_overtakes_what_waits(pool: UrgencyPool[str], jobs: Jobs) -> None:
    names = ("running", "guess", "other guess", "preview")
    urgencies = (0, 1, 1, 2)
    tasks = [
        asyncio.create_task(pool.run(jobs.job(name), urgency, name))
        for name, urgency in zip(names, urgencies, strict=True)
    ]
    await jobs.until_begun(1)
    pool.promote("other guess", 0)
    pool.promote("nobody", 0)
    pool.promote("guess", 2)  # never down
    jobs.finish(*names)
    await asyncio.gather(*tasks)
    assert jobs.begun == ["running", "other guess", "guess", "preview"]


async def test_cancelled_work_that_waits_never_begins(pool: UrgencyPool[str], jobs: Jobs) -> None:
    running = asyncio.create_task(pool.run(jobs.job("running"), 0))
    waiting = asyncio.create_task(pool.run(jobs.job("waiting"), 0))
    await jobs.until_begun(1)
    waiting.cancel()
    jobs.finish("running")
    assert await running == "running"
    with pytest.raises(asyncio.CancelledError):
        await waiting
    jobs.finish("waiting")
    after = jobs.job("after")
    jobs.finish("after")
    assert await pool.run(after, 0) == "after"
    assert jobs.begun == ["running", "after"]
    assert pool.stats.dropped == 1


async def test_a_thread_stays_taken_until_cancelled_work_is_through(pool: UrgencyPool[str], jobs: Jobs) -> None:
    running = asyncio.create_task(pool.run(jobs.job("running"), 0))
    await jobs.until_begun(1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert pool.stats.running == 1
    after = asyncio.create_task(pool.run(jobs.job("after"), 0))
    jobs.finish("running", "after")
    assert await after == "after"


async def test_a_slot_handed_to_a_waiter_that_is_cancelled_at_once_is_not_lost(
    pool: UrgencyPool[str], jobs: Jobs
) -> None:
    running = asyncio.create_task(pool.run(jobs.job("running"), 0))
    waiting = asyncio.create_task(pool.run(jobs.job("waiting"), 0))
    await jobs.until_begun(1)
    # The slot is given in a callback of the loop; cancelling in the one right behind it hits the gap.
    release = pool._release

    def release_and_cancel(ended: object) -> None:
        release(ended)  # type: ignore[arg-type]
        waiting.cancel()

    pool._release = release_and_cancel  # type: ignore[method-assign]
    jobs.finish("running", "waiting")
    assert await running == "running"
    with pytest.raises(asyncio.CancelledError):
        await waiting
    pool._release = release  # type: ignore[method-assign]
    after = jobs.job("after")
    jobs.finish("after")
    assert await asyncio.wait_for(pool.run(after, 0), 5) == "after"


async def test_errors_come_back_and_free_the_thread(pool: UrgencyPool[str], jobs: Jobs) -> None:
    def fail() -> str:
        raise LookupError("no")

    with pytest.raises(LookupError):
        await pool.run(fail, 0)
    after = jobs.job("after")
    jobs.finish("after")
    assert await pool.run(after, 0) == "after"


async def test_closing_gives_up_what_waits_and_takes_no_more(jobs: Jobs) -> None:
    pool: UrgencyPool[str] = UrgencyPool(1, "test")
    running = asyncio.create_task(pool.run(jobs.job("running"), 0))
    waiting = asyncio.create_task(pool.run(jobs.job("waiting"), 0))
    await jobs.until_begun(1)
    jobs.finish("running")
    await pool.close()
    assert await running == "running"
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(RuntimeError, match="closed"):
        await pool.run(jobs.job("late"), 0)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority of their own on Linux only")
async def test_the_threads_of_a_pool_can_be_nicer_than_the_process() -> None:
    pool: UrgencyPool[int] = UrgencyPool(1, "nice", niceness=5)
    own = os.nice(0)

    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert await pool.run(niceness, 0) == min(19, own + 5)
    assert os.nice(0) == own
    await pool.close()
