"""One text on its way to audio, with everybody who waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable
from functools import partial

from voicebot.errors import SynthesisError
from voicebot.speech.recognition.pool import UrgencyPool

LIVE = 0
"""Urgency of a text that a caller waits for."""
PRERENDER = 1
"""Urgency of a prompt rendered ahead of need."""


class Rendering:
    """Renders clause after clause in a pool; every listener gets all pieces from the first.

    To be used from one event loop. The work is given up when nobody listens any more.

    Args:
        clauses: what to render.
        render: one clause to PCM; blocks, runs in the pool.
        pool: where it runs.
        urgency: LIVE or PRERENDER.
        on_end: called once, with the whole PCM, or None if it failed or was given up.
    """

    def __init__(
        self,
        clauses: list[str],
        render: Callable[[str], bytes],
        pool: UrgencyPool[bytes],
        urgency: int,
        on_end: Callable[[bytes | None], None],
    ) -> None:
        self._clauses = clauses
        self._render = render
        self._pool = pool
        self._urgency = urgency
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
        finally:
            self._end(None)

    async def _render_clause(self, clause: str) -> bytes:
        while True:
            self._turn_started = threading.Event()
            work = partial(self._in_thread, clause, self._turn_started)
            self._turn = asyncio.get_running_loop().create_task(self._pool.run(work, self._urgency))
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
        self._on_end(pcm)
        self._tell()
