"""Questions and orders for line workers, and what comes of workers that do not answer."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from voicebot.errors import CallLostError, CallStateError, UnknownCallError, VoicebotError
from voicebot.runtime import livecalls
from voicebot.runtime.livecalls import WorkerCalls
from voicebot.runtime.supervisor import LineSlot
from voicebot.supervision.modes import Mode, Then


class Workers:
    """Two line workers that note what they are sent; ``answer`` is what they say to it."""

    def __init__(self, folder: Path) -> None:
        self.sent: list[tuple[int, dict[str, Any]]] = []
        self.asked = asyncio.Event()
        self.answers: dict[int, dict[str, Any]] = {}
        self.slots = [self._slot(number) for number in range(2)]
        self.live = WorkerCalls(lambda: cast(list[LineSlot], self.slots), folder, 8000)
        for number, call in enumerate("ab"):
            self.tell("call_event", number, type="call.started", callId=call)

    def tell(self, event: str, worker: int, **more: Any) -> None:
        self.live.event({"event": event, "worker": worker, **more})

    def _slot(self, number: int) -> SimpleNamespace:
        def send(message: dict[str, Any]) -> None:
            self.sent.append((number, message))
            self.asked.set()
            if number in self.answers:
                self.tell("supervised", number, id=message["id"], **self.answers[number])

        keeper = SimpleNamespace(name=f"line worker {number}", send=send)
        return SimpleNamespace(number=number, calls=1, keeper=keeper)


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workers:
    monkeypatch.setattr(livecalls, "ANSWER_TIMEOUT_S", 0.05)
    return Workers(tmp_path)


async def test_an_order_goes_to_the_worker_that_has_the_call(workers: Workers) -> None:
    workers.answers = {1: {"answer": {"id": "x"}}}
    assert await workers.live.join("b", "key", "1001", Mode.TALK, Then.BOT) == {"id": "x"}
    ((number, message),) = workers.sent
    assert number == 1
    assert {**message, "id": 0} == {
        **{"do": "supervise", "id": 0, "what": "join", "by": "key", "call": "b"},
        **{"target": "1001", "mode": "talk", "then": "bot"},
    }


async def test_errors_come_back_as_what_they_are(workers: Workers) -> None:
    for code, kind in [("call_state", CallStateError), ("internal", VoicebotError)]:
        workers.answers = {0: {"error": {"code": code, "message": "no"}}}
        with pytest.raises(kind, match="no"):
            await workers.live.hang_up("a", "key", "")


async def test_calls_that_are_not_there(workers: Workers) -> None:
    workers.tell("call_event", 0, type="call.ended", callId="a")
    for call in ("a", "c"):
        with pytest.raises(UnknownCallError):
            await workers.live.call(call)
    assert workers.sent == []


async def test_a_worker_that_does_not_answer(workers: Workers) -> None:
    with pytest.raises(CallLostError):
        await workers.live.call("a")
    workers.answers = {1: {"answer": [{"id": "b", "started_at": "1"}]}}
    assert await workers.live.calls() == [{"id": "b", "started_at": "1"}]
    # What comes too late is for nobody.
    workers.tell("supervised", 0, id=workers.sent[0][1]["id"], answer={})


async def test_a_worker_that_dies_meanwhile(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(livecalls, "ANSWER_TIMEOUT_S", 30.0)
    asking = asyncio.create_task(workers.live.call("a"))
    await asyncio.wait_for(workers.asked.wait(), 5)
    workers.tell("worker_lost", 0)
    with pytest.raises(CallLostError, match="has ended"):
        await asking
    with pytest.raises(UnknownCallError):
        await workers.live.call("a")


async def test_the_socket_of_a_listener_is_gone_after_it(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers.answers = {0: {"answer": {}}}

    async def connect() -> None:
        await asyncio.wait_for(workers.asked.wait(), 5)
        _, writer = await asyncio.open_unix_connection(workers.sent[0][1]["path"])
        writer.write(b"sound")
        writer.close()
        await writer.wait_closed()

    connecting = asyncio.create_task(connect())
    async with workers.live.listen("a", "key") as listening:
        assert listening.rate_hz == 8000
        assert await listening.stream.read() == b"sound"
    await connecting
    assert os.listdir(tmp_path) == []
    monkeypatch.setattr(livecalls, "_CONNECT_TIMEOUT_S", 0.01)
    with pytest.raises(CallLostError, match="sends no audio"):
        async with workers.live.listen("a", "key"):
            pytest.fail("nobody has connected")
    assert os.listdir(tmp_path) == []
