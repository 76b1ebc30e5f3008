"""A language model behind any endpoint with OpenAI's chat interface (``/chat/completions``, streamed).

The official client does the talking: https://github.com/openai/openai-python. It is imported when a model is used, and
not before: the import takes most of a second and tens of megabytes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from voicebot.breaker import Admission, Circuit, CircuitBreaker
from voicebot.errors import ModelReplyError, ModelReplyTimeoutError
from voicebot.llm.deltas import PieceReader
from voicebot.llm.model import Finish, Message, ModelRequest, Piece, TextDelta, Tool
from voicebot.llm.waiting import within
from voicebot.settings.languagemodel import LanguageModelSettings

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream

logger = logging.getLogger(__name__)

_NO_KEY = "none"
"""Sent where no key is set: without one the client would take a key for somebody else from the environment."""
_TAIL_S = 0.1
_LOUD = ("openai", "httpx", "httpx2", "httpcore", "httpcore2")
"""Loggers that tell whole requests at "debug", what callers said included."""


class OpenAIModel:
    """A ``LanguageModel`` on the official client.

    Args:
        settings: where the model is, and how long to wait for it.
        log_content: let the client log what it sends.
    """

    def __init__(self, settings: LanguageModelSettings, *, log_content: bool = False) -> None:
        self._settings = settings
        self._log_content = log_content
        self._client: AsyncOpenAI | None = None
        self._breaker = CircuitBreaker(settings.breaker_failures, settings.breaker_pause_s)

    @property
    def circuit(self) -> Circuit:
        """Whether the model is asked at the moment."""
        return self._breaker.circuit

    async def start(self) -> None:
        """Import the client, in a thread."""
        await asyncio.to_thread(_import)
        self._connected()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Piece, None]:
        """Answer piece by piece; the last one is Finish. Closing the iterator closes the HTTP stream at once.

        Raises:
            ModelReplyTimeoutError: no connection, no first piece or no next piece in time.
            ModelReplyError: the model cannot be reached, refused, broke off, or is left alone for a while.
        """
        admission = self._breaker.admit(_now_s())
        if admission is None:
            raise ModelReplyError("the language model failed so often that it is left alone for a while")
        answered = False
        try:
            async with aclosing(self._pieces(request)) as pieces:
                async for piece in pieces:
                    answered = True
                    yield piece
        except ModelReplyError as error:
            self._failed(admission, error)
            raise
        except (GeneratorExit, asyncio.CancelledError):
            # Who has answered in part, and was given up by the caller, is there.
            if answered:
                self._breaker.succeeded()
            else:
                self._breaker.abandoned(admission, _now_s())
            raise
        except BaseException:
            self._breaker.abandoned(admission, _now_s())
            raise
        self._breaker.succeeded()

    async def close(self) -> None:
        """Close all connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _failed(self, admission: Admission, error: ModelReplyError) -> None:
        was = self._breaker.circuit
        self._breaker.failed(admission, _now_s())
        if self._breaker.circuit is Circuit.OPEN and was is not Circuit.OPEN:
            pause_s = self._settings.breaker_pause_s
            logger.warning("the language model is left alone for %g s: %s", pause_s, error.message)

    async def _pieces(self, request: ModelRequest) -> AsyncGenerator[Piece, None]:
        import openai

        reader = PieceReader()
        begun_s = _now_s()
        try:
            stream = await self._open(request)
            try:
                async with aclosing(self._deltas(stream, reader, begun_s)) as deltas:
                    async for delta in deltas:
                        yield delta
            finally:
                await stream.close()
        except asyncio.TimeoutError as error:
            what = "next" if reader.told else "first"
            raise ModelReplyTimeoutError(f"no {what} piece of an answer from the language model in time") from error
        except openai.APITimeoutError as error:
            raise ModelReplyTimeoutError("no connection to the language model in time") from error
        except openai.APIStatusError as error:
            # Without the endpoint's message: it may quote what it was sent.
            raise ModelReplyError(f"the language model refused (HTTP {error.status_code})") from None
        except (openai.OpenAIError, ValueError) as error:
            raise ModelReplyError(f"the language model broke off ({type(error).__name__})") from None
        for call in reader.tool_calls():
            yield call
        yield Finish(reader.reason)

    async def _deltas(
        self, stream: AsyncStream[Any], reader: PieceReader, begun_s: float
    ) -> AsyncGenerator[TextDelta, None]:
        first_s, next_s = self._settings.first_token_timeout_ms / 1000, self._settings.token_timeout_ms / 1000
        chunks = aiter(stream)
        while not reader.finished:
            # Chunks that hold nothing yet (the role, thoughts) are not the first piece.
            limit_s = next_s if reader.told else begun_s + first_s - _now_s()
            chunk = await within(limit_s, _next(chunks))
            if chunk is None:
                break
            for delta in reader.read(chunk):
                yield delta
        if not reader.told:
            raise ModelReplyError("the language model broke off before it had said anything")
        await _see_end(chunks)

    async def _open(self, request: ModelRequest) -> AsyncStream[Any]:
        """Ask; returns the stream of the answer, and leaves none open if that is given up."""
        asking = asyncio.ensure_future(self._connected().chat.completions.create(**self._body(request)))
        try:
            await asyncio.wait({asking}, timeout=self._settings.first_token_timeout_ms / 1000)
            if asking.done():
                stream: AsyncStream[Any] = asking.result()
                return stream
        except asyncio.CancelledError:
            await _abandon(asking)
            raise
        await _abandon(asking)
        raise asyncio.TimeoutError

    def _connected(self) -> AsyncOpenAI:
        if self._client is None:
            import openai

            settings = self._settings
            if not self._log_content:
                for name in _LOUD:
                    logging.getLogger(name).setLevel(logging.WARNING)
            self._client = openai.AsyncOpenAI(
                base_url=settings.base_url,
                api_key=settings.api_key or _NO_KEY,
                # Keep-alive comments are data to the client, so the waits for pieces are ours.
                timeout=openai.Timeout(None, connect=settings.connect_timeout_ms / 1000),
                max_retries=settings.retries,
            )
        return self._client

    def _body(self, request: ModelRequest) -> dict[str, Any]:
        settings = self._settings
        body: dict[str, Any] = {
            "model": settings.model,
            "messages": [_message(message) for message in request.messages],
            "temperature": settings.temperature,
            "max_tokens": request.max_tokens or settings.max_tokens,
            "stream": True,
        }
        if request.tools:
            body["tools"] = [_tool(tool) for tool in request.tools]
        if settings.extra:
            body["extra_body"] = dict(settings.extra)
        return body


