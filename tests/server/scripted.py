"""A brain that says what a test tells it to, when the test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from voicebot.protocol import Chunk, Instruction, Query, Reply


class Pause:
    """A place in a script where the brain thinks until ``over`` is set."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.reached = asyncio.Event()


Step = Chunk | Pause | Exception


class ScriptedBrain:
    """Follows one script for each query, the last one over and over.

    Attributes:
        queries: what it was asked.
        handed_out: the chunks that were taken from it, in order.
        closed: set whenever an answer was given up before its end.
        running: answers that are being given right now.
    """

    def __init__(self, *scripts: Sequence[Step]) -> None:
        self.queries: list[Query] = []
        self.handed_out: list[Chunk] = []
        self.closed = asyncio.Event()
        self.closed_at_s = 0.0
        self.running = 0
        self._scripts = scripts

    async def ask(self, query: Query) -> AsyncIterator[Chunk]:
        script = self._scripts[min(len(self.queries), len(self._scripts) - 1)]
        self.queries.append(query)
        self.running += 1
        try:
            for step in script:
                if isinstance(step, Pause):
                    step.reached.set()
                    await step.over.wait()
                elif isinstance(step, Exception):
                    raise step
                else:
                    self.handed_out.append(step)
                    yield step
        except (asyncio.CancelledError, GeneratorExit):
            self.closed_at_s = asyncio.get_running_loop().time()
            self.closed.set()
            raise
        finally:
            self.running -= 1


def say(text: str, session_id: str = "s") -> Chunk:
    """Return a chunk with a sentence."""
    return Chunk(session_id, "q", 0, reply=Reply(text))


def done(*instructions: Instruction, session_id: str = "s") -> Chunk:
    """Return a done chunk."""
    return Chunk(session_id, "q", 0, done=True, reply=Reply(""), instructions=instructions)
