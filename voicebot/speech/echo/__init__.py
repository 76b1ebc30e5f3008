"""The bot's own voice that comes back: what the caller hears, and whether a frame is more than its echo."""

from voicebot.speech.echo.guard import EchoConfig, EchoGuard
from voicebot.speech.echo.played import PlayedAudio

__all__ = ["EchoConfig", "EchoGuard", "PlayedAudio"]
