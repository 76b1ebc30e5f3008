"""``POST /stream/query``: the dialogue interface."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping

from aiohttp import web

from voicebot.protocol.chunk import Chunk, emit_packet
from voicebot.protocol.framing import Framing, load_json
from voicebot.protocol.query import parse_query
from voicebot.protocol.reply import AudioField
from voicebot.server.audio import LIBRARY
from voicebot.server.closing import closing_iterator
from voicebot.server.failures import Refusal
from voicebot.server.hosted import HostedBot
from voicebot.server.keys import same_key
from voicebot.settings import Settings

logger = logging.getLogger(__name__)

BOTS = web.AppKey("bots", Mapping[str, HostedBot])
API_KEY = web.AppKey("api_key", str)
SETTINGS = web.AppKey("settings", Settings)
AUDIO_FIELD = web.AppKey("audio_field", AudioField)


async def post_query(request: web.Request) -> web.StreamResponse:
    """Answer a query, streaming each chunk as it comes."""
    _check_key(request)
    bot = _bot(request)
    query = parse_query(load_json(await _body(request)))
    framing = Framing.from_accept(request.headers.get("Accept", ""))
    response = web.StreamResponse(headers={"Content-Type": framing.content_type, "Cache-Control": "no-store"})
    response.headers["X-Accel-Buffering"] = "no"  # nginx holds streams back otherwise
    done = False
    # A client that goes away cancels this handler, and with it the answer.
    async with closing_iterator(bot.brain.ask(query)) as chunks:
        try:
            async for chunk in chunks:
                # Not before the first chunk: a brain that fails at once still gets a proper status.
                if not response.prepared:
                    await response.prepare(request)
                packet = emit_packet(_with_audio(request, bot, chunk), request.app[AUDIO_FIELD])
                await response.write(framing.encode(packet))
                done = chunk.done
        except ConnectionResetError:
            # The client went away a moment before this handler would have been cancelled for that.
            logger.debug("a client of bot %s left in the middle of an answer", bot.name)
            return response
        except Exception:
            if not response.prepared:
                raise
            logger.exception("an answer of bot %s broke off", bot.name)
    if not response.prepared:
        raise Refusal(409, "superseded", "another query of this session came in between", "sessionId")
    if done:
        await response.write_eof()
    elif request.transport is not None:
        request.transport.abort()  # a torn answer must not look like a whole one
    return response


def _check_key(request: web.Request) -> None:
    """Let in whoever sends the key as ``token`` or ``Authorization: Bearer``; the page wants both, clients differ."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    given = [request.headers.get("token", ""), credentials.strip() if scheme.lower() == "bearer" else ""]
    # Both are compared in any case, so that the time taken does not tell which one was wrong.
    token_fits, bearer_fits = (same_key(key, request.app[API_KEY]) for key in given)
    if not (token_fits or bearer_fits):
        raise Refusal(401, "unauthorized", "the key is missing or wrong")


async def _body(request: web.Request) -> bytes:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Refusal(415, "unsupported", "Content-Encoding: the body must not be compressed", "Content-Encoding")
    return await request.read()


def _bot(request: web.Request) -> HostedBot:
    name = request.match_info.get("bot", request.app[SETTINGS].bots.default)
    bot = request.app[BOTS].get(name)
    if bot is None:
        raise Refusal(404, "unknown_bot", "there is no bot of that name", "bot")
    return bot


def _with_audio(request: web.Request, bot: HostedBot, chunk: Chunk) -> Chunk:
    library = request.app.get(LIBRARY)
    reply = chunk.reply
    if library is None or reply is None or not reply.text.strip() or reply.audio_url:
        return chunk
    base = request.app[SETTINGS].http.public_url.rstrip("/") or f"{request.scheme}://{request.host}"
    url = f"{base}/audio/{library.name_of(reply.text, bot.voice)}.wav"
    return dataclasses.replace(chunk, reply=dataclasses.replace(reply, audio_url=url))
