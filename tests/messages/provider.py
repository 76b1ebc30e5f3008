"""A provider of text messages on this machine: an HTTP server that notes what it gets and answers what it is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True)
class Request:
    """What came in."""

    path: str
    headers: Mapping[str, str]
    body: bytes


Answer = Callable[[Request], Awaitable[web.StreamResponse]]


@dataclass
class Provider:
    """The server's address, its requests, and how it answers them."""

    answer: Answer
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one request."""
        got = Request(request.path, dict(request.headers), await request.read())
        async with self.arrived:
            self.requests.append(got)
            self.arrived.notify_all()
        return await self.answer(got)

    async def has_got(self, count: int) -> None:
        """Wait for the count-th request."""
        async with self.arrived:
            await self.arrived.wait_for(lambda: len(self.requests) >= count)


def answering(status: int = 200, headers: Mapping[str, str] | None = None, **options: object) -> Answer:
    """Return an answer that is always the same; ``json`` or ``text`` is its content."""

    async def answer(_request: Request) -> web.StreamResponse:
        if "json" in options:
            # Without a charset, as Tencent Cloud writes it: its SDK sees errors in no other type.
            content = {"Content-Type": "application/json", **(headers or {})}
            return web.Response(body=json.dumps(options["json"]).encode(), status=status, headers=content)
        return web.Response(status=status, headers=headers, text=str(options.get("text", "")))

    return answer


async def never(_request: Request) -> web.StreamResponse:
    """Leave the client without an answer."""
    await asyncio.Event().wait()
    raise AssertionError("not reached")


async def hanging_up(_request: Request) -> web.StreamResponse:
    """Close the connection in place of an answer."""
    raise ConnectionResetError


@contextlib.asynccontextmanager
async def provider(answer: Answer) -> AsyncIterator[Provider]:
    """Run a provider on a free port."""
    serving = Provider(answer)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serving.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        serving.url = f"http://{host}:{port}"
        yield serving
    finally:
        await runner.cleanup()
