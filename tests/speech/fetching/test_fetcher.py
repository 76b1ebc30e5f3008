from __future__ import annotations

import asyncio
import struct

import numpy as np
import pytest

from tests.speech.fetching.sounds import A_LAW, HANG, TONE_HZ, U_LAW, Samples, encoded, file_host, response, tone, wav
from tests.support.spectrum import assert_tone
from voicebot.errors import AudioBlockedError, AudioFileError
from voicebot.speech.fetching import fetcher as module
from voicebot.speech.fetching.download import DownloadLimits
from voicebot.speech.fetching.fetcher import AudioFileFetcher
from voicebot.speech.fetching.g711 import A_LAW as A_LAW_VALUES
from voicebot.speech.fetching.g711 import U_LAW as U_LAW_VALUES
from voicebot.speech.types import AudioRequest

MEBIBYTE = 1_048_576


async def fetch(url: str, rate_hz: int = 16000, max_bytes: int = MEBIBYTE, engine_url: str = "") -> bytes:
    fetcher = AudioFileFetcher(max_bytes, [] if engine_url else ["127.0.0.1"])
    return b"".join([pcm async for pcm in fetcher.fetch(AudioRequest(url, rate_hz, engine_url))])


async def fetched(file: bytes, rate_hz: int = 16000, *, announced: bool = True) -> bytes:
    async with file_host([response(file, announced=announced)]) as host:
        return await fetch(f"{host.url}/a", rate_hz)


def g711(samples: Samples, values: Samples) -> bytes:
    codes = np.abs(values[None, :].astype(np.int32) - samples[:, None]).argmin(axis=1)
    return bytes(codes.astype(np.uint8))


def as_wav(samples: Samples, rate_hz: int, channels: int = 1, length: int | None = None) -> bytes:
    return wav(samples.tobytes(), rate_hz, channels, length=length)


SUB_FORMAT = b"\1\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"  # KSDATAFORMAT_SUBTYPE_PCM
EXTENSIBLE = (
    wav(tone(8000).tobytes(), 8000)
    .replace(b"fmt \x10\0\0\0\x01\0", b"fmt \x28\0\0\0\xfe\xff")
    .replace(b"data", struct.pack("<HHI", 22, 16, 4) + SUB_FORMAT + b"data", 1)
)

