from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from tests.server.scripted import Pause, ScriptedBrain, say
from voicebot.protocol import Chunk, Query
from voicebot.server.turns import Turn, Turns


class Rings:
    """Queries of one session, each in a task of its own, that run until they are told to end."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.begun: list[str] = []
        self._go_on = asyncio.Event()

    def start(self, name: str, chunks: AsyncIterator[Chunk] | None = None) -> asyncio.Task[Turn]:
        async def run() -> Turn:
            async with self.turns.enter("bot", "s") as turn:
                self.begun.append(name)
                if chunks is not None and not turn.superseded:
                    turn.read(chunks)
                await self._go_on.wait()
            return turn

        return asyncio.create_task(run(), name=name)

    def end(self) -> None:
        self._go_on.set()


async def settle() -> None:
    """Let everything run that can run."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_next_begins_when_the_brain_has_stopped_for_the_one_before() -> None:
    rings, pause = Rings(), Pause()
    brain = ScriptedBrain([say("a"), pause])
    first = rings.start("first", brain.ask(Query()))
    await pause.reached.wait()
    second = rings.start("second")
    await brain.closed.wait()
    await settle()
    assert rings.begun == ["first", "second"]  # the first itself may still be busy with its connection
    rings.end()
    assert (await first).superseded
    assert not (await second).superseded
    assert len(rings.turns) == 0


async def test_who_is_superseded_while_it_waits_lets_the_next_wait_for_both() -> None:
    rings = Rings()
    first = rings.start("first")  # has begun, and reads nothing yet
    await settle()
    second, third = rings.start("second"), rings.start("third")
    await settle()
    assert rings.begun == ["first"]
    rings.end()
    turns = [await task for task in (first, second, third)]
    assert [turn.superseded for turn in turns] == [True, True, False]
    assert rings.begun == ["first", "second", "third"]
    assert len(rings.turns) == 0


async def test_who_gives_up_while_it_waits_holds_nobody_up() -> None:
    rings = Rings()
    first = rings.start("first")
    await settle()
    second = rings.start("second")
    await settle()
    second.cancel()
    await asyncio.wait({second})
    third = rings.start("third")
    await settle()
    assert rings.begun == ["first", "third"]
    rings.end()
    await asyncio.gather(first, third)
    assert len(rings.turns) == 0


async def test_sessions_and_bots_do_not_mix() -> None:
    turns = Turns()
    async with turns.enter("bot", "s") as one, turns.enter("bot", "t") as two, turns.enter("other", "s") as three:
        assert len(turns) == 3
        assert [turn.superseded for turn in (one, two, three)] == [False] * 3
    assert len(turns) == 0
