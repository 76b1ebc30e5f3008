"""Somebody who listens to a call over HTTP: its audio goes through a Unix socket to the main process.

Frames come on the media clock's thread and leave from the event loop. A listener who does not keep up is let go of: the
call never waits for anybody.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from telephony.line.pump import FramePump
from telephony.line.recorder import interleave

MAX_WAITING_BYTES = 256 * 1024
"""Four seconds at 16 kHz, beside what the operating system holds."""


class Listener:
    """One listener.

    Args:
        pump: the audio of the call.
        hidden: whether nobody is to hear the call right now.
        on_gone: told once when the listener is gone, and whether it was too slow.
    """

    def __init__(self, pump: FramePump, hidden: Callable[[], bool], on_gone: Callable[[Listener, bool], None]) -> None:
        self._pump = pump
        self._hidden = hidden
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._writer: asyncio.StreamWriter | None = None
        self._watching: asyncio.Task[None] | None = None
        self._closed = False

    async def connect(self, path: Path) -> None:
        """Send the call's audio to a socket from now on: 16 bit, stereo, the caller left and the bot right.

        Raises:
            OSError: nobody listens there.
        """
        reader, self._writer = await asyncio.open_unix_connection(path)
        if self._closed:
            self._writer.close()
            return
        self._watching = self._loop.create_task(self._watch(reader), name="listener")
        self._pump.taps = (*self._pump.taps, self._tap)

    def close(self, *, slow: bool = False) -> None:
        """Let the listener go. What it has not read yet is still sent, unless it was too slow."""
        if self._closed:
            return
        self._closed = True
        self._pump.taps = tuple(tap for tap in self._pump.taps if tap != self._tap)
        if self._watching is not None:
            self._watching.cancel()
        if self._writer is not None:
            if slow:
                self._writer.transport.abort()
            self._writer.close()
        self._on_gone(self, slow)

    def _tap(self, caller: bytes, heard: bytes) -> None:
        """Take a frame of each side, on the media clock's thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._send, caller, heard)

    def _send(self, caller: bytes, heard: bytes) -> None:
        if self._closed or self._writer is None:
            return
        if self._writer.transport.get_write_buffer_size() > MAX_WAITING_BYTES:
            self.close(slow=True)
            return
        self._writer.write(bytes(2 * len(caller)) if self._hidden() else interleave(caller, heard))

    async def _watch(self, reader: asyncio.StreamReader) -> None:
        """Wait until the other end is gone; it never sends anything."""
        with contextlib.suppress(ConnectionError):
            await reader.read()
        self._watching = None
        self.close()
