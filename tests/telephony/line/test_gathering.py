from __future__ import annotations

import asyncio
import threading

from telephony.line.gathering import Gathering, gathering_of


async def test_all_that_a_tick_brings_is_done_in_one_go_and_in_order() -> None:
    loop, done, told = asyncio.get_running_loop(), asyncio.Event(), 0
    gathering, order = gathering_of(loop), []

    class Counting(Gathering):
        def _wait(self) -> None:
            nonlocal told
            told += 1
            super()._wait()

    gathering = Counting(loop)

    def tick() -> None:
        for number in range(50):
            gathering.add(lambda number=number: order.append(number))  # type: ignore[misc]
        gathering.add(done.set)

    thread = threading.Thread(target=tick)
    thread.start()
    thread.join()
    await asyncio.wait_for(done.wait(), 5)
    assert order == list(range(50))
    assert told == 1


async def test_what_is_added_meanwhile_is_done_as_well() -> None:
    gathering, done = gathering_of(asyncio.get_running_loop()), asyncio.Event()
    gathering.add(lambda: gathering.add(done.set))
    await asyncio.wait_for(done.wait(), 5)


async def test_calls_of_a_loop_share_one() -> None:
    loop = asyncio.get_running_loop()
    assert gathering_of(loop) is gathering_of(loop)
