from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.server.running import HEADERS, EchoBrain, ToneSynthesiser, serving, settings
from voicebot.errors import SynthesisError
from voicebot.server import HostedBot
from voicebot.server.audio.addresses import AudioAddresses, Sentence
from voicebot.server.audio.encoders import WavEncoder
from voicebot.speech.types import SpeechRequest


def bots() -> list[HostedBot]:
    return [HostedBot("echo", EchoBrain(), "en")]


async def address(client: aiohttp.ClientSession, text: str) -> str:
    answer = await client.post("/stream/query", json={"queryText": text}, headers=HEADERS)
    url: str = json.loads((await answer.text()).splitlines()[0])["answer"][0]["reply"]["audioURL"]
    return url


def addresses(secret: bytes = b"s", max_names: int = 10) -> AudioAddresses:
    return AudioAddresses(secret, 3600, max_names)


def name_in(path: str) -> str:
    return path.removeprefix("/audio/").partition(".")[0]


def test_names_are_stable_and_differ_by_text_voice_and_secret() -> None:
    names = {name_in(addresses().url_path("hi", "en")), name_in(addresses().url_path(" hi ", "en"))}
    assert len(names) == 1
    other = [addresses().url_path("ho", "en"), addresses().url_path("hi", "zh"), addresses(b"t").url_path("hi", "en")]
    names.update(map(name_in, other))
    assert len(names) == 4
    assert min(map(len, names)) >= 32


def test_names_are_bounded() -> None:
    books = addresses(max_names=2)
    first, second = (name_in(books.url_path(text, "en")) for text in ("1", "2"))
    books.url_path("1", "en")
    books.url_path("3", "en")
    assert len(books) == 2
    assert books.sentence(first) == Sentence("1", "en")
    assert books.sentence(second) is None


@pytest.mark.parametrize(("query", "rate"), [("", 8000), ("&rate=8000", 8000), ("&rate=16000", 16000)])
async def test_a_sentence_is_spoken(tmp_path: Path, query: str, rate: int) -> None:
    synthesiser = ToneSynthesiser()
    async with serving(settings(tmp_path), bots(), synthesiser) as (server, client):
        url = await address(client, "ab")
        assert url.startswith(f"{server.url}/audio/")
        answer = await client.get(url + query)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "audio/wav")
        body = await answer.read()
    assert body == WavEncoder(rate).header() + b"a\0" * (rate // 100) + b"b\0" * (rate // 100)
    assert synthesiser.requests == [SpeechRequest("ab", "en", rate)]


async def test_sound_goes_out_while_it_is_made(tmp_path: Path) -> None:
    synthesiser = ToneSynthesiser()
    async with serving(settings(tmp_path), bots(), synthesiser) as (_, client):
        answer = await client.get(await address(client, "a~b"))
        assert await answer.content.readexactly(44 + 160) == WavEncoder(8000).header() + b"a\0" * 80
        synthesiser.go_on.set()
        assert len(await answer.read()) == 320


async def test_who_goes_away_stops_the_synthesis(tmp_path: Path) -> None:
    synthesiser = ToneSynthesiser()
    async with serving(settings(tmp_path), bots(), synthesiser) as (_, client):
        answer = await client.get(await address(client, "a~b"))
        await answer.content.readexactly(44)
        answer.close()
        await asyncio.wait_for(synthesiser.given_up.wait(), 5)


async def test_head_makes_no_sound(tmp_path: Path) -> None:
    synthesiser = ToneSynthesiser()
    async with serving(settings(tmp_path), bots(), synthesiser) as (_, client):
        answer = await client.head(await address(client, "a"))
        assert answer.status == 200
    assert synthesiser.requests == []


async def test_what_there_is_not(tmp_path: Path) -> None:
    async with serving(settings(tmp_path), bots(), ToneSynthesiser()) as (_, client):
        assert (await client.get("/audio/abc.wav")).status == 404
        assert (await client.get("/audio/..%2f..%2fapi_key.wav")).status == 404
        answer = await client.get(await address(client, "a") + "&rate=44100")
        assert (answer.status, (await answer.json())["field"]) == (400, "rate")
    async with serving(settings(tmp_path), bots()) as (_, client):
        assert (await client.get("/audio/abc.wav")).status == 404


class FailingSynthesiser:
    async def synthesise(self, request: SpeechRequest) -> AsyncIterator[bytes]:
        if request.text == "late":
            yield b"\0\0"
        raise SynthesisError("no voice")


async def test_a_voice_that_fails(tmp_path: Path) -> None:
    async with serving(settings(tmp_path), bots(), FailingSynthesiser()) as (_, client):
        answer = await client.get(await address(client, "early"))
        assert (answer.status, (await answer.json())["code"]) == (503, "speech_synthesis")
        answer = await client.get(await address(client, "late"))
        with pytest.raises(aiohttp.ClientError):
            await answer.read()
