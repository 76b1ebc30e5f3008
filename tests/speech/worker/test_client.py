"""Client and server over a real socket; ears and mouth are scripted, so that every moment can be held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from voicebot.errors import AudioBlockedError, RecognitionError, SpeechError, SpeechWorkerLostError, SynthesisError
from voicebot.speech.pool import PoolStats
from voicebot.speech.types import AudioRequest, SpeechRequest, Transcript, TranscriptionRequest, Urgency, WordEnds
from voicebot.speech.worker.client import SpeechClient
from voicebot.speech.worker.server import SpeechServer


class ScriptedEars:
    """Hears what the bytes say; "hold" waits until it is given up."""

    stats = PoolStats(1, 2, 3, 4)

    def __init__(self) -> None:
        self.holding = asyncio.Event()
        self.given_up = asyncio.Event()
        self.promoted = asyncio.Event()

    def promote(self, request: TranscriptionRequest) -> None:
        assert request.pcm == b"until promoted"
        self.promoted.set()

    async def transcribe(self, request: TranscriptionRequest) -> Transcript:
        text = request.pcm.decode()
        if text == "fail":
            raise RecognitionError("no idea")
        if text == "break":
            raise LookupError("a mistake in the program")
        if text == "hold":
            self.holding.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.given_up.set()
        if text == "until promoted":
            self.holding.set()
            await self.promoted.wait()
        return Transcript(f"{text} {request.hint} {int(request.urgency)}", request.language, request.rate_hz)


class ScriptedMouth:
    """Says each word as a piece of audio; "hold" waits until it is given up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.given_up = asyncio.Event()
        self.rendered: list[SpeechRequest] = []

    async def synthesise(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        try:
            for word in request.text.split():
                if word == "fail":
                    raise SynthesisError("a word I cannot say")
                if word == "hold":
                    await asyncio.Event().wait()
                yield word.encode()
        finally:
            self.given_up.set()

    async def prerender(self, request: SpeechRequest) -> None:
        if request.text == "fail":
            raise SynthesisError("a word I cannot say")
        self.rendered.append(request)

    def cached_path(self, request: SpeechRequest) -> Path | None:
        return self.folder / "a.wav" if request in self.rendered else None

    async def word_ends(self, request: SpeechRequest) -> WordEnds:
        if request.text == "fail":
            raise SynthesisError("a word I cannot say")
        return tuple((index, index * 100) for index, sign in enumerate(f"{request.text} ") if sign == " ")


class ScriptedFiles:
    """Gives out the words of an address as audio, but for addresses that it must not fetch from."""

    async def fetch(self, request: AudioRequest) -> AsyncGenerator[bytes, None]:
        if "inside" in request.url:
            raise AudioBlockedError("an internal address")
        for word in request.url.split("/"):
            yield f"{word} {request.rate_hz} {request.engine_url}".encode()


class Worker:
    """A server that can be taken away and put back."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "s"
        self.ears = ScriptedEars()
        self.mouth = ScriptedMouth(folder)
        self.server = SpeechServer(self.ears, self.mouth, ScriptedFiles())

    async def start(self) -> None:
        self.server = SpeechServer(self.ears, self.mouth, ScriptedFiles())
        await self.server.start(self.path)


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncIterator[Worker]:
    worker = Worker(tmp_path)
    await worker.start()
    yield worker
    await worker.server.close()


@pytest.fixture
async def client(worker: Worker) -> AsyncIterator[SpeechClient]:
    client = SpeechClient(worker.path, patience_s=2.0)
    yield client
    await client.close()


def heard(text: str, **more: str | Urgency) -> TranscriptionRequest:
    return TranscriptionRequest(text.encode(), 8000, "en", **more)  # type: ignore[arg-type]


async def collect(client: SpeechClient, text: str) -> list[bytes]:
    return [piece async for piece in client.synthesise(SpeechRequest(text, "en"))]


async def test_a_transcription_there_and_back(client: SpeechClient) -> None:
    transcript = await client.transcribe(heard("hello", hint="hint", urgency=Urgency.SPECULATIVE))
    assert transcript == Transcript("hello hint 1", "en", 8000)


async def test_a_transcription_under_way_is_promoted(client: SpeechClient, worker: Worker) -> None:
    request = heard("until promoted", urgency=Urgency.SPECULATIVE)
    task = asyncio.create_task(client.transcribe(request))
    await asyncio.wait_for(worker.ears.holding.wait(), 5)
    client.promote(heard("somebody else's"))
    client.promote(request)
    assert (await asyncio.wait_for(task, 5)).text == "until promoted  1"
    client.promote(request)  # through already


async def test_speech_streams_in_pieces(client: SpeechClient) -> None:
    assert await collect(client, "one two three") == [b"one", b"two", b"three"]


async def test_word_ends_there_and_back(client: SpeechClient) -> None:
    assert await client.word_ends(SpeechRequest("one two", "en")) == ((3, 300), (7, 700))
    with pytest.raises(SynthesisError, match="a word I cannot say"):
        await client.word_ends(SpeechRequest("fail", "en"))


async def test_an_audio_file_streams_in_pieces(client: SpeechClient) -> None:
    pieces = [piece async for piece in client.fetch(AudioRequest("a/b", 8000, "e"))]
    assert pieces == [b"a 8000 e", b"b 8000 e"]


async def test_a_file_that_must_not_be_fetched(client: SpeechClient) -> None:
    with pytest.raises(AudioBlockedError, match="an internal address"):
        await anext(client.fetch(AudioRequest("inside", 8000)))


async def test_many_requests_share_the_connection(client: SpeechClient, worker: Worker) -> None:
    held = asyncio.create_task(client.transcribe(heard("hold")))
    await asyncio.wait_for(worker.ears.holding.wait(), 5)
    texts = await asyncio.gather(*(client.transcribe(heard(str(number))) for number in range(50)))
    assert [transcript.text.split()[0] for transcript in texts] == [str(number) for number in range(50)]
    held.cancel()
    await asyncio.wait_for(worker.ears.given_up.wait(), 5)


async def test_errors_arrive_as_what_they_are(client: SpeechClient) -> None:
    with pytest.raises(RecognitionError, match="no idea"):
        await client.transcribe(heard("fail"))
    with pytest.raises(SynthesisError, match="cannot say"):
        await collect(client, "well fail")
    with pytest.raises(SynthesisError):
        await client.prerender(SpeechRequest("fail", "en"))
    assert (await client.transcribe(heard("still"))).text.startswith("still")


async def test_a_mistake_in_the_worker_fails_the_request_and_nothing_else(
    client: SpeechClient, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SpeechError, match="failed in the worker"):
        await client.transcribe(heard("break"))
    assert "a mistake in the program" in caplog.text
    assert (await client.transcribe(heard("still"))).text.startswith("still")


async def test_giving_up_a_speech_tells_the_worker(client: SpeechClient, worker: Worker) -> None:
    speech = client.synthesise(SpeechRequest("one hold", "en"))
    assert await speech.__anext__() == b"one"
    await speech.aclose()
    await asyncio.wait_for(worker.mouth.given_up.wait(), 5)


async def test_a_client_that_leaves_gives_up_its_requests(client: SpeechClient, worker: Worker) -> None:
    held = asyncio.create_task(client.transcribe(heard("hold")))
    await asyncio.wait_for(worker.ears.holding.wait(), 5)
    await client.close()
    with pytest.raises(SpeechWorkerLostError):
        await held
    await asyncio.wait_for(worker.ears.given_up.wait(), 5)
    with pytest.raises(SpeechWorkerLostError, match="closed"):
        await client.stats()


async def test_prompts_are_rendered_ahead_and_found(client: SpeechClient, tmp_path: Path) -> None:
    request = SpeechRequest("greeting", "zh", 8000)
    assert await client.cached_path(request) is None
    await client.prerender(request)
    assert await client.cached_path(request) == tmp_path / "a.wav"


async def test_stats_tell_how_busy_the_worker_is(client: SpeechClient) -> None:
    assert (await client.stats())["recogniser"] == {"running": 1, "waiting": 2, "done": 3, "dropped": 4}


async def test_a_lost_worker_fails_what_is_under_way_and_the_next_request_finds_the_new_one(
    client: SpeechClient, worker: Worker
) -> None:
    held = asyncio.create_task(client.transcribe(heard("hold")))
    speech = client.synthesise(SpeechRequest("one hold", "en"))
    assert await speech.__anext__() == b"one"
    await asyncio.wait_for(worker.ears.holding.wait(), 5)
    await worker.server.close()
    with pytest.raises(SpeechWorkerLostError, match="middle of a request"):
        await held
    with pytest.raises(SpeechWorkerLostError):
        await speech.__anext__()
    waiting = asyncio.create_task(client.transcribe(heard("again")))
    await asyncio.sleep(0)
    await worker.start()
    assert (await waiting).text.startswith("again")


async def test_without_a_worker_patience_ends(tmp_path: Path) -> None:
    client = SpeechClient(tmp_path / "nobody", patience_s=0.05)
    with pytest.raises(SpeechWorkerLostError, match="no speech worker answers"):
        await client.transcribe(heard("x"))
    await client.close()


async def test_only_the_owner_may_talk_to_the_worker(worker: Worker) -> None:
    assert worker.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("junk", [b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\2\0\0\0\0[]", b"\xff" * 100])
async def test_junk_ends_its_connection_and_no_other(client: SpeechClient, worker: Worker, junk: bytes) -> None:
    assert (await client.transcribe(heard("before"))).text
    reader, writer = await asyncio.open_unix_connection(worker.path)
    writer.write(junk)
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    assert (await client.transcribe(heard("after"))).text


async def test_a_malformed_request_is_answered_with_an_error(worker: Worker) -> None:
    client = SpeechClient(worker.path)
    for op, fields in (("dance", {}), ("transcribe", {"volume": 11}), ("synthesise", {})):
        with pytest.raises(SpeechError, match="malformed"):
            await client._ask(op, fields)
    await client.close()
