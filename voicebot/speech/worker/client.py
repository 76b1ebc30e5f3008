"""The other processes' side of the socket: recogniser and synthesiser seams on a speech worker elsewhere."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

from voicebot.errors import SpeechWorkerLostError
from voicebot.speech.types import (
    AudioRequest,
    SpeechRequest,
    Transcript,
    TranscriptionRequest,
    TurnEndRequest,
    WordEnds,
)
from voicebot.speech.worker.server import as_fields
from voicebot.speech.worker.wire import Message, WireError, error_from_fields, read_message

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.5


class _Link:
    """One connection: requests go out, answers find their way to whoever waits for them."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        # None in an inbox: the worker is gone.
        self._inboxes: dict[int, asyncio.Queue[Message | None]] = {}
        self.lost = False
        self._task = asyncio.create_task(self._receive(), name="speech-client")

    def open(self, message: Message) -> asyncio.Queue[Message | None]:
        """Send a request and return where its answers arrive."""
        inbox: asyncio.Queue[Message | None] = asyncio.Queue()
        if self.lost:
            inbox.put_nowait(None)
            return inbox
        self._inboxes[message.id] = inbox
        self._writer.write(message.encode())
        return inbox

    def send(self, message: Message) -> None:
        """Send what has no answer."""
        if not self.lost:
            self._writer.write(message.encode())

    def close_request(self, request_id: int, finished: bool) -> None:
        """Forget a request; tell the worker unless it is through with it."""
        if self._inboxes.pop(request_id, None) is not None and not finished and not self.lost:
            self._writer.write(Message(request_id, "cancel", {}).encode())

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _receive(self) -> None:
        try:
            while (message := await read_message(self._reader)) is not None:
                inbox = self._inboxes.get(message.id)
                if inbox is not None:  # else: an answer that crossed our cancel
                    inbox.put_nowait(message)
        except (WireError, OSError) as error:
            logger.warning("the connection to the speech worker broke: %s", error)
        finally:
            self.lost = True
            for inbox in self._inboxes.values():
                inbox.put_nowait(None)
            self._writer.close()


