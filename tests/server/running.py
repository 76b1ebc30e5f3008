"""A real server on a free port, and what the tests ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from voicebot.protocol import Chunk, Query, Reply
from voicebot.server import HostedBot, HttpServer, create_app, start_server
from voicebot.settings import Settings, load_settings
from voicebot.speech.types import SpeechRequest, Synthesiser

KEY = "the-key"
HEADERS = {"token": KEY}


def settings(data: Path, *overrides: str) -> Settings:
    """Return settings for a test."""
    base = (f"paths.data={data}", f"http.api_key={KEY}", "bots.default=echo")
    return load_settings(overrides=[*base, *overrides])


class EchoBrain:
    """Says each word of the query as a chunk of its own; waits where the word is "wait", fails where it is "fail"."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.given_up = asyncio.Event()

    async def ask(self, query: Query) -> AsyncIterator[Chunk]:
        words = query.query_text.split()
        try:
            for number, word in enumerate(words):
                if word == "wait":
                    await self.go_on.wait()
                if word == "fail":
                    raise RuntimeError("a defect")
                yield Chunk(query.session_id, "q", number, reply=Reply(word))
        except (asyncio.CancelledError, GeneratorExit):
            self.given_up.set()
            raise
        yield Chunk(query.session_id, "q", len(words), done=True)


class ToneSynthesiser:
    """Speaks each character as 10 ms of its code; waits before a "~"."""

    def __init__(self) -> None:
        self.requests: list[SpeechRequest] = []
        self.go_on = asyncio.Event()
        self.given_up = asyncio.Event()

    async def synthesise(self, request: SpeechRequest) -> AsyncIterator[bytes]:
        self.requests.append(request)
        try:
            for character in request.text:
                if character == "~":
                    await self.go_on.wait()
                yield ord(character).to_bytes(2, "little") * (request.rate_hz // 100)
        except (asyncio.CancelledError, GeneratorExit):
            self.given_up.set()
            raise


@asynccontextmanager
async def serving(
    config: Settings,
    bots: Iterable[HostedBot],
    synthesiser: Synthesiser | None = None,
    facts: Callable[[], dict[str, object]] | None = None,
) -> AsyncIterator[tuple[HttpServer, aiohttp.ClientSession]]:
    """Run a server and a client for it."""
    server = await start_server(create_app(config, bots, synthesiser, facts), "127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession(server.url) as client:
            yield server, client
    finally:
        await server.close()
