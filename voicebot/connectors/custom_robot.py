"""Client of the custom-robot interface: any endpoint of ``/stream/query`` as a brain.

A query moves the dialogue on, so it must reach the engine once at most. It is sent a second time only if the first
one cannot have been taken: no connection came about, or the endpoint said that it did not take it (503, and 429 with a
``Retry-After`` that is short). A connection that breaks after the query was sent proves nothing, not even if it was a
kept one: the engine may have answered into the void (RFC 9110, 9.2.2). The caller hears an apology then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from types import TracebackType

import aiohttp

from voicebot.breaker import Admission, Circuit, CircuitBreaker
from voicebot.connectors.answer import AnswerReader
from voicebot.connectors.refusals import error_of, pause_before_retry_s, unreachable
from voicebot.connectors.waiting import before
from voicebot.errors import BrainCircuitOpenError, BrainError, BrainSessionLostError, BrainUnavailableError
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.framing import Framing
from voicebot.protocol.query import Query, emit_query
from voicebot.settings.model import BrainSettings

logger = logging.getLogger(__name__)

# Shorter than the usual proxy keeps an idle connection (75 s): one that is just being closed would cost a query.
_KEEP_ALIVE_S = 30.0
_RETRY_PAUSE_S = 0.1
_ACCEPT = f"{Framing.LINES.value}, {Framing.EVENTS.value};q=0.9, application/json;q=0.8"


class CustomRobotBrain:
    """One endpoint of the interface. Keeps connections open between turns; close it when done."""

    def __init__(self, url: str, token: str = "", settings: BrainSettings | None = None) -> None:
        """Point at an endpoint; nothing is connected yet.

        Args:
            url: where to POST queries ("https://host/stream/query").
            token: the API key, sent as ``token`` and as ``Authorization: Bearer``.
            settings: time-outs and limits.
        """
        self._url = url
        self._token = token
        self._settings = settings if settings is not None else BrainSettings()
        # Compressed answers would arrive in lumps.
        self._headers = {"Accept": _ACCEPT, "Accept-Encoding": "identity"}
        if token:
            self._headers |= {"token": token, "Authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None
        self._breaker = CircuitBreaker(self._settings.breaker_failures, self._settings.breaker_pause_s)

    async def __aenter__(self) -> CustomRobotBrain:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def circuit(self) -> Circuit:
        """Whether queries are let through to the endpoint."""
        return self._breaker.circuit

    def is_at(self, url: str, token: str) -> bool:
        """Tell whether this is the client of an endpoint."""
        return (self._url, self._token) == (url, token)

    async def close(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def ask(self, query: Query) -> AsyncGenerator[Chunk, None]:
        """Put a query to the endpoint and yield its chunks as they arrive. Closing the iterator hangs up on it.

        Raises:
            BrainCircuitOpenError: the endpoint failed so often that it is left alone for now; told at once.
            BrainTimeoutError: no connection, no first chunk, no next one, or no end in time.
            BrainUnavailableError: the query was not taken: no connection, or the endpoint refuses.
            BrainSessionLostError: the endpoint does not know the session.
            BrainError: the answer is malformed, too long, or broke off.
        """
        admission = self._breaker.admit(_now_s())
        if admission is None:
            raise BrainCircuitOpenError("the dialogue endpoint failed too often and is left alone for a while")
        told = False
        answer = self._answer(query)
        try:
            async for chunk in answer:
                if chunk.done:
                    told = self._succeeded()
                yield chunk
        except BrainSessionLostError:
            told = self._succeeded()
            raise
        except BrainError as error:
            told = self._failed(admission, error)
            raise
        finally:
            await answer.aclose()
            if not told:
                self._breaker.abandoned(admission, _now_s())

    def _succeeded(self) -> bool:
        if self._breaker.circuit is not Circuit.CLOSED:
            logger.warning("the dialogue endpoint answers again")
        self._breaker.succeeded()
        return True

    def _failed(self, admission: Admission, error: BrainError) -> bool:
        was = self._breaker.circuit
        self._breaker.failed(admission, _now_s())
        if self._breaker.circuit is Circuit.OPEN and was is not Circuit.OPEN:
            pause_s = self._settings.breaker_pause_s
            logger.error("the dialogue endpoint fails (%s) and is left alone for %g s", error.code, pause_s)
        return True

    async def _answer(self, query: Query) -> AsyncGenerator[Chunk, None]:
        asked_s = _now_s()
        deadline = asked_s + self._settings.total_timeout_ms / 1000
        limit, what = min((asked_s + self._settings.first_chunk_timeout_ms / 1000, "first chunk"), (deadline, "answer"))
        response = await self._open(query, limit)
        finished = False
        try:
            reader = AnswerReader(response.content, self._settings)
            while not finished:
                for chunk in await before(reader.read(), limit, what):
                    finished = chunk.done
                    yield chunk
                gap_ends_s = _now_s() + self._settings.chunk_timeout_ms / 1000
                limit, what = min((gap_ends_s, "next chunk"), (deadline, "end of the answer"))
            await reader.drain()
        finally:
            if response.content.at_eof():
                response.release()
            else:
                response.close()  # the endpoint sees the connection go and can stop working

    async def _open(self, query: Query, deadline_s: float) -> aiohttp.ClientResponse:
        """Send the query; once more if the first one cannot have been taken."""
        again = True
        while True:
            try:
                response = await before(self._post(query), deadline_s, "response")
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                problem = unreachable(error)
                pause_s = _RETRY_PAUSE_S if isinstance(problem, BrainUnavailableError) else None
            except aiohttp.ClientError as error:
                raise BrainError(
                    f"the dialogue endpoint broke off before its answer ({type(error).__name__})"
                ) from error
            else:
                if response.status == 200:
                    return response
                pause_s = pause_before_retry_s(response)
                problem = await error_of(response, deadline_s)
            if not again or pause_s is None or _now_s() + pause_s >= deadline_s:
                raise problem
            logger.info("the query was not taken (%s), trying once more", problem.message)
            again = False
            await asyncio.sleep(pause_s)

    async def _post(self, query: Query) -> aiohttp.ClientResponse:
        if self._session is None:
            connect_s = self._settings.connect_timeout_ms / 1000
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S),
                cookie_jar=aiohttp.DummyCookieJar(),  # calls must not share an endpoint's cookies
                timeout=aiohttp.ClientTimeout(total=None, connect=connect_s),
            )
        # A redirect would carry the key to wherever it points.
        return await self._session.post(self._url, json=emit_query(query), headers=self._headers, allow_redirects=False)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
