"""What clients may ask of an audio file: conditions, ranges, wrong addresses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from email.utils import formatdate
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.server.running import EchoBrain, ToneSynthesiser, serving, settings
from tests.server.speaking import Speaking, speaking
from tests.server.test_audio import spoken
from voicebot.server import HostedBot
from voicebot.speech.types import SpeechRequest

NOW_S = 1_700_000_000
MADE = formatdate(NOW_S, usegmt=True)
EARLIER = formatdate(NOW_S - 1, usegmt=True)
LATER = formatdate(NOW_S + 1, usegmt=True)
WHOLE = spoken("abc")[1]
SIZE = len(WHOLE)


class Clock:
    now_s = float(NOW_S)

    def __call__(self) -> float:
        return self.now_s


async def stored(server: Speaking) -> str:
    """Have a file made, and return its address."""
    await server.ask(server.url("abc"))
    return server.url("abc")


async def test_what_a_stored_file_tells_of_itself(tmp_path: Path) -> None:
    async with speaking(tmp_path, ToneSynthesiser(), Clock()) as server:
        url = await stored(server)
        for method in ("GET", "HEAD"):
            answer = await server.ask(url, method=method)
            assert answer.status == 200
            assert answer.headers["Content-Length"] == str(SIZE)
            assert answer.headers["Content-Type"] == "audio/wav"
            assert answer.headers["Accept-Ranges"] == "bytes"
            assert answer.headers["Last-Modified"] == MADE
            assert answer.headers["ETag"].strip('"').isalnum()
            policy, _, age_s = answer.headers["Cache-Control"].partition("max-age=")
            assert policy == "private, "
            assert 600 <= int(age_s) <= 660
            assert answer.body == (WHOLE if method == "GET" else b"")


@pytest.mark.parametrize(
    ("wanted", "status", "start", "stop"),
    [
        ("bytes=0-0", 206, 0, 1),
        ("bytes=0-", 206, 0, SIZE),
        ("bytes=44-59", 206, 44, 60),
        ("BYTES=44-59", 206, 44, 60),
        (f"bytes=10-{SIZE}", 206, 10, SIZE),
        (f"bytes={SIZE - 1}-", 206, SIZE - 1, SIZE),
        ("bytes=-1", 206, SIZE - 1, SIZE),
        ("bytes=-999999", 206, 0, SIZE),
        (f"bytes={SIZE}-", 416, 0, 0),
        (f"bytes={SIZE}-{SIZE + 5}", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=5-4", 200, 0, SIZE),
        ("bytes=-", 200, 0, SIZE),
        ("bytes=a-b", 200, 0, SIZE),
        ("bytes=0-1,3-4", 200, 0, SIZE),
        ("bytes=0-99999999999999999999", 200, 0, SIZE),
        ("seconds=0-1", 200, 0, SIZE),
        ("", 200, 0, SIZE),
    ],
)
async def test_ranges(tmp_path: Path, wanted: str, status: int, start: int, stop: int) -> None:
    async with speaking(tmp_path, ToneSynthesiser()) as server:
        answer = await server.ask(await stored(server), {"Range": wanted})
        assert answer.status == status
        if status == 416:
            assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
            assert answer.code == "bad_range"
            return
        assert answer.body == WHOLE[start:stop]
        assert answer.headers.get("Content-Range") == (f"bytes {start}-{stop - 1}/{SIZE}" if status == 206 else None)


# "E" stands for the file's own entity tag.
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": '"E"'}, 304),
        ({"If-None-Match": 'W/"E"'}, 304),
        ({"If-None-Match": '"x", "E"'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"'}, 200),
        ({"If-Modified-Since": MADE}, 304),
        ({"If-Modified-Since": LATER}, 304),
        ({"If-Modified-Since": EARLIER}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-None-Match": '"x"', "If-Modified-Since": LATER}, 200),
        ({"If-Match": '"E"'}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": 'W/"E"'}, 412),
        ({"If-Match": '"x"'}, 412),
        ({"If-Unmodified-Since": MADE}, 200),
        ({"If-Unmodified-Since": EARLIER}, 412),
        ({"If-Match": '"E"', "If-Unmodified-Since": EARLIER}, 200),
        ({"Range": "bytes=0-3", "If-Range": '"E"'}, 206),
        ({"Range": "bytes=0-3", "If-Range": 'W/"E"'}, 200),
        ({"Range": "bytes=0-3", "If-Range": '"x"'}, 200),
        ({"Range": "bytes=0-3", "If-Range": MADE}, 206),
        ({"Range": "bytes=0-3", "If-Range": EARLIER}, 200),
        ({"Range": "bytes=0-3", "If-Range": LATER}, 200),
        ({"Range": "bytes=0-3", "If-Range": "yesterday"}, 200),
        ({"Range": "bytes=0-3", "If-None-Match": '"E"'}, 304),
        ({"Range": "bytes=0-3", "If-Match": '"x"'}, 412),
    ],
)
async def test_conditions(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    async with speaking(tmp_path, ToneSynthesiser(), Clock()) as server:
        url = await stored(server)
        tag = (await server.ask(url, method="HEAD")).headers["ETag"].strip('"')
        sent = {name: value.replace("E", tag) if '"' in value else value for name, value in headers.items()}
        answer = await server.ask(url, sent)
        assert answer.status == status
        if status == 412:
            assert answer.code == "precondition_failed"
        else:
            assert answer.body == {200: WHOLE, 206: WHOLE[:4], 304: b""}[status]
            assert answer.headers["ETag"] == f'"{tag}"'


async def test_a_range_is_for_get_alone(tmp_path: Path) -> None:
    async with speaking(tmp_path, ToneSynthesiser()) as server:
        answer = await server.ask(await stored(server), {"Range": "bytes=0-3"}, "HEAD")
        assert (answer.status, answer.headers["Content-Length"]) == (200, str(SIZE))


async def test_head_makes_no_sound(tmp_path: Path) -> None:
    synthesiser = ToneSynthesiser()
    async with speaking(tmp_path, synthesiser) as server:
        answer = await server.ask(server.url("a"), method="HEAD")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "audio/wav")
        assert "Content-Length" not in answer.headers
    assert synthesiser.requests == []


async def test_a_range_of_a_file_in_the_making_waits_for_the_whole(tmp_path: Path) -> None:
    synthesiser = ToneSynthesiser()
    async with speaking(tmp_path, synthesiser) as server:
        first = await server.client.get(server.url("a~b"))
        part = asyncio.ensure_future(server.ask(server.url("a~b"), {"Range": "bytes=4-7"}))
        await first.content.readexactly(44)
        assert not part.done()
        synthesiser.go_on.set()
        answer = await part
        whole = spoken("a~b")[1]
        assert (answer.status, answer.headers["Content-Range"]) == (206, f"bytes 4-7/{len(whole)}")
        assert answer.body == whole[4:8]
        assert await first.read() == spoken("a~b")[0][44:]
    assert len(synthesiser.requests) == 1


class Announcing(ToneSynthesiser):
    """Tells when it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()

    def synthesise(self, request: SpeechRequest) -> AsyncIterator[bytes]:
        self.begun.set()
        return super().synthesise(request)


