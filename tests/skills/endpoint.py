"""A server that answers every request in the same way, and keeps what was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Seen:
    """What a request looked like."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Endpoint:
    """Answers every request in the same way, and keeps what was asked."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)


@asynccontextmanager
async def endpoint(
    body: bytes = b"{}", status: int = 200, headers: dict[str, str] | None = None
) -> AsyncIterator[Endpoint]:
    served = Endpoint()

    async def answer(request: web.Request) -> web.Response:
        text = await request.text()
        served.seen.append(
            Seen(
                request.method,
                request.raw_path.partition("?")[0],
                dict(request.query),
                dict(request.headers),
                json.loads(text) if text else None,
            )
        )
        return web.Response(body=body, status=status, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield served
    finally:
        await runner.cleanup()
