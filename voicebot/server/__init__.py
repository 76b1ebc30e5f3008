"""The HTTP server: the dialogue interface, audio files, health."""

from voicebot.server.app import create_app
from voicebot.server.hosted import HostedBot
from voicebot.server.keys import api_key, audio_secret
from voicebot.server.running import HttpServer, start_server

__all__ = ["HostedBot", "HttpServer", "api_key", "audio_secret", "create_app", "start_server"]