async def _abandon(asking: asyncio.Future[Any]) -> None:
    """Cancel a request and see it end; an answer that came all the same is closed."""
    asking.cancel()
    await asyncio.wait({asking})
    if not asking.cancelled() and asking.exception() is None:
        await asking.result().close()


def _import() -> None:
    import openai

    # The module makes its resources when they are first touched; touch what we use.
    _ = openai.AsyncOpenAI(api_key=_NO_KEY, base_url="http://127.0.0.1/").chat.completions


def _message(message: Message) -> dict[str, Any]:
    written: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        written["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.role == "tool":
        written["tool_call_id"] = message.tool_call_id
    return written


def _tool(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


async def _next(chunks: AsyncIterator[Any]) -> Any:
    return await anext(chunks, None)


async def _see_end(chunks: AsyncIterator[Any]) -> None:
    """Read on to the end of the stream, shortly: its connection can then be used again."""
    import openai

    async def rest() -> None:
        try:
            async for _ in chunks:
                pass
        except (openai.OpenAIError, ValueError) as error:
            logger.debug("the language model's stream broke after its last piece: %s", type(error).__name__)

    try:
        await within(_TAIL_S, rest())
    except asyncio.TimeoutError:
        logger.debug("the language model's stream goes on after its last piece")


def _now_s() -> float:
    return asyncio.get_running_loop().time()