async def test_who_leaves_while_waiting_for_a_range_stops_the_synthesis(tmp_path: Path) -> None:
    synthesiser = Announcing()
    async with speaking(tmp_path, synthesiser) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET {server.url('a~b')} HTTP/1.1\r\nHost: x\r\nRange: bytes=0-3\r\n\r\n".encode())
        await asyncio.wait_for(synthesiser.begun.wait(), 5)
        writer.close()
        await asyncio.wait_for(synthesiser.given_up.wait(), 5)


async def test_an_old_client_gets_the_stream_until_the_connection_closes(tmp_path: Path) -> None:
    async with speaking(tmp_path, ToneSynthesiser()) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET {server.url('abc')} HTTP/1.0\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.0 200")
        assert body == spoken("abc")[0]
        writer.close()


async def test_an_address_runs_out(tmp_path: Path) -> None:
    clock = Clock()
    async with speaking(tmp_path, ToneSynthesiser(), clock) as server:
        url = await stored(server)
        clock.now_s += 661
        for method in ("GET", "HEAD"):
            assert (await server.ask(url, method=method)).status == 410
        assert (await server.ask(url)).code == "expired"
        assert (await server.ask(server.url("abc"))).body == WHOLE


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ("&rate=44100", "rate"),
        ("&rate=", "rate"),
        ("&rate=8000.0", "rate"),
        ("&format=ogg", "format"),
        ("&format=WAV", "format"),
        ("&format=", "format"),
    ],
)
async def test_what_there_is_no_file_for(tmp_path: Path, parameters: str, field: str) -> None:
    async with speaking(tmp_path, ToneSynthesiser()) as server:
        answer = await server.ask(server.url("a", parameters))
        told = json.loads(answer.body)
        assert (answer.status, told["field"]) == (400, field)
        assert told["message"].startswith(f"{field}: expected ")
        unsigned = await server.ask(server.url("a", parameters).replace("s=", "s=x"))
        assert unsigned.status == 404


