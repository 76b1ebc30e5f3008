"""A child process that speaks JSON lines: messages in on its stdin, events out on its stdout.

The child's stderr is ours, so its log lines join ours. A child ends when its stdin closes: if we are
killed, none is left behind.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

logger = logging.getLogger(__name__)

_MAX_LINE_BYTES = 4 * 1024 * 1024
# The arrays of a call are small: a second thread costs numpy's products more than it brings, and others the core.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}


class Child:
    """One child process from start to end.

    Args:
        name: for the log.
        module: the Python module to run.
        arguments: its command-line arguments.
        on_event: told of each JSON object that the child prints.
        on_exit: told once when the process is gone, with its exit code (negative: a signal).
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        on_event: Callable[[dict[str, Any]], None],
        on_exit: Callable[[int], None],
    ) -> None:
        self.name = name
        self._command = [sys.executable, "-m", module, *arguments]
        self._on_event = on_event
        self._on_exit = on_exit
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Process id, 0 before the start."""
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        """Start the process."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_MAX_LINE_BYTES,
            start_new_session=True,  # Ctrl-C is for us: we stop the children in the right order
            env={**os.environ, **_ENVIRONMENT},
        )
        self._reader = asyncio.create_task(self._read(), name=f"child-{self.name}")

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message; lost without a word if the child is gone, which ``on_exit`` tells."""
        stdin = self._process.stdin if self._process else None
        if stdin is not None and not stdin.is_closing():
            stdin.write(json.dumps(message).encode() + b"\n")

    async def stop(self, patience_s: float = 10.0) -> None:
        """Close the child's stdin, wait, and kill it if it does not end by itself."""
        if self._process is None or self._reader is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(asyncio.shield(self._reader), patience_s)
        except asyncio.TimeoutError:
            logger.warning("%s did not stop within %.0f s and is killed", self.name, patience_s)
            self.kill()
            await self._reader

    def kill(self) -> None:
        """Kill the process at once."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _read(self) -> None:
        assert self._process is not None, "the process was started before its reader"
        assert self._process.stdout is not None, "stdout is a pipe"
        async for line in self._process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                # A library below that prints (pjsip does on an assertion): keep what it says.
                logger.warning("%s: %s", self.name, line.decode(errors="replace").rstrip())
                continue
            self._deliver(event)
        code = await self._process.wait()
        self._on_exit(code)

    def _deliver(self, event: dict[str, Any]) -> None:
        try:
            self._on_event(event)
        except Exception:
            logger.exception("an event of %s could not be handled", self.name)
