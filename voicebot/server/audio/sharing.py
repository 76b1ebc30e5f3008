"""One source of bytes for many listeners."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine

from voicebot.errors import SynthesisError
from voicebot.server.closing import closing_iterator

Spawn = Callable[[Coroutine[None, None, None]], "asyncio.Task[None]"]
"""Starts a task and holds it until it is through."""


class SharedStream:
    """Every listener gets all pieces from the first on, however late it comes.

    The source is read from the first listener on, and given up at once when the last one leaves before its end.
    It does not wait for slow listeners: they read from the same pieces, and hold nothing of their own.
    To be used from one event loop.

    Args:
        source: begins to make the pieces.
        spawn: starts the task that reads it.
        on_left: called each time the last listener has left.
    """

    def __init__(self, source: Callable[[], AsyncIterator[bytes]], spawn: Spawn, on_left: Callable[[], None]) -> None:
        self._source = source
        self._spawn = spawn
        self._on_left = on_left
        self._pieces: list[bytes] = []
        self._listeners = 0
        self._ended = False
        self._error: Exception | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether more is to come."""
        return not self._ended

    @property
    def failed(self) -> bool:
        """Whether it ended with an error, or was given up."""
        return self._error is not None

    def listen(self) -> Listener:
        """Join. The listener counts from now on, until it is closed."""
        self._listeners += 1
        if self._task is None:
            self._task = self._spawn(self._read())
        return Listener(self)

    async def piece(self, position: int) -> bytes | None:
        """Wait for a piece and return it, None behind the last one.

        Raises:
            Exception: what the source raised, or SynthesisError if it was given up.
        """
        while position >= len(self._pieces):
            if self._error is not None:
                raise self._error
            if self._ended:
                return None
            await self._news.wait()
        return self._pieces[position]

    def leave(self) -> None:
        """Take a listener off."""
        self._listeners -= 1
        if self._listeners:
            return
        if not self._ended and self._task is not None:
            self._end(SynthesisError("nobody listens any more"))
            self._task.cancel()
        self._on_left()

    async def _read(self) -> None:
        try:
            async with closing_iterator(self._source()) as pieces:
                async for piece in pieces:
                    if piece:
                        self._pieces.append(piece)
                        self._tell()
        except asyncio.CancelledError:
            self._end(SynthesisError("the rendering was given up"))
            raise
        except Exception as error:  # belongs to those who listen
            self._end(error)
        else:
            self._end(None)

    def _end(self, error: Exception | None) -> None:
        if not self._ended:
            self._ended, self._error = True, error
            self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Listener:
    """One who listens to a shared stream: an async iterator over its pieces, to be closed."""

    def __init__(self, stream: SharedStream) -> None:
        self._stream: SharedStream | None = stream
        self._position = 0

    def __aiter__(self) -> Listener:
        return self

    async def __anext__(self) -> bytes:
        if self._stream is None:
            raise StopAsyncIteration
        piece = await self._stream.piece(self._position)
        if piece is None:
            raise StopAsyncIteration
        self._position += 1
        return piece

    def close(self) -> None:
        """Leave."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.leave()
