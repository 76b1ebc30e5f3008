"""Writes things down in the database one after the other, and again until it works."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from voicebot.errors import StorageError

logger = logging.getLogger(__name__)

_RETRY_S = 1.0


class Notes:
    """A queue of steps that block, carried out in a thread in the order in which they came."""

    def __init__(self) -> None:
        self._steps: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
        self._running: asyncio.Task[None] | None = None

    def write(self, step: Callable[[], Any]) -> asyncio.Future[Any]:
        """Carry out a step as soon as may be; the future has what it returns.

        A step that the database does not let through is tried again, and those behind it wait.
        """
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._steps.append((step, done))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run(), name="note-calls")
        return done

    async def close(self, patience_s: float) -> int:
        """Wait until everything is written, but not forever; return how many steps were not."""
        if self._running is not None:
            await asyncio.wait({self._running}, timeout=patience_s)
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        return len(self._steps)

    async def _run(self) -> None:
        failing = False
        while self._steps:
            step, done = self._steps[0]
            try:
                value = await asyncio.to_thread(step)
            except StorageError as error:
                if not failing:
                    logger.error("how calls ended is noted later: %s", error.message)
                failing = True
                await asyncio.sleep(_RETRY_S)
                continue
            except Exception as error:
                logger.exception("how a call ended could not be noted")
                self._finish(done, error)
            else:
                self._finish(done, None, value)
            failing = False
            self._steps.popleft()

    @staticmethod
    def _finish(done: asyncio.Future[Any], error: Exception | None, value: Any = None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(value)
        else:
            done.set_exception(error)
            done.exception()  # seen: whoever does not wait for it need not be told again
