"""The worker's side of the socket: takes requests of many clients and lets ears and mouth work on them."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from voicebot.errors import SpeechError
from voicebot.speech.types import (
    AudioFetcher,
    AudioRequest,
    Recogniser,
    SpeechRequest,
    Synthesiser,
    Transcript,
    TranscriptionRequest,
    TurnEndModel,
    TurnEndRequest,
    WordEnds,
)
from voicebot.speech.worker.wire import Message, WireError, error_fields, read_message

logger = logging.getLogger(__name__)


class Mouth(Synthesiser, Protocol):
    """A synthesiser that can render ahead and keep what it rendered."""

    async def prerender(self, request: SpeechRequest) -> None:
        """Render a text into the cache, after everything that somebody waits for.

        Raises:
            SynthesisError: the text cannot be spoken.
        """
        ...

    def cached_path(self, request: SpeechRequest) -> Path | None:
        """Return the file that holds a rendered text, None if it was not rendered."""
        ...

    async def word_ends(self, request: SpeechRequest) -> WordEnds:
        """Return when each word of a rendered text is over; nothing if that is not known.

        Raises:
            SynthesisError: the text cannot be spoken.
        """
        ...


class Ears(Recogniser, Protocol):
    """A recogniser that tells how busy it is."""

    @property
    def stats(self) -> Any:
        """Figures of this moment, a dataclass with slots or a mapping."""
        ...


class SpeechServer:
    """Serves one recogniser, one synthesiser, one fetcher of audio files and maybe a turn model on a Unix socket."""

    def __init__(self, ears: Ears, mouth: Mouth, files: AudioFetcher, turns: TurnEndModel | None = None) -> None:
        self._ears = ears
        self._mouth = mouth
        self._files = files
        self._turns = turns
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()
        self._path: Path | None = None

    async def start(self, path: Path) -> None:
        """Listen at ``path``; a socket left there by a dead worker is replaced.

        Raises:
            OSError: the path cannot be bound.
        """
        # Only the user who runs the service may talk to it.
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._accept, path)
        finally:
            os.umask(before)
        self._path = path

    async def close(self) -> None:
        """Stop listening and give up all requests."""
        if self._server is not None:
            self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio runs this callback as a task"
        self._clients.add(task)
        try:
            await Session(reader, writer, self._ears, self._mouth, self._files, self._turns).run()
        except asyncio.CancelledError:
            # Only close() cancels us. asyncio's own callback would log a cancelled connection as an error.
            logger.debug("a connection was closed with the server")
        finally:
            self._clients.discard(task)


class Session:
    """One client's connection."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ears: Ears,
        mouth: Mouth,
        files: AudioFetcher,
        turns: TurnEndModel | None,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._ears = ears
        self._mouth = mouth
        self._files = files
        self._turns = turns
        self._requests: dict[int, asyncio.Task[None]] = {}
        self._transcriptions: dict[int, TranscriptionRequest] = {}

    async def run(self) -> None:
        """Serve until the client goes away; then give up what it had asked for."""
        try:
            while (message := await read_message(self._reader)) is not None:
                self._take(message)
        except (WireError, OSError) as error:
            logger.warning("a client's connection is given up: %s", error)
        finally:
            tasks = list(self._requests.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._writer.close()

    def _take(self, message: Message) -> None:
        running = self._requests.get(message.id)
        if message.op == "cancel":
            if running is not None:
                running.cancel()
            return
        if message.op == "promote":
            # What is through already needs no hurry.
            if message.id in self._transcriptions:
                self._ears.promote(self._transcriptions[message.id])
            return
        if running is not None:
            raise WireError(f"request {message.id} is already under way")
        task = asyncio.create_task(self._serve(message), name=f"speech-{message.op}-{message.id}")
        self._requests[message.id] = task
        task.add_done_callback(lambda _: self._requests.pop(message.id, None))

    async def _serve(self, message: Message) -> None:
        try:
            await self._answer_or_explain(message)
        except ConnectionError:
            logger.debug("a client left while it was answered")

    async def _answer_or_explain(self, message: Message) -> None:
        try:
            await self._answer(message)
        except SpeechError as error:
            problem = error
        except ConnectionError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            problem = SpeechError(f"the request {message.op} is malformed: {error!r}")
        except Exception:
            # The worker serves all calls: one request must not end it. The client learns, the log keeps the trace.
            logger.exception("request %s failed", message.op)
            problem = SpeechError(f"{message.op} failed in the worker")
        else:
            return
        await self._send(message.id, "error", error_fields(problem))

    async def _answer(self, message: Message) -> None:
        fields = message.fields
        if message.op == "transcribe":
            await self._send(message.id, "result", as_fields(await self._transcribe(message)))
        elif message.op == "synthesise":
            await self._send_audio(message.id, self._mouth.synthesise(SpeechRequest(**fields)))
        elif message.op == "fetch":
            await self._send_audio(message.id, self._files.fetch(AudioRequest(**fields)))
        elif message.op == "prerender":
            await self._mouth.prerender(SpeechRequest(**fields))
            await self._send(message.id, "result", {})
        elif message.op == "cached_path":
            path = self._mouth.cached_path(SpeechRequest(**fields))
            await self._send(message.id, "result", {"path": str(path) if path else None})
        elif message.op == "word_ends":
            await self._send(message.id, "result", {"ends": await self._mouth.word_ends(SpeechRequest(**fields))})
        elif message.op == "turn_end":
            probability = await self._turn_end(TurnEndRequest(pcm=message.payload, **fields))
            await self._send(message.id, "result", {"probability": probability})
        elif message.op == "stats":
            await self._send(message.id, "result", {"pid": os.getpid(), "recogniser": as_fields(self._ears.stats)})
        else:
            raise ValueError(f"there is no request {message.op!r}")

    async def _transcribe(self, message: Message) -> Transcript:
        request = TranscriptionRequest(pcm=message.payload, **message.fields)
        self._transcriptions[message.id] = request
        try:
            return await self._ears.transcribe(request)
        finally:
            del self._transcriptions[message.id]

    async def _turn_end(self, request: TurnEndRequest) -> float:
        if self._turns is None:
            raise SpeechError("no turn model is set")
        return await self._turns.turn_end(request)

    async def _send_audio(self, request_id: int, pieces: AsyncIterator[bytes]) -> None:
        try:
            async for pcm in pieces:
                await self._send(request_id, "audio", {}, pcm)
        finally:
            # Cancelled while sending: the work must stop now, not when the garbage is collected.
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()
        await self._send(request_id, "end", {})

    async def _send(self, request_id: int, op: str, fields: Mapping[str, Any], payload: bytes = b"") -> None:
        self._writer.write(Message(request_id, op, fields, payload).encode())
        await self._writer.drain()


def as_fields(value: Any) -> dict[str, Any]:
    """Return a slotted dataclass's fields."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}
