"""``POST /stream/query``: the dialogue interface."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable

from aiohttp import web

from voicebot.connectors.base import RehearsingBrain
from voicebot.errors import ProtocolError
from voicebot.protocol.framing import Framing, load_json
from voicebot.protocol.query import Query, parse_query
from voicebot.protocol.reply import AudioField
from voicebot.server.audio import LIBRARY
from voicebot.server.body import read_body
from voicebot.server.closing import closing_iterator
from voicebot.server.delivery import ClientGone, Delivery
from voicebot.server.failures import Refusal
from voicebot.server.hosted import HostedBot
from voicebot.server.keyring import KEYS, choose_bot, keys_of
from voicebot.server.keys import ALL_BOTS
from voicebot.server.packets import Packets
from voicebot.server.turns import Turns
from voicebot.settings import Settings
from voicebot.settings.serving import AnswerSettings

logger = logging.getLogger(__name__)

BOTS = web.AppKey("bots", dict[str, HostedBot])
ANSWERS = web.AppKey("answers", dict[str, AnswerSettings])
SETTINGS = web.AppKey("settings", Settings)
TURNS = web.AppKey("turns", Turns)
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx holds streams back otherwise


class _AnswerStream(web.StreamResponse):
    _send_headers_immediately = False  # they leave together with the first packets


async def post_query(request: web.Request) -> web.StreamResponse:
    """Answer a query, streaming each chunk as it comes."""
    bot = _bot(request)
    query = parse_query(load_json(await read_body(request)))
    if query.speculative:
        return await _rehearse(request, bot, query)
    if not query.session_id:
        query = dataclasses.replace(query, session_id=bot.new_session())
    app, settings = request.app, request.app[ANSWERS][bot.name]
    framing = _framing(request, settings)
    response = _AnswerStream(headers={"Content-Type": framing.content_type, **_HEADERS})
    packets = Packets(
        query.session_id,
        framing,
        AudioField(settings.audio_field),
        by_token=settings.chunks == "token",
        audio_url=_audio_url(request, bot, settings),
    )
    apology = app[SETTINGS].conversation.apology[bot.language]
    # A client that goes away cancels this handler, and with it the turn and all that works for it.
    async with app[TURNS].enter(bot.name, query.session_id) as turn:
        try:
            await Delivery(request, response, packets, bot, settings, apology).run(turn, query)
        except ClientGone:
            # A moment before this handler would have been cancelled for that.
            logger.debug("a client of bot %s left in the middle of an answer", bot.name)
    return response


async def _rehearse(request: web.Request, bot: HostedBot, query: Query) -> web.StreamResponse:
    """Answer a speculative query. It is no turn: an answer that is under way goes on, and nothing changes.

    What is worked on for it ends with the connection.
    """
    if not query.session_id:
        raise ProtocolError("sessionId: a speculative query needs one", "sessionId")
    if not isinstance(bot.brain, RehearsingBrain):
        raise ProtocolError("ext.speculate: this bot cannot prepare an answer", "ext.speculate")
    framing = _framing(request, request.app[ANSWERS][bot.name])
    packets = Packets(query.session_id, framing, AudioField.BOTH, wordless=True)
    response = _AnswerStream(headers={"Content-Type": framing.content_type, **_HEADERS})
    async with closing_iterator(bot.brain.rehearse(query)) as chunks:
        try:
            async for chunk in chunks:
                if not response.prepared:
                    await response.prepare(request)
                await response.write(packets.write([chunk]))
            await response.write_eof()
        except ConnectionResetError:
            logger.debug("a client of bot %s left in the middle of a rehearsal", bot.name)
    return response


def _bot(request: web.Request) -> HostedBot:
    """Return the bot that is asked, if the request has a key for it.

    A key for another bot is answered like a wrong one: it is not to tell which bots there are.
    """
    app = request.app
    opened = app[KEYS].bots(keys_of(request))
    name = request.match_info.get("bot") or choose_bot(opened, app[SETTINGS].bots.default)
    if not name or not (name in opened or ALL_BOTS in opened):
        raise Refusal(401, "unauthorized", "the key is missing or wrong")
    bot = app[BOTS].get(name)
    if bot is None:
        raise Refusal(404, "unknown_bot", "there is no bot of that name", "bot")
    return bot


def _framing(request: web.Request, settings: AnswerSettings) -> Framing:
    if settings.framing == "auto":
        return Framing.from_accept(request.headers.get("Accept", ""))
    return Framing.EVENTS if settings.framing == "events" else Framing.LINES


def _audio_url(request: web.Request, bot: HostedBot, settings: AnswerSettings) -> Callable[[str], str] | None:
    """Return what makes the addresses of an answer's audio, if it is to have any."""
    library = request.app.get(LIBRARY)
    if library is None or not settings.audio:
        return None
    base = request.app[SETTINGS].http.public_url.rstrip("/") or f"{request.scheme}://{request.host}"

    def address(text: str) -> str:
        return base + library.url_path(text, bot.voice)

    return address
