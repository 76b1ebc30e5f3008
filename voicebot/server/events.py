"""``GET /api/v1/events``: the events of all calls as they happen, as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import contextlib
import json

from aiohttp import web

from voicebot.events.stream import EventStream, Numbered
from voicebot.server.api import Opened
from voicebot.server.failures import Refusal
from voicebot.server.keys import ALL_BOTS

STREAM = web.AppKey("event_stream", EventStream)


def add_events(app: web.Application, stream: EventStream) -> None:
    """Serve the stream."""
    app[STREAM] = stream
    app.router.add_get("/api/v1/events", get_events)
    app.on_shutdown.append(_close)


async def get_events(request: web.Request) -> web.StreamResponse:
    """Tell events until the client leaves. ``Last-Event-ID`` takes up where it was, as far as that is kept."""
    if not Opened(request).has(ALL_BOTS):
        raise Refusal(401, "unauthorized", "the events of all calls need a key for all bots")
    last = request.headers.get("Last-Event-ID", "")
    after = int(last) if last.isascii() and last.isdigit() and len(last) < 18 else None
    response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    response.content_type = "text/event-stream"
    await response.prepare(request)
    await response.write(b": listening\n\n")
    with contextlib.suppress(ConnectionError):
        async for item in request.app[STREAM].listen(after):
            await response.write(b": alive\n\n" if item is None else _written(item))
    return response


def _written(item: Numbered) -> bytes:
    data = json.dumps(item.event, ensure_ascii=False)
    return f"id: {item.number}\nevent: {item.event['type']}\ndata: {data}\n\n".encode("utf-8", "replace")


async def _close(app: web.Application) -> None:
    app[STREAM].close()
