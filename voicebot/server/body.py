"""Read the body of a request, within limits of size and time."""

from __future__ import annotations

import asyncio

from aiohttp import web

from voicebot.server.failures import Refusal

BODY_TIMEOUT_S = 10.0
"""How long a client may take to send a body."""


async def read_body(request: web.Request) -> bytes:
    """Return the body.

    Raises:
        Refusal: it is compressed, too large, or does not come.
        HTTPException: it turned out to be too large while it was read.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Refusal(415, "unsupported", "Content-Encoding: the body must not be compressed", "Content-Encoding")
    if (request.content_length or 0) > request.client_max_size:
        # Said at once; what is still coming is not waited for.
        raise Refusal(413, "too_large", f"the body is longer than {request.client_max_size} bytes", close=True)
    if request.content.is_eof():
        return await request.read()
    reading = asyncio.ensure_future(request.read())
    try:
        done, _ = await asyncio.wait({reading}, timeout=BODY_TIMEOUT_S)
        if not done:
            raise Refusal(408, "timeout", "the body did not come in time", close=True)
        return reading.result()
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
