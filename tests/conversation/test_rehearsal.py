from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.conversation.in_memory import RATE_HZ, MemoryBrain, MemoryCall
from voicebot.conversation.actions import Rehearse
from voicebot.conversation.endpointing.endpointer import EndpointingConfig
from voicebot.conversation.events import Rehearsed, SpeechGrew, SpeechPaused, SpeechResumed, UtteranceEnded
from voicebot.conversation.rehearsal import RehearsalBudget, Rehearsals
from voicebot.conversation.voice import LineVoice
from voicebot.errors import BrainError, SynthesisError
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.query import Query
from voicebot.protocol.reply import Reply
from voicebot.speech.types import SpeechRequest


class HeldBrain:
    """Answers when the test says so."""

    def __init__(self) -> None:
        self.queries: list[Query] = []
        self.go_on = asyncio.Event()
        self.failure: Exception | None = None
        self.closed = 0

    async def ask(self, query: Query) -> AsyncIterator[Chunk]:
        self.queries.append(query)
        try:
            await self.go_on.wait()
            if self.failure is not None:
                raise self.failure
            yield Chunk("s", "q", 0, reply=Reply("Right. And"), complete=True)
            yield Chunk("s", "q", 1, reply=Reply(" when?"))
            yield Chunk("s", "q", 2, done=True)
        finally:
            self.closed += 1


class WritingBrain(HeldBrain):
    """Says what it made of the words at once, then a sentence, and writes on until the test says so."""

    async def ask(self, query: Query) -> AsyncIterator[Chunk]:
        self.queries.append(query)
        try:
            yield Chunk("s", "q", 0, reply=Reply(""), complete=False)
            yield Chunk("s", "q", 1, reply=Reply("Right. "))
            await self.go_on.wait()
            yield Chunk("s", "q", 2, done=True)
        finally:
            self.closed += 1


class NotingSynthesiser:
    """Notes what it is to speak."""

    def __init__(self) -> None:
        self.requests: list[SpeechRequest] = []
        self.failure: Exception | None = None

    async def synthesise(self, request: SpeechRequest) -> AsyncIterator[bytes]:
        self.requests.append(request)
        if self.failure is not None:
            raise self.failure
        yield b"\1\0" * 160


class Bench:
    """The rehearsals of one call with everything around them."""

    def __init__(self, budget: RehearsalBudget | None = None, brain: HeldBrain | None = None) -> None:
        self.brain, self.synthesiser = brain or HeldBrain(), NotingSynthesiser()
        self.told: list[Rehearsed] = []
        self.budget = budget or RehearsalBudget(1)
        voice = LineVoice(self.synthesiser, "en", RATE_HZ)
        self.rehearsals = Rehearsals(self.brain, voice, self.budget, self.told.append)

    async def begin(self, words: str, attempt: int = 1) -> None:
        self.rehearsals.begin(Rehearse(1, attempt, Query(words, "s", speculative=True)))
        await settle()

    async def go_on(self) -> None:
        self.brain.go_on.set()
        await settle()


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    await made.rehearsals.close()


async def test_the_verdict_is_told_and_the_first_sentence_spoken_on_trial(bench: Bench) -> None:
    await bench.begin("yes")
    assert bench.told == []
    await bench.go_on()
    assert bench.told == [Rehearsed(1, 1, True)]
    assert bench.synthesiser.requests == [SpeechRequest("Right.", "en", RATE_HZ, speculative=True)]
    assert bench.brain.closed == 1
    assert bench.budget.take()


async def test_a_caller_who_goes_on_costs_nothing_but_the_work(bench: Bench) -> None:
    await bench.begin("yes")
    bench.rehearsals.drop()
    await bench.go_on()
    assert bench.told == []
    assert bench.synthesiser.requests == []
    assert bench.brain.closed == 1
    assert bench.budget.take()


async def test_a_new_rehearsal_takes_the_place_of_the_last(bench: Bench) -> None:
    await bench.begin("yes")
    bench.brain.go_on.set()
    await bench.begin("yes please", 2)
    assert bench.told == [Rehearsed(1, 2, True)]


async def test_what_is_prepared_for_the_real_query_goes_on(bench: Bench) -> None:
    await bench.begin("yes")
    bench.rehearsals.performed(Query("yes", "s"))
    await bench.go_on()
    assert bench.synthesiser.requests


async def test_what_is_prepared_for_other_words_is_given_up(bench: Bench) -> None:
    await bench.begin("yes")
    bench.rehearsals.performed(Query("yes please", "s"))
    await bench.go_on()
    assert bench.told == []
    assert bench.brain.closed == 1


async def test_a_rehearsal_that_has_not_begun_is_not_begun_after_the_real_query(bench: Bench) -> None:
    bench.rehearsals.begin(Rehearse(1, 1, Query("yes", "s", speculative=True)))
    bench.rehearsals.performed(Query("yes", "s"))
    await settle()
    assert bench.brain.queries == []


async def test_the_budget_is_shared_by_calls() -> None:
    budget = RehearsalBudget(1)
    first, second = Bench(budget), Bench(budget)
    await first.begin("yes")
    await second.begin("no")
    assert second.brain.queries == []
    await first.go_on()
    await second.begin("no")
    assert [query.query_text for query in second.brain.queries] == ["no"]
    await second.rehearsals.close()
    assert budget.take()