async def test_addresses_of_nothing(tmp_path: Path) -> None:
    async with speaking(tmp_path, ToneSynthesiser()) as server:
        for path in ("/audio/abc.wav", "/audio/..%2f..%2fapi_key.wav", "/audio/a.ogg", "/audio/", "/audio/a%00.wav"):
            answer = await server.ask(path)
            assert (answer.status, answer.code) == (404, "not_found")
        assert (await server.ask(server.url("a"), method="POST")).status == 405
    async with serving(settings(tmp_path), [HostedBot("echo", EchoBrain(), "en")]) as (_, client):
        assert (await client.get("/audio/abc.wav")).status == 404


class Guesser:
    """A server that a test can ask without being asynchronous."""

    def __init__(self, loop: asyncio.AbstractEventLoop, server: Speaking) -> None:
        self._loop = loop
        self._server = server
        address = urlsplit(server.url("a"))
        query = parse_qs(address.query)
        self.genuine = (address.path[len("/audio/") : -len(".wav")], query["e"][0], query["s"][0])

    def status(self, name: str, expiry: str, signature: str) -> int:
        path, e, s = (quote(part, safe="", errors="surrogatepass") for part in (name, expiry, signature))
        request = f"GET /audio/{path}.wav?e={e}&s={s} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        return self._loop.run_until_complete(self._ask(request.encode()))

    async def _ask(self, request: bytes) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._server.port)
        writer.write(request)
        line = await reader.readline()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        return int(line.split()[1])


@pytest.fixture(scope="module")
def guesser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guesser]:
    loop = asyncio.new_event_loop()
    context = speaking(tmp_path_factory.mktemp("guessed"), ToneSynthesiser())
    server = loop.run_until_complete(context.__aenter__())
    yield Guesser(loop, server)
    loop.run_until_complete(context.__aexit__(None, None, None))
    loop.close()


def test_the_genuine_address_is_good(guesser: Guesser) -> None:
    assert guesser.status(*guesser.genuine) == 200


@given(
    which=st.integers(0, 2),
    inserted=st.one_of(st.text(max_size=20), st.text("0123456789abcdefABCDEF-_=", max_size=40)),
    start=st.integers(0, 32),
    length=st.integers(0, 32),
)
def test_whatever_is_altered_finds_nothing(
    guesser: Guesser, which: int, inserted: str, start: int, length: int
) -> None:
    parts = list(guesser.genuine)
    parts[which] = parts[which][:start] + inserted + parts[which][start + length :]
    assume(tuple(parts) != guesser.genuine)
    assert guesser.status(*parts) == 404
