"""``GET /audio/{name}.wav``: the sound of a sentence, while it is made or from disk."""

from __future__ import annotations

import asyncio
import logging
from contextlib import closing
from functools import partial

from aiohttp import web

from voicebot.errors import VoicebotError
from voicebot.server.audio.conditions import Part, part_of
from voicebot.server.audio.formats import Variant, wanted_variant
from voicebot.server.audio.library import AudioLibrary, Making
from voicebot.server.audio.shelf import StoredAudio
from voicebot.server.failures import Refusal, failure

logger = logging.getLogger(__name__)

LIBRARY = web.AppKey("audio_library", AudioLibrary)

# A client that takes nothing for this long is gone, or might as well be.
_STALLED_S = 60.0
_SLICE_BYTES = 65_536
_REFUSED = {
    412: partial(failure, 412, "precondition_failed", "the audio file is another one by now"),
    416: partial(failure, 416, "bad_range", "Range: the audio file has no such bytes", "Range"),
}


async def get_audio(request: web.Request) -> web.StreamResponse:
    """Send an audio file; ``rate`` and ``format`` of the query choose which one of the sentence."""
    library = request.app[LIBRARY]
    given = (request.query.get("e", ""), request.query.get("s", ""))
    remaining_s = library.addresses.remaining_s(request.match_info["name"], *given)
    if remaining_s is None:
        raise _unknown()
    if not remaining_s:
        raise Refusal(410, "expired", "the address of this audio file has expired")
    wanted = wanted_variant(request.match_info["name"], request.match_info["extension"], request.query)
    headers = {"Content-Type": wanted.format.content_type, "Cache-Control": f"private, max-age={remaining_s}"}
    if request.method == "HEAD":
        return await _head(request, library, wanted, headers)
    found = await library.find(wanted)
    if found is None:
        raise _unknown()
    if isinstance(found, StoredAudio):
        return await _send_stored(request, found, headers)
    if "Range" in request.headers:
        return await _send_stored(request, await _made(found), headers)
    return await _send_while_made(request, found, headers)


def _unknown() -> Refusal:
    return Refusal(404, "not_found", "there is no such audio file")


async def _head(
    request: web.Request, library: AudioLibrary, wanted: Variant, headers: dict[str, str]
) -> web.StreamResponse:
    stored = await library.stored(wanted)
    if stored is not None:
        return await _send_stored(request, stored, headers)
    if library.addresses.sentence(wanted.name) is None:
        raise _unknown()
    response = web.StreamResponse(headers={**headers, "Accept-Ranges": "bytes"})
    await response.prepare(request)
    return response


async def _made(making: Making) -> StoredAudio:
    """Wait until a file is whole."""
    with closing(making.listen()) as pieces:
        async for _ in pieces:
            pass
    assert making.whole is not None, "a stream ends when its file is stored"
    return making.whole


async def _send_stored(request: web.Request, stored: StoredAudio, headers: dict[str, str]) -> web.StreamResponse:
    part = part_of(request, stored.etag, stored.made_s, len(stored.body))
    response = _REFUSED[part.status]() if part.status in _REFUSED else _part_response(part, stored, headers)
    response.headers["Accept-Ranges"] = "bytes"
    if part.status in (206, 416):
        bytes_sent = f"{part.start}-{part.stop - 1}" if part.status == 206 else "*"
        response.headers["Content-Range"] = f"bytes {bytes_sent}/{len(stored.body)}"
    await response.prepare(request)
    if request.method == "GET":
        for at in range(part.start, part.stop, _SLICE_BYTES):
            await _write(request, response, stored.body[at : min(at + _SLICE_BYTES, part.stop)])
    await response.write_eof()
    return response


def _part_response(part: Part, stored: StoredAudio, headers: dict[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(status=part.status, headers=headers)
    response.etag = stored.etag
    response.last_modified = stored.made_s
    if part.status != 304:
        response.content_length = part.stop - part.start
    return response


async def _send_while_made(request: web.Request, making: Making, headers: dict[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(headers={**headers, "Accept-Ranges": "bytes", "X-Accel-Buffering": "no"})
    # A client that goes away cancels this handler; the last one to go stops the synthesis.
    with closing(making.listen()) as pieces:
        try:
            async for piece in pieces:
                if not response.prepared:
                    await response.prepare(request)
                await _write(request, response, piece)
            if not response.prepared:  # nothing to speak, in a format without a header
                await response.prepare(request)
            await response.write_eof()
        except ConnectionResetError:
            # The client went away a moment before this handler would have been cancelled for that.
            logger.debug("a client left in the middle of an audio file")
            return response
        except Exception as error:
            if not response.prepared:
                raise
            _break_off(request, error)
    return response


def _break_off(request: web.Request, error: Exception) -> None:
    """Cut the connection: a torn file must not look like a whole one."""
    if isinstance(error, VoicebotError):
        logger.error("an audio file broke off: %s", error.code)
    else:
        logger.error("an audio file broke off", exc_info=error)
    if request.transport is not None:
        request.transport.abort()


async def _write(request: web.Request, response: web.StreamResponse, content: bytes) -> None:
    """Send, but do not wait forever for a client that does not read: cut off, it frees what it holds."""
    if request.transport is None:
        raise ConnectionResetError("the client left")
    watchdog = asyncio.get_running_loop().call_later(_STALLED_S, request.transport.abort)
    try:
        await response.write(content)
    finally:
        watchdog.cancel()
