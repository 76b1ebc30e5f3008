"""Client of the custom-robot interface: any endpoint of ``/stream/query`` as a brain."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from types import TracebackType
from typing import Any, TypeVar

import aiohttp

from voicebot.errors import BrainError, BrainTimeoutError, BrainUnavailableError, ProtocolError
from voicebot.protocol.chunk import Chunk, parse_packet
from voicebot.protocol.framing import FrameDecoder, Framing
from voicebot.protocol.query import Query, emit_query
from voicebot.settings.model import BrainSettings

logger = logging.getLogger(__name__)

T = TypeVar("T")

MAX_BODY_BYTES = 8_388_608
MAX_LINE_BYTES = 1_048_576
_KEEP_ALIVE_S = 30.0
# After the done chunk only the end of the body is missing; reading it keeps the connection usable.
_DRAIN_S = 0.2
_ACCEPT = f"{Framing.LINES.value}, {Framing.EVENTS.value};q=0.9, application/json;q=0.8"
# Nothing was answered, so nothing can be doubled: no connection came about, or a kept one had just been closed.
_RETRYABLE = (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError)


class CustomRobotBrain:
    """One endpoint of the interface. Keeps connections open between turns; close it when done."""

    def __init__(self, url: str, token: str = "", settings: BrainSettings | None = None) -> None:
        """Point at an endpoint; nothing is connected yet.

        Args:
            url: where to POST queries ("https://host/stream/query").
            token: the API key, sent as ``token`` and as ``Authorization: Bearer``.
            settings: time-outs.
        """
        self._url = url
        self._settings = settings if settings is not None else BrainSettings()
        self._headers = {"Accept": _ACCEPT}
        if token:
            self._headers |= {"token": token, "Authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> CustomRobotBrain:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def ask(self, query: Query) -> AsyncIterator[Chunk]:
        """Put a query to the endpoint and yield its chunks as they arrive. Closing the iterator hangs up on it.

        Raises:
            BrainTimeoutError: no connection, no first chunk, or no end in time.
            BrainUnavailableError: no connection, or the endpoint refuses.
            BrainError: the answer is malformed, too long, or broke off.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        first_deadline = now + self._settings.first_chunk_timeout_ms / 1000
        deadline = now + self._settings.total_timeout_ms / 1000
        response = await self._open(query, min(first_deadline, deadline))
        finished = False
        try:
            reader = _ChunkReader(response)
            limit = min(first_deadline, deadline)
            while not finished:
                chunks = await _before(reader.read(), limit, "answer" if limit == deadline else "first chunk")
                for chunk in chunks:
                    limit = deadline
                    yield chunk
                    if chunk.done:
                        finished = True
                        break
            await reader.drain()
        finally:
            if response.content.is_eof() or response.content.at_eof():
                response.release()
            else:
                response.close()  # the endpoint sees the connection go and can stop working

    async def _open(self, query: Query, deadline: float) -> aiohttp.ClientResponse:
        try:
            response = await _before(self._post(query), deadline, "response")
        except _RETRYABLE as error:
            logger.info("dialogue endpoint not reached (%s), trying once more", type(error).__name__)
            try:
                response = await _before(self._post(query), deadline, "response")
            except aiohttp.ClientError as again:
                raise _unreachable(again) from again
        except aiohttp.ClientError as error:
            raise _unreachable(error) from error
        if response.status != 200:
            status = response.status
            response.close()
            raise _refused(status)
        return response

    async def _post(self, query: Query) -> aiohttp.ClientResponse:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S),
                cookie_jar=aiohttp.DummyCookieJar(),  # calls must not share an endpoint's cookies
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._settings.connect_timeout_ms / 1000),
                read_bufsize=MAX_LINE_BYTES,
            )
        # A redirect would carry the key to wherever it points.
        return await self._session.post(self._url, json=emit_query(query), headers=self._headers, allow_redirects=False)


class _ChunkReader:
    """Reads chunks off a response, within limits."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._content = response.content
        self._decoder = FrameDecoder(MAX_LINE_BYTES)
        self._received = 0

    async def read(self) -> list[Chunk]:
        """Return the next chunks, at least one."""
        while True:
            try:
                data = await self._content.readany()
            except aiohttp.ClientError as error:
                raise BrainError("the dialogue endpoint broke off in the middle of its answer") from error
            self._received += len(data)
            if self._received > MAX_BODY_BYTES:
                raise BrainError(f"the answer of the dialogue endpoint is longer than {MAX_BODY_BYTES} bytes")
            try:
                packets = self._decoder.feed(data) if data else self._decoder.close()
                chunks = [chunk for packet in packets for chunk in parse_packet(packet)]
            except ProtocolError as error:
                raise BrainError(f"the dialogue endpoint answered wrongly: {error.message}") from error
            if chunks:
                return chunks
            if not data:
                raise BrainError("the answer of the dialogue endpoint ended without its done chunk")

    async def drain(self) -> None:
        """Read the end of the body if it comes soon."""
        deadline = asyncio.get_running_loop().time() + _DRAIN_S
        try:
            while not self._content.at_eof():
                await _before(self._content.readany(), deadline, "end")
        except (BrainTimeoutError, aiohttp.ClientError) as error:
            logger.debug("the body did not end after its done chunk (%s)", type(error).__name__)


async def _before(work: Coroutine[Any, Any, T], deadline: float, what: str) -> T:
    """Await something until a deadline of the loop's clock.

    Not ``asyncio.wait_for``: before Python 3.12 that loses a cancellation that comes at the very moment the work is
    done, and a caller who barged in would go on being answered.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=max(deadline - asyncio.get_running_loop().time(), 0.0))
    except asyncio.CancelledError:
        await _abandon(task)
        raise
    if not done:
        await _abandon(task)
        raise BrainTimeoutError(f"no {what} from the dialogue endpoint in time")
    return task.result()


async def _abandon(task: asyncio.Future[T]) -> None:
    """Cancel a task and see it end; a response that arrived all the same is closed."""
    task.cancel()
    await asyncio.wait({task})
    if task.cancelled():
        return
    error = task.exception()
    if error is not None:
        logger.debug("abandoned request failed: %s", type(error).__name__)
        return
    result = task.result()
    if isinstance(result, aiohttp.ClientResponse):
        result.close()


def _unreachable(error: aiohttp.ClientError) -> BrainError:
    if isinstance(error, asyncio.TimeoutError):
        return BrainTimeoutError("no connection to the dialogue endpoint in time")
    return BrainUnavailableError(f"the dialogue endpoint cannot be reached ({type(error).__name__})")


def _refused(status: int) -> BrainError:
    if status in (401, 403):
        return BrainUnavailableError(f"the dialogue endpoint does not accept the token (HTTP {status})")
    if status >= 500 or status == 429:
        return BrainUnavailableError(f"the dialogue endpoint is out of order (HTTP {status})")
    return BrainError(f"the dialogue endpoint refused the query (HTTP {status})")