async def test_a_brain_that_writes_on_is_read_until_the_caller_goes_on() -> None:
    bench = Bench(brain=WritingBrain())
    await bench.begin("yes")
    assert bench.told == [Rehearsed(1, 1, False)]
    assert [request.text for request in bench.synthesiser.requests] == ["Right."]
    assert bench.brain.closed == 0
    assert bench.budget.take()  # nothing is left to do
    bench.rehearsals.drop()
    await settle()
    assert bench.brain.closed == 1


async def test_a_sentence_that_cannot_be_spoken_on_trial_does_not_stop_the_brain() -> None:
    bench = Bench(brain=WritingBrain())
    bench.synthesiser.failure = SynthesisError("busy")
    await bench.begin("yes")
    bench.rehearsals.performed(Query("yes", "s"))
    await settle()
    assert bench.brain.closed == 0
    await bench.go_on()
    assert bench.brain.closed == 1
    await bench.rehearsals.close()


@pytest.mark.parametrize("failure", [BrainError("broken"), OSError("a bug")])
async def test_a_rehearsal_that_fails_hurts_nobody(
    bench: Bench, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    bench.brain.failure = failure
    await bench.begin("yes")
    await bench.go_on()
    assert bench.told == []
    assert bench.budget.take()
    assert ("broke" in caplog.text) == isinstance(failure, OSError)


async def test_a_sentence_that_cannot_be_spoken_on_trial_hurts_nobody(bench: Bench) -> None:
    bench.synthesiser.failure = SynthesisError("busy")
    await bench.begin("yes")
    await bench.go_on()
    assert bench.told == [Rehearsed(1, 1, True)]
    assert bench.budget.take()


async def a_call(*, own_brain: bool, brain: MemoryBrain | None = None) -> MemoryCall:
    call = MemoryCall(
        brain or MemoryBrain(["Ready?"], ["Right."], ["Right."]),
        language="en",
        endpointing=EndpointingConfig() if own_brain else None,
        own_brain=own_brain,
        rehearse=own_brain,
    )
    call.session.start()
    await call.listen()
    return call


async def test_a_pause_is_rehearsed_and_the_turn_then_asked_in_earnest() -> None:
    call = await a_call(own_brain=True)
    call.recogniser.hears = ["my phone is broken"]
    await call.hear(SpeechGrew(1, 400), SpeechPaused(1, 1))
    assert [(query.query_text, query.speculative) for query in call.brain.queries[1:]] == [("my phone is broken", True)]
    assert call.ears.waits == [620, 260]  # the words tell nothing; the brain takes them for something
    await call.hear(UtteranceEnded(1, 1))
    await call.listen()
    assert [(query.query_text, query.speculative) for query in call.brain.queries[2:]] == [
        ("my phone is broken", False)
    ]
    assert all(query.wants_expectation for query in call.brain.queries)
    assert call.session.stopwatch.record.turns[1].end_of_speech_ms == 260
    await call.session.close()


class WritingMemoryBrain(MemoryBrain):
    """Writes on what it is asked on trial until it is hung up on."""

    def __init__(self) -> None:
        super().__init__(["Ready?"], ["Right."])
        self.writing = 0

    async def ask(self, query: Query) -> AsyncIterator[Chunk]:
        if not query.speculative:
            async for chunk in super().ask(query):
                yield chunk
            return
        self.queries.append(query)
        self.writing += 1
        try:
            yield Chunk("s", "q", 0, reply=Reply("Right. "), complete=False)
            await asyncio.Event().wait()
        finally:
            self.writing -= 1


@pytest.mark.parametrize("goes_on", [False, True])
async def test_what_the_brain_writes_on_trial_is_read_until_the_caller_goes_on(goes_on: bool) -> None:
    brain = WritingMemoryBrain()
    call = await a_call(own_brain=True, brain=brain)
    call.recogniser.hears = ["my phone is broken"]
    await call.hear(SpeechGrew(1, 400), SpeechPaused(1, 1))
    assert brain.writing == 1
    await call.hear(SpeechResumed(1, 300) if goes_on else UtteranceEnded(1, 1))
    await settle()
    # Once the real query is there, it is for the brain to end what it was asked on trial.
    assert brain.writing == (0 if goes_on else 1)
    assert [query.speculative for query in brain.queries[1:]] == ([True] if goes_on else [True, False])
    await call.session.close()
    assert brain.writing == 0


async def test_a_caller_who_goes_on_is_not_answered() -> None:
    call = await a_call(own_brain=True)
    call.recogniser.hears = ["my phone", "my phone is broken"]
    await call.hear(SpeechGrew(1, 400), SpeechPaused(1, 1))
    await call.hear(SpeechResumed(1, 300), SpeechGrew(1, 800))
    assert len(call.session.stopwatch.record.turns) == 1
    await call.hear(SpeechPaused(1, 2))
    await call.hear(UtteranceEnded(1, 2))
    await call.listen()
    assert [turn.caller_text for turn in call.session.stopwatch.record.turns] == ["", "my phone is broken"]
    await call.session.close()


async def test_a_brain_that_is_not_ours_is_never_asked_on_trial() -> None:
    call = await a_call(own_brain=False)
    call.recogniser.hears = ["yes"]
    await call.hear(SpeechGrew(1, 400), SpeechPaused(1, 1))
    assert len(call.brain.queries) == 1
    assert call.ears.waits == []
    await call.hear(UtteranceEnded(1, 1))
    await call.listen()
    assert [query.query_text for query in call.brain.queries] == ["", "yes"]
    assert not any(query.speculative or query.wants_expectation for query in call.brain.queries)
    await call.session.close()
