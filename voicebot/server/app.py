"""The HTTP application, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aiohttp import web

from voicebot.campaigns.desk import Desk
from voicebot.errors import ConfigError
from voicebot.server.audio import add_audio_files
from voicebot.server.blacklist import add_blacklist
from voicebot.server.calls import add_calls
from voicebot.server.campaigns import add_campaigns
from voicebot.server.failures import failures_as_json
from voicebot.server.health import HEALTH, Facts, Health, get_health
from voicebot.server.hosted import HostedBot
from voicebot.server.keyring import KEYS, KeyRing
from voicebot.server.keys import KeyFile
from voicebot.server.openapi import add_document
from voicebot.server.streamquery import ANSWERS, BOTS, SETTINGS, TURNS, post_query
from voicebot.server.turns import Turns
from voicebot.settings import Settings
from voicebot.speech.types import Synthesiser


def create_app(
    settings: Settings,
    bots: Iterable[HostedBot],
    synthesiser: Synthesiser | None = None,
    health_facts: Facts | None = None,
    internal_key: str = "",
    desk: Desk | None = None,
    wake_driver: Callable[[], None] = lambda: None,
) -> web.Application:
    """Build the application.

    Args:
        settings: sections ``http``, ``bots``, ``answers``, ``audio_files``, ``conversation`` and ``paths`` are used.
        bots: the bots to host; ``settings.bots.default`` must be one of them.
        synthesiser: makes the audio files; None: answers carry no audio addresses.
        health_facts: what ``/healthz`` tells besides its own facts.
        internal_key: key for all bots that our own phone side uses; "" for none.
        desk: takes orders of outgoing calls; None: none can be ordered.
        wake_driver: tells whoever makes the calls that there is something new.

    Raises:
        ConfigError: the default bot is none of the bots, or keys or audio files cannot be kept.
    """
    hosted: dict[str, HostedBot] = {bot.name: bot for bot in bots}
    if settings.bots.default not in hosted:
        raise ConfigError(
            f"bots.default: there is no bot '{settings.bots.default}'; the bots are: {', '.join(sorted(hosted))}"
        )
    app = web.Application(middlewares=[failures_as_json], client_max_size=settings.http.max_body_bytes)
    app[SETTINGS] = settings
    app[BOTS] = hosted
    http = settings.http
    app[KEYS] = KeyRing(KeyFile.of(settings), http.api_key, internal_key, http.api_key_rights)
    app[ANSWERS] = {name: settings.answers.of(name) for name in hosted}
    app[TURNS] = Turns()
    app[HEALTH] = Health(health_facts)
    if synthesiser is not None:
        add_audio_files(app, settings, synthesiser)
    if desk is not None:
        add_calls(app, desk, wake_driver)
        add_campaigns(app)
        add_blacklist(app)
    app.router.add_post("/stream/query", post_query)
    app.router.add_post("/bots/{bot}/stream/query", post_query)
    app.router.add_get("/healthz", get_health)
    add_document(app, settings)
    return app


def host(app: web.Application, bot: HostedBot) -> None:
    """Host another bot, or another version of one that is there already."""
    app[ANSWERS][bot.name] = app[SETTINGS].answers.of(bot.name)
    app[BOTS][bot.name] = bot
