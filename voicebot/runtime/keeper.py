"""Keeps a child process alive: starts it, waits until it is ready, and starts it anew when it dies."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from voicebot.errors import VoicebotError
from voicebot.runtime.child import Child

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_STEADY_S = 30.0  # a child that lived this long starts its back-off anew


class Keeper:
    """One place for a child process, whichever process fills it.

    Args:
        name: for the log.
        make: builds the next child; told the callbacks for its events and its exit.
        greet: told of each fresh child, to send it its configuration.
        on_ready: told of the child's ``ready`` event.
        on_event: told of all other events.
        on_lost: told when a child died, before the next one is started.
        ready_s: how long a child may take to be ready.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[Callable[[dict[str, Any]], None], Callable[[int], None]], Child],
        greet: Callable[[Child], None],
        on_ready: Callable[[dict[str, Any]], None],
        on_event: Callable[[dict[str, Any]], None],
        on_lost: Callable[[], None],
        ready_s: float = 60.0,
    ) -> None:
        self.name = name
        self.child: Child | None = None
        self.restarts = 0
        self._make = make
        self._greet = greet
        self._on_ready = on_ready
        self._on_event = on_event
        self._on_lost = on_lost
        self._ready_s = ready_s
        self._ready: asyncio.Future[None] | None = None
        self._gone = asyncio.Event()
        self._failure = ""
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Start the first child and wait until it is ready.

        Raises:
            VoicebotError: it did not get ready; the message is the child's own if it gave one.
        """
        await self._launch()
        self._task = asyncio.create_task(self._watch(), name=f"keep-{self.name}")

    async def stop(self) -> None:
        """Stop the child and keep it stopped."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self.child is not None:
            await self.child.stop()

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the child, if there is one."""
        if self.child is not None:
            self.child.send(message)

    async def _launch(self) -> None:
        self._gone.clear()
        self._failure = ""
        self._ready = asyncio.get_running_loop().create_future()
        self.child = self._make(self._event, self._exited)
        await self.child.start()
        self._greet(self.child)
        # Not wait_for: before Python 3.12 it can swallow a cancellation that comes as the future is done.
        await asyncio.wait({self._ready}, timeout=self._ready_s)
        if not self._ready.done():
            self.child.kill()
            raise VoicebotError(f"{self.name} did not get ready within {self._ready_s:.0f} s")
        self._ready.result()

    async def _watch(self) -> None:
        pause_s, born_s = _FIRST_PAUSE_S, time.monotonic()
        while True:
            await self._gone.wait()
            if time.monotonic() - born_s > _STEADY_S:
                pause_s = _FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            self.restarts += 1
            born_s = time.monotonic()
            try:
                await self._launch()
                logger.info("%s is back", self.name)
            except VoicebotError as error:
                logger.error("%s could not be started again: %s", self.name, error.message)
                self._gone.set()

    def _event(self, event: dict[str, Any]) -> None:
        kind = event.get("event")
        if kind == "failed":
            self._failure = str(event.get("message", ""))
        elif kind == "ready":
            self._on_ready(event)
            if self._ready is not None and not self._ready.done():
                self._ready.set_result(None)
        else:
            self._on_event(event)

    def _exited(self, code: int) -> None:
        if self._ready is not None and not self._ready.done():
            reason = self._failure or f"it ended with code {code} before it was ready"
            self._ready.set_exception(VoicebotError(f"{self.name}: {reason}"))
        elif not self._stopping:
            logger.error("%s died (code %d) and is replaced", self.name, code)
        self._on_lost()
        self._gone.set()
