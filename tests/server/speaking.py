"""A server of audio files, and its addresses without the detour over an answer."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.server.running import EchoBrain, settings
from voicebot.server import HostedBot, create_app, start_server
from voicebot.server.audio import LIBRARY, AudioLibrary
from voicebot.server.audio.addresses import AudioAddresses
from voicebot.server.audio.shelf import AudioShelf
from voicebot.speech.types import Synthesiser

MIB = 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """A response that was read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(json.loads(self.body)["code"])


@dataclass(frozen=True)
class Speaking:
    """A running server, a client for it, and what it makes its addresses with."""

    client: aiohttp.ClientSession
    library: AudioLibrary
    port: int

    def url(self, text: str, parameters: str = "") -> str:
        return self.library.url_path(text, "en") + parameters

    async def ask(self, url: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Answer:
        async with self.client.request(method, url, headers=headers) as response:
            return Answer(response.status, response.headers, await response.read())


@asynccontextmanager
async def speaking(
    data: Path, synthesiser: Synthesiser, clock: Callable[[], float] = time.time, limit_bytes: int = MIB
) -> AsyncIterator[Speaking]:
    """Run a server of audio files; its library is made of real parts, with a clock of the test's."""
    app = create_app(settings(data), [HostedBot("echo", EchoBrain(), "en")], synthesiser)
    shelf = AudioShelf(data / "audio", limit_bytes, clock)
    app[LIBRARY] = library = AudioLibrary(synthesiser, shelf, AudioAddresses(b"secret", 600, clock=clock))
    server = await start_server(app, "127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession(server.url) as client:
            yield Speaking(client, library, server.port)
    finally:
        await server.close()


def audio_files(data: Path) -> list[Path]:
    """Return the files that the server keeps."""
    return sorted(path for path in (data / "audio").rglob("*") if path.is_file())
