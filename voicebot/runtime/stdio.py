"""The child's side of the pipe: lines in from the supervisor, events out to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import stat
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any


def report(event: str, facts: Mapping[str, Any]) -> None:
    """Tell the supervisor something, as one JSON line; nobody hears it once the supervisor is gone."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
        sys.stdout.flush()


async def stdin_lines() -> AsyncIterator[bytes]:
    """Yield the lines of stdin; ends when the supervisor closes it or dies."""
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        # Started by hand from a file or /dev/null, which the event loop cannot watch.
        while line := await asyncio.to_thread(sys.stdin.buffer.readline):
            yield line
        return
    reader = asyncio.StreamReader(limit=4 * 1024 * 1024)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while line := await reader.readline():
            yield line
    finally:
        transport.close()
