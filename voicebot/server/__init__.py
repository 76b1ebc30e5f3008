"""The HTTP server: the dialogue interface, audio files, health."""

from voicebot.server.app import create_app
from voicebot.server.hosted import HostedBot
from voicebot.server.keys import KeyFile
from voicebot.server.running import HttpServer, start_server
from voicebot.server.secrets import audio_secret

__all__ = ["HostedBot", "HttpServer", "KeyFile", "audio_secret", "create_app", "start_server"]
