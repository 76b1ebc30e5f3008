from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.conversation.in_memory import MemoryEars
from voicebot.conversation.actions import Transcribe
from voicebot.conversation.events import CallerPartial, SpeechGrew, TranscriptFailed, TranscriptReady, TurnEndJudged
from voicebot.conversation.transcribing import Listener, Transcriber
from voicebot.errors import RecogniserBusyError, SpeechWorkerLostError
from voicebot.speech.types import Transcript, TranscriptionRequest, Urgency

Heard = TranscriptReady | TranscriptFailed | CallerPartial | TurnEndJudged


class HeldRecogniser:
    """Hears nothing before the test says what."""

    def __init__(self) -> None:
        self.requests: list[TranscriptionRequest] = []
        self.answers: list[asyncio.Future[str]] = []
        self.promoted: list[TranscriptionRequest] = []

    async def transcribe(self, request: TranscriptionRequest) -> Transcript:
        self.requests.append(request)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        return Transcript(await answer, request.language, 1000)

    def promote(self, request: TranscriptionRequest) -> None:
        self.promoted.append(request)


class Bench:
    """A transcriber with everything around it."""

    def __init__(self) -> None:
        self.recogniser = HeldRecogniser()
        self.heard: list[Heard] = []
        self.transcribed = 0
        listener = Listener("call-1", 8000, "en", "Ann")
        self.transcriber = Transcriber(self.recogniser, MemoryEars(), listener, self.heard.append, self._count)

    def _count(self) -> None:
        self.transcribed += 1

    async def grow(self, *speech_ms: int, utterance_id: int = 1) -> int:
        """Let the caller speak; return how many requests there are then."""
        for each in speech_ms:
            self.transcriber.grew(SpeechGrew(utterance_id, each))
            await settle()
        return len(self.recogniser.requests)

    async def answer(self, text: str | Exception, number: int = -1) -> None:
        future = self.recogniser.answers[number]
        if isinstance(text, Exception):
            future.set_exception(text)
        else:
            future.set_result(text)
        await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    await made.transcriber.close()


async def test_a_pause_is_a_partial_and_a_transcript(bench: Bench) -> None:
    bench.transcriber.begin(Transcribe(1, 1, speculative=True))
    await settle()
    assert bench.recogniser.requests[0].urgency is Urgency.SPECULATIVE
    assert bench.recogniser.requests[0].hint == "Ann"
    await bench.answer("yes")
    assert bench.heard == [CallerPartial(1, 1, "yes"), TranscriptReady(1, 1, "yes")]
    assert bench.transcribed == 1


async def test_an_ended_utterance_has_no_partials_and_is_promoted(bench: Bench) -> None:
    bench.transcriber.begin(Transcribe(1, 1, speculative=True))
    await settle()
    bench.transcriber.ended(1)
    bench.transcriber.hurry(1)
    assert bench.recogniser.promoted == bench.recogniser.requests
    await bench.answer("yes")
    assert bench.heard == [TranscriptReady(1, 1, "yes")]
    bench.transcriber.hurry(1)  # it is there already
    assert len(bench.recogniser.promoted) == 1


async def test_a_caller_who_goes_on_gives_the_transcription_up(bench: Bench) -> None:
    bench.transcriber.begin(Transcribe(1, 1, speculative=True))
    await settle()
    bench.transcriber.drop(1)
    bench.transcriber.begin(Transcribe(1, 2, speculative=True))
    await settle()
    assert bench.recogniser.answers[0].cancelled()
    await bench.answer("yes please")
    assert bench.heard[-1] == TranscriptReady(1, 2, "yes please")
    assert not any(each.attempt == 1 for each in bench.heard)


@pytest.mark.parametrize(
    ("error", "code"), [(SpeechWorkerLostError("gone"), "speech_worker_lost"), (OSError("?"), "internal")]
)
async def test_failures_are_told(bench: Bench, error: Exception, code: str, caplog: pytest.LogCaptureFixture) -> None:
    bench.transcriber.begin(Transcribe(1, 1, speculative=False))
    await settle()
    await bench.answer(error)
    assert bench.heard == [TranscriptFailed(1, 1, code)]
    assert bench.transcribed == 0
    assert ("broke" in caplog.text) == (code == "internal")


async def test_previews_come_from_time_to_time_and_one_at_a_time(bench: Bench) -> None:
    assert await bench.grow(20, 180) == 0
    assert await bench.grow(240) == 1
    assert bench.recogniser.requests[0].urgency is Urgency.PREVIEW
    assert await bench.grow(260, 640, 700) == 1  # the first one is not through
    await bench.answer("I")
    assert bench.heard == [CallerPartial(1, 0, "I")]
    assert await bench.grow(720) == 2
    await bench.answer("I would")
    assert await bench.grow(900) == 2
    assert await bench.grow(920) == 3
    assert bench.transcribed == 0  # none of them counts


async def test_a_preview_that_was_refused_is_tried_again_soon(bench: Bench) -> None:
    await bench.grow(240)
    await bench.answer(RecogniserBusyError("no room"))
    assert await bench.grow(320) == 1
    assert await bench.grow(340) == 2
    assert bench.heard == []


async def test_a_preview_that_comes_too_late_is_dropped_and_the_next_utterance_begins_anew(bench: Bench) -> None:
    await bench.grow(240)
    bench.transcriber.ended(1)
    await bench.answer("I")
    assert bench.heard == []
    assert await bench.grow(180, utterance_id=2) == 1
    assert await bench.grow(240, utterance_id=2) == 2


async def test_nothing_is_left_behind(bench: Bench) -> None:
    before = len(asyncio.all_tasks())
    bench.transcriber.begin(Transcribe(1, 1, speculative=True))
    await bench.grow(240)
    assert len(asyncio.all_tasks()) == before + 2
    await bench.transcriber.close()
    assert len(asyncio.all_tasks()) == before
