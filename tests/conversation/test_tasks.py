from __future__ import annotations

import asyncio

from voicebot.conversation.tasks import CallTasks


class Work:
    """Something that takes until it is told to end."""

    def __init__(self) -> None:
        self.state = "new"
        self.go_on = asyncio.Event()

    async def run(self) -> None:
        self.state = "running"
        try:
            await self.go_on.wait()
            self.state = "done"
        except asyncio.CancelledError:
            self.state = "cancelled"
            raise


async def passing() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_task_takes_the_place_of_the_one_of_its_name() -> None:
    tasks, first, second, other = CallTasks("call"), Work(), Work(), Work()
    for name, work in (("ask", first), ("transfer", other), ("ask", second)):
        tasks.start(name, work.run())
        await passing()
    assert [first.state, second.state, other.state] == ["cancelled", "running", "running"]
    tasks.cancel("ask")
    await passing()
    assert [second.state, other.state] == ["cancelled", "running"]
    await asyncio.gather(*tasks.cancel_all(), return_exceptions=True)
    assert other.state == "cancelled"


async def test_what_is_done_is_not_held_any_longer() -> None:
    tasks, work = CallTasks("call"), Work()
    tasks.start("ask", work.run())
    await passing()
    work.go_on.set()
    await passing()
    assert (work.state, tasks.cancel_all()) == ("done", [])


async def test_a_task_may_ask_for_its_own_end_and_goes_on() -> None:
    tasks, ended = CallTasks("call"), asyncio.Event()

    async def told() -> None:
        tasks.cancel("ask")
        await asyncio.sleep(0)
        ended.set()

    tasks.start("ask", told())
    await passing()
    assert ended.is_set()
