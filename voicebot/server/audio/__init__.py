"""Audio files of sentences: an address goes out at once, and the sound is made when it is fetched."""

from __future__ import annotations

from aiohttp import web

from voicebot.server.audio.handler import LIBRARY, get_audio
from voicebot.server.audio.library import AudioLibrary, open_library
from voicebot.settings import Settings
from voicebot.speech.types import Synthesiser

__all__ = ["LIBRARY", "AudioLibrary", "add_audio_files"]


def add_audio_files(app: web.Application, settings: Settings, synthesiser: Synthesiser) -> None:
    """Let an application serve audio files.

    Raises:
        ConfigError: the secret or the files cannot be kept in the data directory.
    """
    app[LIBRARY] = open_library(settings, synthesiser)
    app.router.add_get(r"/audio/{name:[A-Za-z0-9_-]+}.{extension:wav|mp3}", get_audio)
    app.on_cleanup.append(_close)


async def _close(app: web.Application) -> None:
    await app[LIBRARY].close()
