"""One skill process from start to end, seen from the service."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voicebot.errors import SkillError
from voicebot.skills.worker import MAX_RESULT_BYTES

_PATIENCE_S = 2.0


class SkillProcess:
    """A process that runs one skill at a time.

    Args:
        folder: where the Python files are.
        home: the folder that the skills work in; made if it is not there.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        self._folder = folder
        self._home = home
        self._process: asyncio.subprocess.Process | None = None

    @property
    def alive(self) -> bool:
        """It was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Process id, 0 before the start."""
        return self._process.pid if self._process is not None else 0

    async def start(self) -> None:
        """Start it and wait until the files are imported.

        Raises:
            SkillError: a file cannot be imported.
        """
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voicebot.skills.worker", str(self._folder), str(self._home)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2 * MAX_RESULT_BYTES,
            start_new_session=True,  # Ctrl-C is for the service, which ends us in its own time
        )
        event = await self._event()
        if "failed" in event:
            raise SkillError(f"the skills in {self._folder} cannot be run: {event['failed']}")

    async def call(self, name: str, arguments: Mapping[str, object], limit_s: float) -> dict[str, Any]:
        """Run a skill; returns its ``result``, or an ``error`` with a ``message``.

        Raises:
            SkillError: the process went away.
        """
        assert self._process is not None, "the process was started"
        assert self._process.stdin is not None, "stdin is a pipe"
        order = {"skill": name, "arguments": dict(arguments), "limit_s": limit_s}
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            await self._process.stdin.drain()
        except ConnectionError as error:
            raise SkillError(f"the process of skill '{name}' went away") from error
        return await self._event()

    async def end(self, patience_s: float = _PATIENCE_S) -> None:
        """End it: by closing its stdin, and by force if that is not enough. 0: by force at once."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        over = asyncio.ensure_future(process.wait())
        try:
            await asyncio.wait({over}, timeout=patience_s)
        finally:
            if process.returncode is None:
                process.kill()
        await over

    async def _event(self) -> dict[str, Any]:
        assert self._process is not None, "the process was started"
        assert self._process.stdout is not None, "stdout is a pipe"
        line = await self._process.stdout.readline()
        if not line:
            raise SkillError(f"the process of the skills in {self._folder} ended")
        event: dict[str, Any] = json.loads(line)
        return event
