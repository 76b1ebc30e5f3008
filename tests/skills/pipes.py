"""Named pipes between a test and a skill: what happens when is decided by what is written, not by the clock."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path


class Pipe:
    """A named pipe that is open on our side, so that neither side ever waits for the other to open it."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def __str__(self) -> str:
        return str(self.path)

    def write(self, text: str) -> None:
        """Write a line."""
        os.write(self._file, text.encode() + b"\n")

    async def read(self) -> str:
        """Wait for a line and return it."""
        loop = asyncio.get_running_loop()
        written = asyncio.Event()
        loop.add_reader(self._file, written.set)
        try:
            await written.wait()
        finally:
            loop.remove_reader(self._file)
        return os.read(self._file, 1000).decode().strip()

    def close(self) -> None:
        """Close our side."""
        os.close(self._file)