FILES = {
    "as the line": as_wav(tone(16000), 16000),
    "telephone": as_wav(tone(8000), 8000),
    "studio": as_wav(tone(48000), 48000),
    "odd rate": as_wav(tone(11025), 11025),
    "stereo": as_wav(np.repeat(tone(22050), 2), 22050, channels=2),
    "A-law": wav(g711(tone(8000), A_LAW_VALUES), 8000, codec=A_LAW, bits=8),
    "mu-law": wav(g711(tone(8000), U_LAW_VALUES), 8000, codec=U_LAW, bits=8),
    "extensible": EXTENSIBLE,
    "length unknown": as_wav(tone(8000), 8000, length=0xFFFFFFFF),
    "length not filled in": as_wav(tone(8000), 8000, length=0),
    "length too long": as_wav(tone(8000), 8000, length=100_000),
    "other chunks": wav(tone(8000).tobytes(), 8000, extra=b"LIST\x05\0\0\0abcde\0") + b"LIST\x04\0\0\0oops",
    "float": wav((tone(16000) / 32768).astype("<f4").tobytes(), 16000, codec=3, bits=32),
    "8 bits": wav((tone(16000) // 256 + 128).astype(np.uint8).tobytes(), 16000, bits=8),
    "mp3": encoded(tone(16000), 16000, "mp3", "libmp3lame"),
    "ogg": encoded(tone(48000), 48000, "ogg", "libopus"),
    "flac": encoded(tone(16000), 16000, "flac", "flac"),
    "m4a": encoded(tone(44100), 44100, "mp4", "aac"),
    "webm": encoded(tone(48000), 48000, "webm", "libopus"),
    "aac": encoded(tone(44100), 44100, "adts", "aac"),
}


@pytest.mark.parametrize("rate_hz", [8000, 16000])
@pytest.mark.parametrize("kind", FILES)
async def test_files_of_all_kinds(kind: str, rate_hz: int) -> None:
    pcm = await fetched(FILES[kind], rate_hz, announced=kind != "length unknown")
    assert_tone(pcm, rate_hz, TONE_HZ)
    assert 0.45 < len(pcm) / 2 / rate_hz < 0.65


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_a_wav_file_in_pieces(size: int) -> None:
    file = FILES["stereo"][:20000]
    head = response(b"", announced=False)
    async with file_host([head, *(file[at : at + size] for at in range(0, len(file), size))]) as host:
        in_pieces = await fetch(f"{host.url}/a")
    assert in_pieces == await fetched(file, announced=False)


async def test_a_wav_file_is_heard_while_it_comes() -> None:
    file = FILES["length unknown"]
    async with file_host([response(b"", announced=False), file[:4000], HANG]) as host:
        pieces = AudioFileFetcher(MEBIBYTE, ["127.0.0.1"]).fetch(AudioRequest(f"{host.url}/a", 8000))
        assert await anext(pieces)
        await pieces.aclose()
        await asyncio.wait_for(host.gone.wait(), 5)


async def test_giving_up_leaves_the_host() -> None:
    async with file_host([HANG]) as host:
        task = asyncio.create_task(fetch(f"{host.url}/a"))
        await asyncio.wait_for(host.asked.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(host.gone.wait(), 5)


async def test_what_is_sent_to_a_host() -> None:
    async with file_host([response(FILES["telephone"], "200 OK", "Set-Cookie: a=b")]) as host:
        await fetch(f"{host.url}/a.wav?x=1")
    ((path, headers),) = host.requests
    assert path == "/a.wav?x=1"
    assert set(headers) <= {"host", "accept", "accept-encoding", "user-agent", "connection"}
    assert headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([response(b"", "404 Not Found")], "HTTP 404"),
        ([response(b"", "302 Found")], "HTTP 302"),
        ([response(b"")], "no known kind"),
        ([response(b"<html>sorry</html>")], "no known kind"),
        ([response(b"#EXTM3U\nhttp://127.0.0.1/secret\n")], "no known kind"),
        ([response(b"ffconcat version 1.0\nfile /etc/passwd\n")], "no known kind"),
        ([response(b"RIFF")], "cannot be decoded|empty"),
        ([response(b"OggS" + bytes(100))], "cannot be decoded|no sound|empty"),
        ([response(b"ID3" + bytes(200))], "cannot be decoded|no sound|empty"),
        ([response(wav(b"", 8000, length=0))], "is empty"),
        ([response(FILES["telephone"], "200 OK", "Content-Encoding: gzip")], "compressed"),
        ([response(b"RIFF" + bytes(2 * MEBIBYTE))], "longer than 1048576 bytes"),
        ([response(b"RIFF" + bytes(2 * MEBIBYTE), announced=False)], "longer than 1048576 bytes"),
        ([response(bytes(100))[:-50]], "broke off"),
        ([b"hello\r\n\r\n"], "cannot be reached"),
    ],
)
async def test_files_that_cannot_be_played(answer: list[bytes], words: str) -> None:
    async with file_host(answer) as host:
        with pytest.raises(AudioFileError, match=words):
            await fetch(f"{host.url}/a")


async def test_files_that_are_too_long_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_AUDIO_S", 0.3)
    for kind in ("studio", "flac"):
        with pytest.raises(AudioFileError, match=r"longer than 0\.3 s"):
            await fetched(FILES[kind])


async def test_a_host_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DownloadLimits", lambda size: DownloadLimits(size, response_s=0.05, gap_s=0.05))
    async with file_host([HANG]) as host:
        with pytest.raises(AudioFileError, match=r"in time|cannot be reached"):
            await fetch(f"{host.url}/a")
    async with file_host([response(b"", announced=False), b"RIFF", HANG]) as host:
        with pytest.raises(AudioFileError, match="broke off"):
            await fetch(f"{host.url}/a")


async def test_redirects_are_followed_and_judged() -> None:
    def script(path: str) -> list[bytes]:
        places = {
            "/1": "/2",
            "/2": "a.wav",
            "/in": "http://localhost:1/a",
            "/loop": "/loop",
            "/file": "file:///etc/passwd",
        }
        if path in places:
            return [response(b"", "302 Found", f"Location: {places[path]}")]
        return [response(FILES["telephone"])]

    async with file_host(script) as host:
        engine = f"{host.url}/stream/query"
        assert_tone(await fetch(f"{host.url}/1", 8000, engine_url=engine), 8000, TONE_HZ)
        for path in ("/in", "/file"):
            with pytest.raises(AudioBlockedError):
                await fetch(host.url + path, engine_url=engine)
        with pytest.raises(AudioFileError, match="redirected more than 3 times"):
            await fetch(f"{host.url}/loop", engine_url=engine)


async def test_names_are_judged_by_where_they_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's name and another one both lead to this machine and the same port; only the engine's counts."""
    loop = asyncio.get_running_loop()
    look_up, looked_up = loop.getaddrinfo, list[str]()

    async def here(host: str, port: int, **more: int) -> object:
        looked_up.append(host)
        return await look_up("127.0.0.1", port, **more)

    def script(path: str) -> list[bytes]:
        away = f"Location: http://rebound.test:{port}/a.wav"
        return [response(b"", "302 Found", away)] if path == "/away" else [response(FILES["telephone"])]

    async with file_host(script) as host:
        port = host.url.rpartition(":")[2]
        monkeypatch.setattr(loop, "getaddrinfo", here)
        engine = f"http://engine.test:{port}/stream/query"
        assert_tone(await fetch(f"http://Engine.test.:{port}/a.wav", 8000, engine_url=engine), 8000, TONE_HZ)
        with pytest.raises(AudioBlockedError):
            await fetch(f"http://engine.test:{port}/away", engine_url=engine)
    assert [name.rstrip(".").lower() for name in looked_up] == ["engine.test", "engine.test", "rebound.test"]
    assert [path for path, _ in host.requests] == ["/a.wav", "/away"]


@pytest.mark.parametrize("host_name", ["127.0.0.1", "localhost", "[::1]", "127.1", "0x7f.1", "2130706433"])
async def test_internal_addresses_are_not_even_connected_to(host_name: str) -> None:
    async with file_host([response(FILES["telephone"])]) as host:
        url = host.url.replace("127.0.0.1", host_name)
        with pytest.raises(AudioFileError):
            await fetch(f"{url}/a", engine_url="http://127.0.0.1:1/")
        assert not host.requests
