from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.server.running import HEADERS, EchoBrain, ToneSynthesiser, serving, settings
from tests.server.speaking import audio_files, speaking
from voicebot.errors import SpeechWorkerLostError, SynthesisError
from voicebot.server import HostedBot
from voicebot.server.audio import handler
from voicebot.server.audio.encoders import make_encoder
from voicebot.server.audio.formats import AudioFormat
from voicebot.speech.types import SpeechRequest

HEADER_BYTES = 44
PIECE_BYTES = 160


def spoken(text: str, audio_format: AudioFormat = AudioFormat.WAV, rate_hz: int = 8000) -> tuple[bytes, bytes]:
    """Return what is streamed of a text, and its whole file."""
    encoder = make_encoder(audio_format, rate_hz)
    pcm = b"".join(ord(character).to_bytes(2, "little") * (rate_hz // 100) for character in text)
    streamed = encoder.header() + encoder.feed(pcm) + encoder.finish()
    return streamed, encoder.whole(streamed)


async def test_an_answer_carries_the_address_of_its_sound(tmp_path: Path) -> None:
    synthesiser = ToneSynthesiser()
    async with serving(settings(tmp_path), [HostedBot("echo", EchoBrain(), "en")], synthesiser) as (server, client):
        answer = await client.post("/stream/query", json={"queryText": "ab", "sessionId": "1"}, headers=HEADERS)
        url = json.loads((await answer.text()).splitlines()[0])["answer"][0]["reply"]["audioURL"]
        assert url.startswith(f"{server.url}/audio/")
        sound = await client.get(url)
        assert (sound.status, sound.headers["Content-Type"]) == (200, "audio/wav")
        assert await sound.read() == spoken("ab")[0]
    assert synthesiser.requests == [SpeechRequest("ab", "en", 8000)]


@pytest.mark.parametrize("rate_hz", [8000, 16000])
@pytest.mark.parametrize("audio_format", AudioFormat)
async def test_every_format_streams_and_then_comes_from_disk(
    tmp_path: Path, audio_format: AudioFormat, rate_hz: int
) -> None:
    streamed, whole = spoken("hello there" * 9, audio_format, rate_hz)
    synthesiser = ToneSynthesiser()
    async with speaking(tmp_path, synthesiser) as server:
        url = server.url("hello there" * 9, f"&format={audio_format.value}&rate={rate_hz}")
        first = await server.ask(url)
        assert (first.status, first.headers["Content-Type"]) == (200, audio_format.content_type)
        assert "Content-Length" not in first.headers
        assert first.body == streamed
        second = await server.ask(url)
        assert second.headers["Content-Length"] == str(len(whole))
        assert second.headers["Content-Type"] == audio_format.content_type
        assert second.body == whole
    assert len(synthesiser.requests) == 1


async def test_the_extension_chooses_the_format_unless_it_is_named(tmp_path: Path) -> None:
    async with speaking(tmp_path, ToneSynthesiser()) as server:
        url = server.url("a").replace(".wav", ".mp3")
        assert (await server.ask(url)).headers["Content-Type"] == "audio/mpeg"
        assert (await server.ask(url + "&format=pcmu")).headers["Content-Type"] == "audio/wav"


@pytest.mark.parametrize("audio_format", AudioFormat)
async def test_nothing_to_speak_is_a_file_all_the_same(tmp_path: Path, audio_format: AudioFormat) -> None:
    async with speaking(tmp_path, ToneSynthesiser()) as server:
        for expected in spoken("", audio_format):
            answer = await server.ask(server.url("", f"&format={audio_format.value}"))
            assert (answer.status, answer.body) == (200, expected)


async def test_sound_goes_out_while_it_is_made(tmp_path: Path) -> None:
    synthesiser = ToneSynthesiser()
    async with speaking(tmp_path, synthesiser) as server:
        answer = await server.client.get(server.url("a~b"))
        assert await answer.content.readexactly(HEADER_BYTES + PIECE_BYTES) == spoken("a")[0]
        assert not synthesiser.go_on.is_set()
        synthesiser.go_on.set()
        assert len(await answer.read()) == 2 * PIECE_BYTES


async def test_one_synthesis_however_many_ask_at_once(tmp_path: Path) -> None:
    synthesiser = ToneSynthesiser()
    async with speaking(tmp_path, synthesiser) as server:
        answers = await asyncio.gather(*(server.client.get(server.url("a~b")) for _ in range(50)))
        late = await server.client.get(server.url("a~b"))
        synthesiser.go_on.set()
        assert {await answer.read() for answer in (*answers, late)} == {spoken("a~b")[0]}
    assert len(synthesiser.requests) == 1


async def test_all_formats_of_a_rate_share_one_synthesis(tmp_path: Path) -> None:
    text = "a~b" * 100
    synthesiser = ToneSynthesiser()
    async with speaking(tmp_path, synthesiser) as server:
        asked = [
            asyncio.ensure_future(server.client.get(server.url(text, f"&format={audio_format.value}")))
            for audio_format in AudioFormat
        ]
        await asked[0]
        synthesiser.go_on.set()
        bodies = [await answer.read() for answer in await asyncio.gather(*asked)]
    assert bodies == [spoken(text, audio_format)[0] for audio_format in AudioFormat]
    assert len(synthesiser.requests) == 1
    assert len(audio_files(tmp_path)) == len(AudioFormat)


async def test_the_last_one_to_go_away_stops_the_synthesis(tmp_path: Path) -> None:
    synthesiser = ToneSynthesiser()
    async with speaking(tmp_path, synthesiser) as server:
        one, other = [await server.client.get(server.url("a~b", "&format=" + name)) for name in ("wav", "pcmu")]
        await other.content.readexactly(58 + PIECE_BYTES // 2)
        one.close()
        again = await server.client.get(server.url("a~b"))
        await again.content.readexactly(HEADER_BYTES + PIECE_BYTES)
        assert not synthesiser.given_up.is_set()
        again.close()
        other.close()
        await asyncio.wait_for(synthesiser.given_up.wait(), 5)
        assert len(synthesiser.requests) == 1
        synthesiser.go_on.set()
        assert (await server.ask(server.url("a~b"))).body == spoken("a~b")[0]
        assert len(synthesiser.requests) == 2


async def test_a_server_that_closes_stops_the_synthesis(tmp_path: Path) -> None:
    synthesiser = ToneSynthesiser()
    async with speaking(tmp_path, synthesiser) as server:
        answer = await server.client.get(server.url("a~b"))
        await answer.content.readexactly(HEADER_BYTES)
    answer.close()
    assert synthesiser.given_up.is_set()
    assert audio_files(tmp_path) == []


async def test_a_slow_listener_holds_up_nobody_and_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "_STALLED_S", 0.2)
    synthesiser = ToneSynthesiser()
    pieces = 50_000
    async with speaking(tmp_path, synthesiser) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(f"GET {server.url('a' * pieces + '~b')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await reader.readexactly(12)
        async with server.client.get(server.url("a" * pieces + "~b")) as quick:
            await quick.content.readexactly(HEADER_BYTES + pieces * PIECE_BYTES)
        await asyncio.wait_for(synthesiser.given_up.wait(), 10)
        writer.close()
    assert len(synthesiser.requests) == 1


async def test_after_a_restart_what_was_rendered_is_served(tmp_path: Path) -> None:
    synthesiser = ToneSynthesiser()
    async with speaking(tmp_path, synthesiser) as server:
        rendered, other = server.url("rendered"), server.url("other")
        await server.ask(rendered)
    async with speaking(tmp_path, synthesiser) as server:
        answer = await server.ask(rendered)
        assert (answer.status, answer.body) == (200, spoken("rendered")[1])
        assert (await server.ask(other)).status == 404
        assert (await server.ask(other, method="HEAD")).status == 404
        assert (await server.ask(rendered + "&rate=16000")).status == 404
    assert len(synthesiser.requests) == 1


@pytest.mark.parametrize("kept_bytes", [0, 100, 250])
async def test_a_torn_file_is_rendered_again_and_once(tmp_path: Path, kept_bytes: int) -> None:
    synthesiser = ToneSynthesiser()
    async with speaking(tmp_path, synthesiser) as server:
        await server.ask(server.url("ab"))
        (file,) = audio_files(tmp_path)
        file.write_bytes(file.read_bytes()[:kept_bytes])
        answers = await asyncio.gather(*(server.ask(server.url("ab")) for _ in range(20)))
        assert {answer.body for answer in answers} <= set(spoken("ab"))
        assert len(synthesiser.requests) == 2
        assert (await server.ask(server.url("ab"))).body == spoken("ab")[1]


async def test_a_file_that_was_thrown_away_is_rendered_again(tmp_path: Path) -> None:
    synthesiser = ToneSynthesiser()
    async with speaking(tmp_path, synthesiser, limit_bytes=1000) as server:
        for text in ("abcd", "efgh", "abcd"):
            assert (await server.ask(server.url(text))).body == spoken(text)[0]
    assert len(synthesiser.requests) == 3


async def test_a_full_disk_costs_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    synthesiser = ToneSynthesiser()
    async with speaking(tmp_path, synthesiser) as server:
        (tmp_path / "audio").rmdir()
        (tmp_path / "audio").write_text("no directory")
        for _ in range(2):
            assert (await server.ask(server.url("ab"))).body == spoken("ab")[0]
        part = await server.ask(server.url("ab"), {"Range": "bytes=44-47"})
        assert (part.status, part.body) == (206, b"a\0a\0")
    assert "cannot be kept" in caplog.text


class FailingSynthesiser:
    async def synthesise(self, request: SpeechRequest) -> AsyncIterator[bytes]:
        if request.text.startswith("late"):
            yield b"\0\0"
        if request.text == "late defect":
            raise RuntimeError("a defect")
        if request.text == "lost":
            raise SpeechWorkerLostError("gone")
        raise SynthesisError("no voice")


@pytest.mark.parametrize(("text", "code"), [("early", "speech_synthesis"), ("lost", "speech_worker_lost")])
@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-"}])
async def test_a_voice_that_fails_at_once(tmp_path: Path, text: str, code: str, headers: dict[str, str]) -> None:
    async with speaking(tmp_path, FailingSynthesiser()) as server:
        answer = await server.ask(server.url(text), headers)
        assert (answer.status, answer.code) == (503, code)
    assert audio_files(tmp_path) == []


@pytest.mark.parametrize("text", ["late", "late defect"])
async def test_a_voice_that_fails_on_the_way_leaves_no_whole_file(tmp_path: Path, text: str) -> None:
    async with speaking(tmp_path, FailingSynthesiser()) as server:
        with pytest.raises(aiohttp.ClientPayloadError):
            await server.ask(server.url(text))
    assert audio_files(tmp_path) == []


async def test_no_sentence_speaks_forever(tmp_path: Path) -> None:
    class Endless:
        async def synthesise(self, request: SpeechRequest) -> AsyncIterator[bytes]:
            while True:
                yield bytes(60 * 2 * request.rate_hz)

    async with speaking(tmp_path, Endless()) as server:
        with pytest.raises(aiohttp.ClientPayloadError):
            await server.ask(server.url("a"))
    assert audio_files(tmp_path) == []


async def test_samples_cut_in_half_are_put_together(tmp_path: Path) -> None:
    class ByteByByte:
        async def synthesise(self, request: SpeechRequest) -> AsyncIterator[bytes]:
            for value in b"a\0b\0c\0":
                yield bytes([value])

    async with speaking(tmp_path, ByteByByte()) as server:
        answer = await server.ask(server.url("a", "&format=pcma"))
        encoder = make_encoder(AudioFormat.PCMA, 8000)
        assert answer.body == encoder.header() + encoder.feed(b"a\0b\0c\0") + encoder.finish()
