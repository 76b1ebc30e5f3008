"""What an endpoint's refusal means, and whether the query may be sent again."""

from __future__ import annotations

import asyncio

import aiohttp

from voicebot.connectors.waiting import before
from voicebot.errors import (
    BrainError,
    BrainSessionLostError,
    BrainTimeoutError,
    BrainUnavailableError,
    ProtocolError,
)
from voicebot.protocol.framing import load_json

_MAX_ERROR_BYTES = 16_384
_ERROR_BODY_S = 1.0
_DEFAULT_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 1.0
_SESSION_LOST = "unknown_session"


def pause_before_retry_s(response: aiohttp.ClientResponse) -> float | None:
    """Return how long to wait before the same query may be sent again, None if it must not be.

    503 says that the server did not handle the request (RFC 9110, 15.6.4), 429 that it would not (RFC 6585, 4). 502 and
    504 come from a proxy that did pass the query on.
    """
    if response.status not in (429, 503):
        return None
    wanted = response.headers.get("Retry-After", "")
    if not wanted:
        return _DEFAULT_PAUSE_S if response.status == 503 else None
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 4):
        return None  # a date, and so far too late for somebody on the telephone
    return float(wanted) if float(wanted) <= _LONGEST_PAUSE_S else None


async def error_of(response: aiohttp.ClientResponse, deadline_s: float) -> BrainError:
    """Return what a response other than 200 means; its connection is given back or closed."""
    status = response.status
    try:
        if status == 404 and await _code(response, deadline_s) == _SESSION_LOST:
            return BrainSessionLostError("the dialogue endpoint does not know the session")
    finally:
        response.close()
    if status in (401, 403):
        return BrainUnavailableError(f"the dialogue endpoint does not accept the token (HTTP {status})")
    if status in (429, 503):
        return BrainUnavailableError(f"the dialogue endpoint is out of order (HTTP {status})")
    if status in (408, 504):
        return BrainTimeoutError(f"the dialogue endpoint was too slow (HTTP {status})")
    if status >= 500:
        return BrainError(f"the dialogue endpoint failed (HTTP {status})")
    return BrainError(f"the dialogue endpoint refused the query (HTTP {status})")


def unreachable(error: aiohttp.ClientError) -> BrainError:
    """Return the error for a connection that did not come about."""
    if isinstance(error, asyncio.TimeoutError):
        return BrainTimeoutError("no connection to the dialogue endpoint in time")
    return BrainUnavailableError(f"the dialogue endpoint cannot be reached ({type(error).__name__})")


async def _code(response: aiohttp.ClientResponse, deadline_s: float) -> str:
    """Return the ``code`` of a JSON error body, "" if there is none."""
    deadline_s = min(deadline_s, asyncio.get_running_loop().time() + _ERROR_BODY_S)
    try:
        data = load_json(await before(_body(response), deadline_s, "error"))
    except (BrainTimeoutError, ProtocolError, aiohttp.ClientError):
        return ""
    code = data.get("code") if isinstance(data, dict) else None
    return code if isinstance(code, str) else ""


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    while len(body) <= _MAX_ERROR_BYTES:
        data = await response.content.readany()
        if not data:
            return body
        body += data
    return b""
