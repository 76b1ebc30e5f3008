"""One text on its way to audio, with everybody who waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncGenerator, Callable
from functools import partial

from voicebot.errors import SynthesisError
from voicebot.speech.recognition.pool import UrgencyPool

logger = logging.getLogger(__name__)

LIVE = 0
"""Urgency of a text that a caller waits for."""
PRERENDER = 1
"""Urgency of a prompt rendered ahead of need."""


class LiveTraffic:
    """Counts the renderings that callers wait for, so that prompts can stand back.

    The pool's order alone is not enough: between two clauses of a live text nothing of it waits there.
    """

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

    To be used from one event loop. The work is given up when nobody listens any more.

    Args:
        clauses: what to render.
        render: one clause to PCM; blocks, runs in the pool.
        pool: where it runs.
        traffic: of all renderings in this pool.
        urgency: LIVE or PRERENDER.
        on_end: called once, with the whole PCM, or None if it failed or was given up.
    """

    def __init__(
        self,
        clauses: list[str],
        render: Callable[[str], bytes],
        pool: UrgencyPool[bytes],
        traffic: LiveTraffic,
        urgency: int,
        on_end: Callable[[bytes | None], None],
    ) -> None:
        self._clauses = clauses
        self._render = render
        self._pool = pool
        self._traffic = traffic
        self._urgency = urgency
        if urgency == LIVE:
            traffic.begin()
        self._on_end = on_end
        self._pieces: list[bytes] = []
        self._error: SynthesisError | None = None
        self._ended = False
        self._listeners = 0
        self._news = asyncio.Event()
        self._turn: asyncio.Task[bytes] | None = None
        self._turn_started = threading.Event()
        self._queue_again = False
        self._task = asyncio.get_running_loop().create_task(self._work(), name="rendering")
        # A task cancelled before its first step never reaches its own "finally".
        self._task.add_done_callback(lambda _: self._end(None))

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
        """Stop; who still listens gets an error. A clause that is in a thread is finished there, for nothing."""
        self._error = self._error or SynthesisError("the rendering was given up")
        self._task.cancel()
        self._end(None)

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
        if self._turn is not None and not self._turn_started.is_set():
            self._queue_again = True
            self._turn.cancel()

    async def _work(self) -> None:
        try:
            for clause in self._clauses:
                piece = await self._render_clause(clause)
                if piece:
                    self._pieces.append(piece)
                    self._tell()
            self._end(b"".join(self._pieces))
        except SynthesisError as error:
            self._error = error
        except Exception as error:
            self._error = SynthesisError(f"the text could not be spoken ({type(error).__name__})")
            self._error.__cause__ = error
            logger.error("a clause could not be rendered: %s", type(error).__name__)
            logger.debug("the trace of it", exc_info=True)  # may hold words of the conversation
        finally:
            self._end(None)

    async def _render_clause(self, clause: str) -> bytes:
        while True:
            self._turn_started = threading.Event()
            turn = self._take_turn(partial(self._in_thread, clause, self._turn_started))
            self._turn = asyncio.get_running_loop().create_task(turn)
            # "wait" rather than "await the task": a turn cancelled by _hurry must not look like our own end.
            try:
                await asyncio.wait({self._turn})
            finally:
                if not self._turn.done():
                    self._turn.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await self._turn
            if self._turn.cancelled() and self._queue_again:
                self._queue_again = False
                continue
            return self._turn.result()

    async def _take_turn(self, work: Callable[[], bytes]) -> bytes:
        if self._urgency != LIVE:
            await self._traffic.quiet()
        return await self._pool.run(work, self._urgency)

    def _in_thread(self, clause: str, started: threading.Event) -> bytes:
        started.set()
        return self._render(clause)

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _end(self, pcm: bytes | None) -> None:
        if self._ended:
            return
        self._ended = True
        if self._urgency == LIVE:
            self._traffic.end()
        self._on_end(pcm)
        self._tell()
