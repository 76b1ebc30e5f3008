"""The body of an answer: bytes as they come, chunks as they are complete, within limits."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

import aiohttp

from voicebot.connectors.waiting import before
from voicebot.errors import BrainError, BrainTimeoutError, ProtocolError
from voicebot.protocol.chunk import Chunk, parse_packet
from voicebot.protocol.framing import FrameDecoder
from voicebot.protocol.lenient import LenientFields
from voicebot.settings.model import BrainSettings

logger = logging.getLogger(__name__)

# After the done chunk only the end of the body is missing; reading it keeps the connection usable.
_DRAIN_S = 0.2


class Body(Protocol):
    """Where the bytes come from; ``aiohttp.StreamReader`` is one."""

    async def readany(self) -> bytes:
        """Return what is there, b"" at the end."""
        ...

    def at_eof(self) -> bool:
        """Tell whether all of it was read."""
        ...


class AnswerReader:
    """Reads the chunks of one answer. What stands before something malformed is still delivered.

    Args:
        content: the body.
        settings: the limits.
    """

    def __init__(self, content: Body, settings: BrainSettings) -> None:
        self._content = content
        self._max_bytes = settings.max_answer_bytes
        self._decoder = FrameDecoder(settings.max_line_bytes)
        self._sequence = ChunkSequence()
        self._noted: set[str] = set()
        self._received = 0
        self._problem: BrainError | None = None

    async def read(self) -> list[Chunk]:
        """Return the next chunks, at least one; the last of all is ``done``.

        Raises:
            BrainError: the answer broke off, is malformed or longer than allowed.
        """
        while True:
            if self._problem is not None:
                raise self._problem
            chunks = self._decode(await self._receive())
            if chunks:
                return chunks

    async def drain(self) -> None:
        """Read the end of the body if it comes soon."""
        deadline = asyncio.get_running_loop().time() + _DRAIN_S
        try:
            while not self._content.at_eof():
                self._received += len(await before(self._content.readany(), deadline, "end"))
                if self._received > self._max_bytes:
                    return
        except (BrainTimeoutError, aiohttp.ClientError) as error:
            logger.debug("the body did not end after its done chunk (%s)", type(error).__name__)

    async def _receive(self) -> bytes:
        try:
            data = await self._content.readany()
        except aiohttp.ClientError as error:
            raise BrainError("the dialogue endpoint broke off in the middle of its answer") from error
        self._received += len(data)
        if self._received > self._max_bytes:
            raise BrainError(f"the answer of the dialogue endpoint is longer than {self._max_bytes} bytes")
        return data

    def _decode(self, data: bytes) -> list[Chunk]:
        """Return the chunks that are complete now; a problem behind them is kept for the next call."""
        chunks: list[Chunk] = []
        try:
            # Line by line, so that a broken one does not cost those before it.
            for line in data.splitlines(keepends=True) if data else [b""]:
                for packet in self._decoder.feed(line) if line else self._decoder.close():
                    chunks += self._sequence.accept(parse_packet(LenientFields(packet, noted=self._noted)))
                    if chunks and chunks[-1].done:
                        return chunks
        except ProtocolError as error:
            self._problem = BrainError(f"the dialogue endpoint answered wrongly: {error.message}")
        if not data and self._problem is None:
            self._problem = BrainError("the answer of the dialogue endpoint ended without its done chunk")
        return chunks


class ChunkSequence:
    """Watches the numbers of an answer's chunks: repeated chunks are dropped, odd numbers are only told."""

    def __init__(self) -> None:
        self._seen: dict[int, Chunk] = {}
        self._expected = 0
        self._told = False

    def accept(self, chunks: list[Chunk]) -> list[Chunk]:
        """Return the chunks that are new, up to the one that is done."""
        accepted: list[Chunk] = []
        for chunk in chunks:
            if self._is_repeated(chunk):
                logger.warning("chunk %d of the answer came twice, dropped", chunk.chunk_id)
                continue
            self._note(chunk)
            accepted.append(chunk)
            if chunk.done:
                break  # an answer has one end; whatever follows does not belong to it
        return accepted

    def _is_repeated(self, chunk: Chunk) -> bool:
        # The same number alone proves nothing: there are engines that number every chunk 0.
        before = self._seen.get(chunk.chunk_id)
        return before is not None and (before.done, before.reply, before.instructions) == (
            chunk.done,
            chunk.reply,
            chunk.instructions,
        )

    def _note(self, chunk: Chunk) -> None:
        if chunk.chunk_id != self._expected and not self._told:
            self._told = True
            logger.warning("chunk %d of the answer came where %d was due", chunk.chunk_id, self._expected)
        self._seen[chunk.chunk_id] = chunk
        self._expected = chunk.chunk_id + 1
