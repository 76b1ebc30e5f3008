"""Audio files of a real voice, by HTTP."""

from __future__ import annotations

import asyncio
import io
import os
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.running import settings
from tests.server.speaking import speaking
from voicebot.modelstore.store import ModelStore
from voicebot.settings import load_settings
from voicebot.speech.synthesis.service import SynthesisService, open_shelf
from voicebot.speech.types import SpeechRequest

pytestmark = [pytest.mark.audio, pytest.mark.timeout(90)]

FIRST, SECOND = "Your appointment is on Friday afternoon.", "Would you like to change it?"


class Held:
    """A voice whose second half waits for the test."""

    def __init__(self, service: SynthesisService) -> None:
        self._service = service
        self.go_on = asyncio.Event()
        self.finished = asyncio.Event()
        self.requests = 0

    async def synthesise(self, request: SpeechRequest) -> AsyncIterator[bytes]:
        self.requests += 1
        for text in (FIRST, SECOND):
            async for pcm in self._service.synthesise(SpeechRequest(text, request.voice, request.rate_hz)):
                yield pcm
            await self.go_on.wait()
        self.finished.set()


@pytest.fixture
async def voice(tmp_path: Path) -> AsyncIterator[Held]:
    store = ModelStore(load_settings(environ=os.environ))
    service = SynthesisService(
        settings(tmp_path), open_shelf(settings(tmp_path), store.path, {"en": store.voice("en")})
    )
    await service.start(["en"])
    yield Held(service)
    await service.close()


async def test_the_first_sound_arrives_while_the_voice_still_speaks(tmp_path: Path, voice: Held) -> None:
    async with speaking(tmp_path, voice) as server:
        url = server.url(f"{FIRST} {SECOND}")
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET {url} HTTP/1.0\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.0 200 OK")
        assert b"Content-Type: audio/wav" in head
        start = await reader.readexactly(44 + 8000)
        assert not voice.finished.is_set()
        voice.go_on.set()
        streamed = start + await reader.read()
        writer.close()
        assert voice.finished.is_set()
        kept = await server.ask(url)
        part = await server.ask(url, {"Range": "bytes=44-1043"})
    with wave.open(io.BytesIO(kept.body)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        pcm = file.readframes(file.getnframes())
        assert 2.0 < file.getnframes() / 8000 < 10.0
    assert streamed[44:] == pcm
    assert part.body == pcm[:1000]
    assert voice.requests == 1
