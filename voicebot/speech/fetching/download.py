"""One file over HTTP: redirects that are judged anew, time-outs by phase, a limit on the bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from yarl import URL

from voicebot.errors import AudioBlockedError, AudioFileError
from voicebot.speech.fetching.guard import AddressGuard
from voicebot.speech.fetching.resolver import GuardedResolver

MAX_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
# Identity: a small compressed body could unfold to anything. No cookies and nothing else of ours is sent.
_HEADERS = {"Accept": "audio/*, application/octet-stream;q=0.5", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """What one download may take; a caller is waiting for it in silence.

    Attributes:
        max_bytes: the longest body.
        connect_s: for a connection, look-up included.
        response_s: from the request to the headers.
        gap_s: between two pieces of the body.
        total_s: for everything, redirects included.
    """

    max_bytes: int
    connect_s: float = 2.0
    response_s: float = 4.0
    gap_s: float = 4.0
    total_s: float = 60.0


@asynccontextmanager
async def download(url: str, guard: AddressGuard, limits: DownloadLimits) -> AsyncIterator[AsyncGenerator[bytes, None]]:
    """Open a file and hand out its bytes as they come.

    Raises:
        AudioBlockedError: it, or where it redirects to, must not be fetched.
        AudioFileError: it cannot be fetched within the limits.
    """
    timeout = aiohttp.ClientTimeout(total=limits.total_s, connect=limits.connect_s, sock_read=limits.gap_s)
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=GuardedResolver(guard), use_dns_cache=False, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=timeout,
        auto_decompress=False,
        trust_env=False,
    )
    async with session:
        response = await _follow(session, url, guard, limits)
        pieces = _body(response, limits.max_bytes)
        try:
            yield pieces
        finally:
            await pieces.aclose()
            response.close()


async def _follow(
    session: aiohttp.ClientSession, url: str | URL, guard: AddressGuard, limits: DownloadLimits
) -> aiohttp.ClientResponse:
    for _ in range(MAX_REDIRECTS + 1):
        response = await _get(session, guard.target(url).url, limits)
        if response.status == 200:
            _check_head(response, limits.max_bytes)
            return response
        location = response.headers.get("Location", "")
        response.close()
        if response.status not in _REDIRECTS or not location:
            raise AudioFileError(f"the audio file cannot be had (HTTP {response.status})")
        url = _joined(response.url, location)
    raise AudioFileError(f"the audio file is redirected more than {MAX_REDIRECTS} times")


async def _get(session: aiohttp.ClientSession, url: URL, limits: DownloadLimits) -> aiohttp.ClientResponse:
    request = asyncio.ensure_future(session.get(url, headers=_HEADERS, allow_redirects=False))
    try:
        # Not wait_for: before Python 3.12 it loses a cancellation that comes together with the response.
        done, _ = await asyncio.wait({request}, timeout=limits.response_s)
        if not done:
            raise AudioFileError("the host of the audio file does not answer in time")
        return request.result()
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
        raise AudioFileError(f"the audio file cannot be reached ({type(error).__name__})") from error
    finally:
        if not request.done():
            request.cancel()
            await asyncio.wait({request})


def _check_head(response: aiohttp.ClientResponse, max_bytes: int) -> None:
    problem = ""
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        problem = "the audio file is compressed although that was not asked for"
    elif (response.content_length or 0) > max_bytes:
        problem = f"the audio file is longer than {max_bytes} bytes"
    if problem:
        response.close()
        raise AudioFileError(problem)


async def _body(response: aiohttp.ClientResponse, max_bytes: int) -> AsyncGenerator[bytes, None]:
    received = 0
    while True:
        try:
            data = await response.content.readany()
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise AudioFileError(f"the audio file broke off ({type(error).__name__})") from error
        if not data:
            return
        received += len(data)
        if received > max_bytes:
            raise AudioFileError(f"the audio file is longer than {max_bytes} bytes")
        yield data


def _joined(base: URL, location: str) -> URL:
    try:
        return base.join(URL(location))
    except ValueError as error:
        raise AudioBlockedError("the audio file is redirected to something that is no URL") from error
