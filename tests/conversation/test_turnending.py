from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from tests.conversation.in_memory import FRAME, MemoryBrain, MemoryCall, MemoryEars
from tests.conversation.test_transcribing import HeldRecogniser, settle
from voicebot.conversation.actions import Transcribe
from voicebot.conversation.endpointing.endpointer import EndpointingConfig
from voicebot.conversation.events import (
    CallerPartial,
    SpeechGrew,
    SpeechPaused,
    TranscriptFailed,
    TranscriptReady,
    TurnEndJudged,
)
from voicebot.conversation.transcribing import Listener, Transcriber
from voicebot.conversation.turnending import TurnEndings
from voicebot.errors import SpeechWorkerLostError
from voicebot.speech.types import TurnEndRequest


class HeldModel:
    """Has no opinion before the test says which."""

    def __init__(self) -> None:
        self.requests: list[TurnEndRequest] = []
        self.answers: list[asyncio.Future[float]] = []

    async def turn_end(self, request: TurnEndRequest) -> float:
        self.requests.append(request)
        self.answers.append(asyncio.get_running_loop().create_future())
        return await self.answers[-1]


class Bench:
    """A transcriber with a turn model beside the recogniser."""

    def __init__(self) -> None:
        self.model = HeldModel()
        self.recogniser = HeldRecogniser()
        self.told: list[TranscriptReady | TranscriptFailed | CallerPartial | TurnEndJudged] = []
        listener = Listener("call-1", 8000, "en")
        self.transcriber = Transcriber(
            self.recogniser, MemoryEars(), listener, self.told.append, lambda: None, self.model
        )

    async def pause(self, utterance_id: int = 1, attempt: int = 1, *, speculative: bool = True) -> None:
        self.transcriber.begin(Transcribe(utterance_id, attempt, speculative=speculative))
        await settle()

    @property
    def judged(self) -> list[TurnEndJudged]:
        return [each for each in self.told if isinstance(each, TurnEndJudged)]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    await made.transcriber.close()


async def test_a_pause_is_judged_beside_its_transcription(bench: Bench) -> None:
    await bench.pause()
    assert bench.model.requests == [TurnEndRequest(b"\1\0" * FRAME, 8000)]
    assert bench.recogniser.requests[0].pcm == b"\1\0" * FRAME
    bench.model.answers[0].set_result(0.9)
    await settle()
    assert bench.told == [TurnEndJudged(1, 1, 0.9)]


async def test_the_end_of_an_utterance_needs_no_opinion(bench: Bench) -> None:
    await bench.pause(speculative=False)
    assert bench.model.requests == []


async def test_who_goes_on_is_judged_anew(bench: Bench) -> None:
    await bench.pause()
    bench.transcriber.drop(1)
    await bench.pause(1, 2)
    assert bench.model.answers[0].cancelled()
    bench.model.answers[1].set_result(0.2)
    await settle()
    assert bench.judged == [TurnEndJudged(1, 2, 0.2)]


async def test_an_opinion_is_not_waited_for_when_the_utterance_has_ended(bench: Bench) -> None:
    await bench.pause()
    bench.transcriber.ended(1)
    await settle()
    assert bench.model.answers[0].cancelled()
    assert not bench.recogniser.answers[0].cancelled()
    assert bench.judged == []


async def test_what_happens_to_an_older_utterance_does_not_matter(bench: Bench) -> None:
    await bench.pause(2)
    bench.transcriber.drop(1)
    bench.transcriber.ended(1)
    bench.model.answers[0].set_result(0.7)
    await settle()
    assert bench.judged == [TurnEndJudged(2, 1, 0.7)]


@pytest.mark.parametrize("error", [SpeechWorkerLostError("gone"), OSError("?")])
async def test_a_model_that_fails_has_no_opinion(
    bench: Bench, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await bench.pause()
    bench.model.answers[0].set_exception(error)
    await settle()
    assert bench.told == []
    assert ("no opinion" if isinstance(error, SpeechWorkerLostError) else "broke") in caplog.text


async def test_no_question_is_left_behind(bench: Bench) -> None:
    before = len(asyncio.all_tasks())
    await bench.pause()
    assert len(asyncio.all_tasks()) == before + 2
    await bench.transcriber.close()
    assert len(asyncio.all_tasks()) == before


async def test_the_model_gets_eight_seconds_at_most() -> None:
    model = HeldModel()
    endings = TurnEndings(model, 8000, "call-1", lambda _: None)
    endings.begin(1, 1, b"\2\0" * 8000 + b"\1\0" * 64000)
    await settle()
    assert model.requests[0].pcm == b"\1\0" * 64000
    await endings.close()


@pytest.mark.parametrize(("probability", "wait_ms"), [(0.9, 320), (0.1, 1000)])
async def test_in_a_call_the_opinion_sets_the_wait(probability: float, wait_ms: int) -> None:
    model = HeldModel()
    waits = EndpointingConfig(complete_ms=240, understood_ms=320, unclear_ms=600, growing_ms=1000)
    call = MemoryCall(MemoryBrain(["Hello."]), turn_ends=model, language="en", endpointing=waits)
    call.session.start()
    await call.listen()
    call.recogniser.hears.append("my phone is broken")
    await call.hear(SpeechGrew(1, 400), SpeechPaused(1, 1))
    assert call.ears.waits == [600]
    model.answers[0].set_result(probability)
    await call.settle()
    assert call.ears.waits == [600, wait_ms]
    await call.session.close()


async def test_where_turns_end_by_time_alone_nobody_is_asked() -> None:
    model = HeldModel()
    call = MemoryCall(MemoryBrain(["Hello."]), turn_ends=model, language="en")
    call.session.start()
    await call.listen()
    call.recogniser.hears.append("my phone is broken")
    await call.hear(SpeechGrew(1, 400), SpeechPaused(1, 1))
    assert model.requests == []
    assert call.ears.waits == []
    await call.session.close()
