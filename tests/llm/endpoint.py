"""A local endpoint with OpenAI's chat interface that answers what a test tells it to, as the real ones do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from voicebot.settings.languagemodel import LanguageModelSettings

HANG, CUT = "<hang>", "<cut>"
DONE = "data: [DONE]\n\n"
KEEP_ALIVE = ": keep-alive\n\n"

Step = str | asyncio.Event
Script = Sequence[Step] | int


def chunk(delta: dict[str, Any], finish: str | None = None) -> str:
    """Return a chunk as an event."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return event({"choices": [choice]})


def event(fields: dict[str, Any]) -> str:
    body = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "small", **fields}
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"


USAGE = event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}})


def text_answer(*pieces: str, finish: str = "stop") -> list[Step]:
    """Return a whole answer of some pieces of text."""
    begin = chunk({"role": "assistant", "content": ""})
    return [KEEP_ALIVE, begin, *(chunk({"content": piece}) for piece in pieces), chunk({}, finish), USAGE, DONE]


def tool_answer(*calls: tuple[str, dict[str, Any]], text: str = "") -> list[Step]:
    """Return a whole answer with tool calls, the arguments cut into pieces of three characters."""
    steps: list[Step] = [chunk({"role": "assistant", "content": text or None})]
    for index, (name, arguments) in enumerate(calls):
        head = {"index": index, "id": f"call_{name}_{index}", "type": "function"}
        steps.append(chunk({"tool_calls": [{**head, "function": {"name": name, "arguments": ""}}]}))
        written = json.dumps(arguments, ensure_ascii=False)
        for place in range(0, len(written), 3):
            part = {"index": index, "function": {"arguments": written[place : place + 3]}}
            steps.append(chunk({"tool_calls": [part]}))
    return [*steps, chunk({}, "tool_calls"), USAGE, DONE]


@dataclass
class Endpoint:
    """What the server does, and what it saw.

    Attributes:
        script: the answer to each request, by its number from 0; a status instead of steps refuses.
        requests: bodies.
        asked: a request came.
        gone: a client went away before its answer was complete.
    """

    script: Callable[[int], Script]
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def settings(self, **changes: Any) -> LanguageModelSettings:
        """Return settings that lead here.

        Nothing takes too long unless a test says so: a connection that is given up for that looks like one that was
        closed on purpose.
        """
        patient = {"first_token_timeout_ms": 60000, "token_timeout_ms": 60000}
        return LanguageModelSettings(**{"base_url": self.url, "model": "small", "retries": 0, **patient, **changes})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(dict(request.headers))
        self.requests.append(await request.json())
        self.asked.set()
        script = self.script(len(self.requests) - 1)
        if isinstance(script, int):
            return web.json_response({"error": {"message": "no, secret words", "code": script}}, status=script)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            await response.prepare(request)
            for step in script:
                if await self._done(step, request, response):
                    break
        except (asyncio.CancelledError, ConnectionError):
            self.gone.set()
            raise
        return response

    async def _done(self, step: Step, request: web.Request, response: web.StreamResponse) -> bool:
        if isinstance(step, asyncio.Event):
            await step.wait()
        elif step == HANG:
            await asyncio.Event().wait()
        elif step == CUT:
            assert request.transport is not None
            request.transport.abort()
            return True
        else:
            await response.write(step.encode())
        return False


@asynccontextmanager
async def endpoint(script: Callable[[int], Script] | Script) -> AsyncIterator[Endpoint]:
    """Run an endpoint; one script answers every request."""
    served = Endpoint(script if callable(script) else lambda _: script)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", served.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield served
    finally:
        await runner.cleanup()