class SpeechClient:
    """Implements ``Recogniser``, ``Synthesiser``, ``Aligner``, ``AudioFetcher`` and ``TurnEndModel``.

    It asks the speech worker at a Unix socket.
    Connects with the first request, and again when the connection was lost: a request waits up to ``patience_s``
    for the worker to be there. Requests under way when the worker dies fail with ``SpeechWorkerLostError`` at once.
    Create, use and close it on one event loop.
    """

    def __init__(self, socket_path: Path, patience_s: float = 3.0) -> None:
        self._path = socket_path
        self._patience_s = patience_s
        self._link: _Link | None = None
        self._connecting = asyncio.Lock()
        self._transcriptions: dict[int, tuple[_Link, int]] = {}
        self._ids = itertools.count(1)
        self._closed = False

    async def transcribe(self, request: TranscriptionRequest) -> Transcript:
        """Transcribe one utterance.

        Raises:
            RecognitionError: the model failed.
            RecogniserBusyError: it is a preview, and the recogniser has other things to do.
            SpeechWorkerLostError: the worker went away, or did not come up in time.
        """
        fields = as_fields(request)
        pcm = fields.pop("pcm")
        link, message = await self._connect(), self._message("transcribe", fields, pcm)
        self._transcriptions[id(request)] = (link, message.id)
        try:
            return Transcript(**await self._ask_on(link, message))
        finally:
            self._transcriptions.pop(id(request), None)  # the same request may be under way more than once

    def promote(self, request: TranscriptionRequest) -> None:
        """Make a transcription that is under way as urgent as a final one."""
        link, message_id = self._transcriptions.get(id(request), (None, 0))
        if link is not None:
            link.send(Message(message_id, "promote", {}))

    def synthesise(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        """Yield the speech as it is made. Close the generator to give the rest up.

        Raises:
            SynthesisError: the text cannot be spoken.
            SpeechWorkerLostError: the worker went away, or did not come up in time.
        """
        return self._audio("synthesise", as_fields(request))

    def fetch(self, request: AudioRequest) -> AsyncGenerator[bytes, None]:
        """Yield the audio of a file as it is fetched. Close the generator to give the rest up.

        Raises:
            AudioFileError: the file cannot be fetched or decoded; AudioBlockedError: it must not be.
            SpeechWorkerLostError: the worker went away, or did not come up in time.
        """
        return self._audio("fetch", as_fields(request))

    async def _audio(self, op: str, fields: Mapping[str, Any]) -> AsyncGenerator[bytes, None]:
        link, message = await self._connect(), self._message(op, fields)
        inbox = link.open(message)
        finished = False
        try:
            while not finished:
                answer = self._checked(await inbox.get())
                finished = answer.op != "audio"
                if answer.op == "error":
                    raise error_from_fields(answer.fields)
                if not finished:
                    yield answer.payload
        finally:
            link.close_request(message.id, finished)

    async def prerender(self, request: SpeechRequest) -> None:
        """Have a text rendered into the worker's cache; returns when it is there.

        Raises:
            SynthesisError: the text cannot be spoken.
            SpeechWorkerLostError: the worker went away, or did not come up in time.
        """
        await self._ask("prerender", as_fields(request))

    async def cached_path(self, request: SpeechRequest) -> Path | None:
        """Return the file with a rendered text, None if it was not rendered yet.

        Raises:
            SpeechWorkerLostError: the worker went away, or did not come up in time.
        """
        path = (await self._ask("cached_path", as_fields(request)))["path"]
        return Path(path) if path else None

    async def word_ends(self, request: SpeechRequest) -> WordEnds:
        """Return when each word of a text that was spoken is over in its audio; nothing if that is not known.

        Raises:
            SynthesisError: the text cannot be spoken.
            SpeechWorkerLostError: the worker went away, or did not come up in time.
        """
        ends = (await self._ask("word_ends", as_fields(request)))["ends"]
        return tuple((int(index), int(end_ms)) for index, end_ms in ends)

    async def turn_end(self, request: TurnEndRequest) -> float:
        """Return how probable it is that the caller has finished, by the sound of it.

        Raises:
            SpeechError: the model failed, or the worker has none.
            SpeechWorkerLostError: the worker went away, or did not come up in time.
        """
        return float((await self._ask("turn_end", {"rate_hz": request.rate_hz}, request.pcm))["probability"])

    async def stats(self) -> Mapping[str, Any]:
        """Return the worker's process id ("pid") and how busy its recogniser is; serves as a ping.

        Raises:
            SpeechWorkerLostError: the worker went away, or did not come up in time.
        """
        return await self._ask("stats", {})

    async def close(self) -> None:
        """Disconnect. Requests under way fail with ``SpeechWorkerLostError``."""
        self._closed = True
        if self._link is not None:
            await self._link.close()

    async def _ask(self, op: str, fields: Mapping[str, Any], payload: bytes = b"") -> Mapping[str, Any]:
        return await self._ask_on(await self._connect(), self._message(op, fields, payload))

    async def _ask_on(self, link: _Link, message: Message) -> Mapping[str, Any]:
        inbox = link.open(message)
        finished = False
        try:
            answer = self._checked(await inbox.get())
            finished = True
        finally:
            link.close_request(message.id, finished)
        if answer.op == "error":
            raise error_from_fields(answer.fields)
        return answer.fields

    def _message(self, op: str, fields: Mapping[str, Any], payload: bytes = b"") -> Message:
        return Message(next(self._ids), op, fields, payload)

    @staticmethod
    def _checked(answer: Message | None) -> Message:
        if answer is None:
            raise SpeechWorkerLostError("the speech worker went away in the middle of a request")
        return answer

    async def _connect(self) -> _Link:
        async with self._connecting:
            if self._closed:
                raise SpeechWorkerLostError("the connection to the speech worker was closed")
            if self._link is None or self._link.lost:
                self._link = await self._dial()
            return self._link

    async def _dial(self) -> _Link:
        loop = asyncio.get_running_loop()
        deadline, pause_s = loop.time() + self._patience_s, _FIRST_PAUSE_S
        while True:
            try:
                return _Link(*await asyncio.open_unix_connection(self._path))
            except OSError as error:
                if loop.time() + pause_s > deadline:
                    raise SpeechWorkerLostError(f"no speech worker answers at {self._path}: {error}") from error
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
