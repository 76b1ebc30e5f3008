"""Bring an answer to the client: in time, whole or visibly torn, and no longer than it is wanted."""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web

from voicebot.errors import BrainError, BrainTimeoutError
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.query import Query
from voicebot.server.hosted import HostedBot
from voicebot.server.packets import NO_DURATIONS, Durations, Packets
from voicebot.server.readahead import NotYet, ReadAhead
from voicebot.server.turns import Turn
from voicebot.settings.serving import AnswerSettings

logger = logging.getLogger(__name__)

_UNREAD_S = 5.0
"""How long after the answer's own deadline a client that does not read may still keep the connection."""


class ClientGone(Exception):  # noqa: N818 - nothing went wrong
    """The client closed its connection."""


class Delivery:
    """One answer on its way to the client.

    How it can end:

    * the brain comes to its end: the whole answer, ``done`` last, even if the brain forgot to say so;
    * superseded, or the total deadline passes: what there is until then and an empty ``done`` without instructions,
      so that its reader has a well-formed answer;
    * the brain fails or is late before it said anything: an exception, and so a proper HTTP status. If the filler was
      sent already, the apology and ``done``;
    * the brain fails after it said something: the connection is cut without an end of the body. A torn answer must
      not look like a whole one.
    """

    def __init__(
        self,
        request: web.Request,
        response: web.StreamResponse,
        packets: Packets,
        bot: HostedBot,
        settings: AnswerSettings,
        apology: str,
    ) -> None:
        self._request = request
        self._response = response
        self._packets = packets
        self._bot = bot
        self._settings = settings
        self._apology = apology
        self._heard_of_brain = False
        now = asyncio.get_running_loop().time()
        self._total = now + settings.total_timeout_ms / 1000
        self._first = min(now + settings.first_chunk_timeout_ms / 1000, self._total)
        filler_after_ms = settings.filler_after_ms
        self._filler_at: float | None = now + filler_after_ms / 1000 if filler_after_ms else None

    async def run(self, turn: Turn, query: Query) -> None:
        """Ask the brain and send its answer.

        Raises:
            BrainError: the brain failed, was late or had nothing to say, and nothing was sent yet.
            ClientGone: nobody reads the answer any more.
        """
        lingering = asyncio.get_running_loop().call_at(self._total + _UNREAD_S, self._abort)
        try:
            if not turn.superseded:
                await self._answer(turn, turn.read(self._bot.brain.ask(query)))
            if not self._packets.done:
                await self._send(self._packets.close())
        finally:
            lingering.cancel()

    async def _answer(self, turn: Turn, reading: ReadAhead[Chunk]) -> None:
        try:
            while not self._packets.done:
                chunks = await self._next(reading)
                if turn.superseded:
                    return
                if not chunks:
                    self._end_early()
                    return
                self._heard_of_brain = True
                await self._send(self._packets.write(chunks))
        except NotYet:
            logger.warning("bot %s did not end its answer in time", self._bot.name)
            if not self._heard_of_brain:
                await self._fail(BrainTimeoutError("the bot did not answer in time"))
        except ClientGone:
            raise
        except Exception as error:
            await self._fail(error)

    async def _next(self, reading: ReadAhead[Chunk]) -> list[Chunk]:
        if self._heard_of_brain:
            return await reading.take(self._total)
        if self._filler_at is not None and self._filler_at < self._first:
            try:
                return await reading.take(self._filler_at)
            except NotYet:
                self._filler_at = None
                durations = (self._bot.end_of_speech_ms, self._bot.silence_s)
                await self._say(self._settings.filler[self._bot.language], durations)
        return await reading.take(self._first)

    def _end_early(self) -> None:
        if not self._heard_of_brain:
            raise BrainError("the bot had no answer")
        logger.warning("an answer of bot %s had no done chunk", self._bot.name)

    async def _fail(self, error: Exception) -> None:
        if not self._response.prepared:
            raise error
        if self._heard_of_brain:
            logger.error("an answer of bot %s broke off", self._bot.name, exc_info=error)
            self._packets.done = True
            self._abort()
            return
        logger.error("bot %s failed after the filler", self._bot.name, exc_info=error)
        await self._say(self._apology)

    async def _say(self, text: str, durations: Durations = NO_DURATIONS) -> None:
        # Clients put texts together as they come; a sentence in English brings its blank along.
        joint = "" if self._bot.language == "zh" else " "
        await self._send(self._packets.say(text + joint, durations))

    async def _send(self, data: bytes) -> None:
        """Send some packets; with the last one, the end of the body."""
        if not data:
            return
        try:
            # Not before there is something to send: a brain that fails at once still gets a proper status.
            if not self._response.prepared:
                await self._response.prepare(self._request)
            if self._packets.done:
                await self._response.write_eof(data)
            else:
                await self._response.write(data)
        except ConnectionResetError as error:
            raise ClientGone from error

    def _abort(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()
