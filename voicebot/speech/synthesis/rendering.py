"""One text on its way to audio, with everybody who waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol

from voicebot.errors import SynthesisError
from voicebot.speech.pool import UrgencyPool
from voicebot.speech.synthesis.stopping import StopSwitch

logger = logging.getLogger(__name__)

LIVE = 0
"""Urgency of a text that a caller waits for."""
PRERENDER = 1
"""Urgency of a prompt rendered ahead of need."""

Pools = Mapping[int, UrgencyPool[bytes | None]]
"""Where the work of each urgency is done."""


class Clause(Protocol):
    """A clause to be spoken."""

    async def kept(self) -> bytes | None:
        """Return its PCM if it was rendered before."""
        ...

    def render(self) -> Iterator[bytes]:
        """Render it to pieces of PCM; blocks, is advanced in the threads of a pool, one step at a time."""
        ...

    def keep(self, pcm: bytes) -> None:
        """Take the whole PCM of what was rendered."""
        ...


class LiveTraffic:
    """Counts the renderings that callers wait for, so that prompts can stand back."""

    def __init__(self) -> None:
        self._count = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    def begin(self) -> None:
        """Note that one more live rendering is under way."""
        self._count += 1
        self._quiet.clear()

    def end(self) -> None:
        """Note that one is through."""
        self._count -= 1
        if not self._count:
            self._quiet.set()

    async def quiet(self) -> None:
        """Wait until no caller waits for anything."""
        while self._count:
            await self._quiet.wait()


class Rendering:
    """Renders clause after clause in a pool; every listener gets all pieces from the first.

    To be used from one event loop. The work is given up when nobody listens any more. It does not wait for
    the listeners: the next clause is rendered while the one before is played.

    Args:
        clauses: what to render.
        pools: where it runs.
        traffic: of all renderings in these pools.
        urgency: LIVE or PRERENDER.
    """

    def __init__(self, clauses: Sequence[Clause], pools: Pools, traffic: LiveTraffic, urgency: int) -> None:
        self._clauses = clauses
        self._pools = pools
        self._traffic = traffic
        self._urgency = urgency
        if urgency == LIVE:
            traffic.begin()
        self._pieces: list[bytes] = []
        self._error: SynthesisError | None = None
        self._ended = False
        self._listeners = 0
        self._news = asyncio.Event()
        self._turn: asyncio.Task[bytes | None] | None = None
        self._claim = threading.Lock()
        self._queue_again = False
        self._task = asyncio.get_running_loop().create_task(self._work(), name="rendering")
        # A task cancelled before its first step never reaches its own "finally".
        self._task.add_done_callback(lambda _: self._end())

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to come."""
        return self._ended

    async def listen(self, urgency: int) -> AsyncGenerator[bytes, None]:
        """Yield all pieces, those that are there and those to come.

        Raises:
            SynthesisError: a clause could not be spoken, or the service was closed.
        """
        self._listeners += 1
        self._hurry(urgency)
        position = 0
        try:
            while True:
                while position < len(self._pieces):
                    position += 1
                    yield self._pieces[position - 1]
                if self._ended:
                    break
                await self._news.wait()
            if self._error is not None:
                raise SynthesisError(self._error.message) from self._error
        finally:
            self._listeners -= 1
            if not self._listeners and not self._ended:
                self.give_up()

    def give_up(self) -> None:
        """Stop; who still listens gets an error. What a thread computes is stopped, too."""
        self._error = self._error or SynthesisError("the rendering was given up")
        self._task.cancel()
        self._end()

    async def wait_ended(self) -> None:
        """Wait until the task behind the rendering is through."""
        await asyncio.gather(self._task, return_exceptions=True)

    def _hurry(self, urgency: int) -> None:
        """Let a prompt that a caller waits for now overtake the other prompts."""
        if urgency >= self._urgency:
            return
        self._urgency = urgency
        if not self._ended:
            self._traffic.begin()
        # Whoever gets the claim: a step that a thread has begun must not begin in another one too.
        if self._turn is not None and self._claim.acquire(blocking=False):
            self._queue_again = True
            self._turn.cancel()

    async def _work(self) -> None:
        try:
            for clause in self._clauses:
                await self._speak(clause)
        except SynthesisError as error:
            self._error = error
        except Exception as error:
            self._error = SynthesisError(f"the text could not be spoken ({type(error).__name__})")
            self._error.__cause__ = error
            logger.error("a clause could not be rendered: %s", type(error).__name__)
            logger.debug("the trace of it", exc_info=True)  # may hold words of the conversation
        finally:
            self._end()

    async def _speak(self, clause: Clause) -> None:
        kept = await clause.kept()
        if kept is not None:
            self._add(kept)
            return
        steps = clause.render()
        before = len(self._pieces)
        while (piece := await self._take_step(steps)) is not None:
            self._add(piece)
        clause.keep(b"".join(self._pieces[before:]))

    def _add(self, piece: bytes) -> None:
        if piece:
            self._pieces.append(piece)
            self._tell()

    async def _take_step(self, steps: Iterator[bytes]) -> bytes | None:
        """Return the next piece of a clause, None behind its last."""
        while True:
            self._claim = threading.Lock()
            switch = StopSwitch()
            turn = self._take_turn(partial(self._in_thread, steps, self._claim, switch))
            self._turn = asyncio.get_running_loop().create_task(turn)
            # "wait" rather than "await the task": a turn cancelled by _hurry must not look like our own end.
            try:
                await asyncio.wait({self._turn})
            finally:
                if not self._turn.done():
                    switch.stop()
                    self._turn.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await self._turn
            if self._turn.cancelled() and self._queue_again:
                self._queue_again = False
                continue
            return self._turn.result()

    async def _take_turn(self, work: partial[bytes | None]) -> bytes | None:
        if self._urgency != LIVE:
            await self._traffic.quiet()
        return await self._pools[self._urgency].run(work, self._urgency)

    def _in_thread(self, steps: Iterator[bytes], claim: threading.Lock, switch: StopSwitch) -> bytes | None:
        if not claim.acquire(blocking=False):
            return None
        with switch.governing():
            return next(steps, None)

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        if self._urgency == LIVE:
            self._traffic.end()
        self._tell()
