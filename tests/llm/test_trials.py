"""Requests on trial: who takes them over, and what becomes of those that nobody wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import pytest

from voicebot.breaker import Circuit
from voicebot.errors import ModelReplyError
from voicebot.llm.load import ModelLoad, RequestCounts
from voicebot.llm.model import Finish, Message, ModelRequest, Piece, TextDelta, ToolCall
from voicebot.llm.trials import MAX_KEPT, Trial, Trials

STOP = Finish("stop")
CALL = ToolCall("1", "look", "{}")
END: None = None


def request(text: str = "Hello") -> ModelRequest:
    return ModelRequest((Message("user", text),))


class HandedModel:
    """Answers each request with what the test hands it; satisfies ``LanguageModel``."""

    def __init__(self) -> None:
        self.requests: list[ModelRequest] = []
        self.answers: list[asyncio.Queue[Piece | Exception | None]] = []
        self.open: set[int] = set()
        self.closed = False
        self.circuit = Circuit.CLOSED

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        self.closed = True

    async def hand(self, number: int, *pieces: Piece | Exception | None) -> None:
        for piece in pieces:
            self.answers[number].put_nowait(piece)
        await settle()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Piece, None]:
        number = len(self.requests)
        self.requests.append(request)
        self.answers.append(asyncio.Queue())
        self.open.add(number)
        try:
            while (piece := await self.answers[number].get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            await asyncio.sleep(0)  # a connection is not closed at once either
            self.open.discard(number)


class Desk:
    """A model with its trials, and one place for them unless a test says otherwise."""

    def __init__(self, max_trials: int = 1, busy_requests: int = 3) -> None:
        self.model = HandedModel()
        self.load = ModelLoad(max_trials, busy_requests)
        self.trials = Trials(self.model, self.load)
        self.readings: list[Reading] = []

    async def begin(self, key: str = "s", text: str = "Hello") -> Trial:
        trial = self.trials.begin(key, request(text))
        assert trial is not None
        await settle()
        return trial

    async def ask(self, text: str = "Hello", key: str = "s") -> Reading:
        reading = Reading(self.trials.under(key).stream(request(text)))
        self.readings.append(reading)
        await settle()
        return reading

    async def close(self) -> None:
        """End all; nothing may be left open."""
        await self.trials.close()
        for reading in self.readings:
            reading.task.cancel()
        await asyncio.gather(*(reading.task for reading in self.readings), return_exceptions=True)
        assert not self.model.open


class Reading:
    """Reads an answer in a task of its own."""

    def __init__(self, pieces: AsyncGenerator[Piece, None] | AsyncGenerator[TextDelta | Finish, None]) -> None:
        self.pieces: list[Piece] = []
        self.task = asyncio.create_task(self._read(pieces))

    async def _read(self, pieces: AsyncGenerator[Piece, None] | AsyncGenerator[TextDelta | Finish, None]) -> None:
        async with aclosing(pieces):
            async for piece in pieces:
                self.pieces.append(piece)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    await made.close()


async def test_the_same_request_takes_over_in_mid_stream(desk: Desk) -> None:
    trial = await desk.begin()
    watching = Reading(trial.text())
    await desk.model.hand(0, TextDelta("One. "))
    assert watching.pieces == [TextDelta("One. ")]
    reading = await desk.ask()
    assert reading.pieces == [TextDelta("One. ")]
    assert watching.task.done()
    trial.leave()
    await desk.model.hand(0, TextDelta("Two."), STOP, END)
    await reading.task
    assert reading.pieces == [TextDelta("One. "), TextDelta("Two."), STOP]
    assert watching.pieces == [TextDelta("One. ")]
    assert len(desk.model.requests) == 1
    assert desk.load.counts == RequestCounts(asked=0, trials=1, taken_over=1)


async def test_the_same_request_takes_over_what_is_complete(desk: Desk) -> None:
    trial = await desk.begin()
    watching = Reading(trial.text())
    await desk.model.hand(0, TextDelta("One."), STOP, END)
    await watching.task
    trial.leave()
    reading = await desk.ask()
    assert reading.pieces == watching.pieces == [TextDelta("One."), STOP]
    assert len(desk.model.requests) == 1
    # And only once.
    await desk.ask()
    assert len(desk.model.requests) == 2


@pytest.mark.parametrize(("text", "key"), [("Hello?", "s"), ("Hello", "another"), ("Hello", "")])
async def test_any_other_request_is_made_anew(desk: Desk, text: str, key: str) -> None:
    await desk.begin()
    await desk.model.hand(0, TextDelta("One."))
    reading = await desk.ask(text, key)
    assert desk.model.requests[1:] == [request(text)]
    assert (0 in desk.model.open) == (key != "s")
    await desk.model.hand(1, TextDelta("Other."), STOP, END)
    assert reading.pieces == [TextDelta("Other."), STOP]
    assert desk.load.counts == RequestCounts(asked=1, trials=1)


async def test_the_trial_has_ended_before_another_request_is_made(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.begin()
    open_then: list[set[int]] = []
    stream = desk.model.stream

    def noted(asked: ModelRequest) -> AsyncGenerator[Piece, None]:
        open_then.append(set(desk.model.open))
        return stream(asked)

    monkeypatch.setattr(desk.model, "stream", noted)
    await desk.ask("Hello?")
    assert open_then == [set()]


async def test_nobody_watches_it_any_more(desk: Desk) -> None:
    trial, again = await desk.begin(), await desk.begin()
    assert trial is again
    trial.leave()
    await settle()
    assert desk.model.open == {0}
    trial.leave()
    await settle()
    assert not desk.model.open
    reading = await desk.ask()
    await desk.model.hand(1, TextDelta("Anew."), STOP, END)
    assert reading.pieces == [TextDelta("Anew."), STOP]


async def test_it_is_given_up_before_it_has_begun(desk: Desk) -> None:
    trial = desk.trials.begin("s", request())
    assert trial is not None
    watching = Reading(trial.text())
    desk.trials.drop("s")
    await watching.task
    assert desk.model.requests == []
    assert desk.load.has_room


async def test_another_trial_takes_its_place(desk: Desk) -> None:
    first = await desk.begin()
    watching = Reading(first.text())
    second = await desk.begin(text="Hello?")
    await watching.task
    first.leave()
    await settle()
    assert desk.model.open == {1}
    second.leave()


async def test_who_gives_up_what_was_taken_over_closes_it(desk: Desk) -> None:
    await desk.begin()
    reading = await desk.ask()
    reading.task.cancel()
    await asyncio.wait({reading.task})
    assert not desk.model.open


@pytest.mark.parametrize("failure", [ModelReplyError("broke off"), OSError("a bug")])
@pytest.mark.parametrize("before", [[], [TextDelta("One.")]])
async def test_after_a_failure_on_trial_the_model_is_asked_anew(
    desk: Desk, failure: Exception, before: list[TextDelta], caplog: pytest.LogCaptureFixture
) -> None:
    trial = await desk.begin()
    watching = Reading(trial.text())
    await desk.model.hand(0, *before, failure)
    assert watching.pieces == before
    assert (watching.task.exception() is failure) == isinstance(failure, ModelReplyError)
    assert ("broke on trial" in caplog.text) == isinstance(failure, OSError)
    reading = await desk.ask()
    await desk.model.hand(1, TextDelta("Anew."), STOP, END)
    assert reading.pieces == [TextDelta("Anew."), STOP]


async def test_a_failure_after_it_was_taken_over(desk: Desk) -> None:
    await desk.begin()
    reading = await desk.ask()
    await desk.model.hand(0, ModelReplyError("late"))
    assert len(desk.model.requests) == 2  # nothing had come of it
    await desk.model.hand(1, STOP, END)
    await desk.begin()
    torn = await desk.ask()
    await desk.model.hand(2, TextDelta("One."), ModelReplyError("broke off"))
    assert (torn.pieces, len(desk.model.requests)) == ([TextDelta("One.")], 3)
    with pytest.raises(ModelReplyError, match="broke off"):
        await torn.task
    assert reading.pieces == [STOP]


async def test_a_tool_on_trial_ends_it(desk: Desk) -> None:
    trial = await desk.begin()
    watching = Reading(trial.text())
    await desk.model.hand(0, TextDelta("Let me see. "), CALL)
    assert not desk.model.open
    assert watching.pieces == [TextDelta("Let me see. ")]
    with pytest.raises(ModelReplyError, match="tool"):
        await watching.task
    reading = await desk.ask()
    await desk.model.hand(1, CALL, END)
    assert reading.pieces == [CALL]


async def test_a_tool_after_it_was_taken_over_is_wanted(desk: Desk) -> None:
    await desk.begin()
    reading = await desk.ask()
    await desk.model.hand(0, TextDelta("Let me see. "), CALL, Finish("tool_calls"), END)
    assert reading.pieces == [TextDelta("Let me see. "), CALL, Finish("tool_calls")]
    assert len(desk.model.requests) == 1


async def test_so_many_at_a_time() -> None:
    one, other = Desk(), Desk()
    other.load = one.load
    other.trials = Trials(other.model, one.load)
    trial = await one.begin()
    assert other.trials.begin("t", request()) is None
    trial.leave()
    await settle()
    again = await other.begin("t")
    # What was taken over is none any more.
    reading = Reading(other.trials.under("t").stream(request()))
    await settle()
    assert await one.begin()
    again.leave()
    await asyncio.gather(one.trials.close(), other.trials.close())
    with pytest.raises(ModelReplyError, match="given up"):
        await reading.task
    assert len(other.model.requests) == 1


async def test_none_unless_it_is_wanted() -> None:
    assert Desk(max_trials=0).trials.begin("s", request()) is None
    assert Trials(HandedModel(), ModelLoad()).begin("s", request()) is None


async def test_requests_that_somebody_waits_for_come_first() -> None:
    desk = Desk(max_trials=5, busy_requests=2)
    await desk.begin("a")
    await desk.begin("b")
    first = await desk.ask(key="a")
    assert desk.model.open == {0, 1}
    second = await desk.ask(key="c")
    assert desk.model.open == {0, 2}
    assert desk.trials.begin("d", request()) is None
    await desk.model.hand(0, END)
    await asyncio.wait({first.task})
    assert desk.trials.begin("d", request()) is not None
    await desk.model.hand(2, END)
    await asyncio.wait({second.task})
    await desk.trials.close()
    assert desk.load.counts == RequestCounts(asked=1, trials=3, taken_over=1)


@pytest.mark.parametrize("circuit", [Circuit.OPEN, Circuit.HALF_OPEN])
async def test_a_model_that_is_left_alone_is_not_tried(desk: Desk, circuit: Circuit) -> None:
    desk.model.circuit = circuit
    assert desk.trials.begin("s", request()) is None
    assert not desk.model.requests


async def test_the_end_of_all(desk: Desk) -> None:
    trial = await desk.begin()
    watching = Reading(trial.text())
    await settle()
    await desk.trials.close()
    assert not desk.model.open
    await watching.task
    assert desk.trials.begin("s", request()) is None


async def test_what_nobody_comes_back_for_is_forgotten(desk: Desk) -> None:
    for number in range(MAX_KEPT + 1):
        trial = await desk.begin(str(number))
        await desk.model.hand(number, TextDelta("Yes."), STOP, END)
        trial.leave()
    await desk.ask(key="0")
    assert len(desk.model.requests) == MAX_KEPT + 2
    reading = await desk.ask(key="1")
    assert reading.pieces == [TextDelta("Yes."), STOP]
