"""The calls that are up, in the main process: which line worker holds each, and questions and orders for it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from voicebot import errors
from voicebot.errors import CallLostError, UnknownCallError, VoicebotError
from voicebot.events.event import ENDED, STARTED
from voicebot.runtime.supervisor import LineSlot
from voicebot.supervision.desk import Listening
from voicebot.supervision.modes import Mode, Then

logger = logging.getLogger(__name__)

ANSWER_TIMEOUT_S = 5.0
_CONNECT_TIMEOUT_S = 5.0

_ERRORS: dict[str, type[VoicebotError]] = {
    error.code: error
    for error in (
        errors.UnknownCallError,
        errors.UnknownSupervisorError,
        errors.CallStateError,
        errors.SupervisorLimitError,
        errors.NoRoomError,
        errors.TransferError,
    )
}


class WorkerCalls:
    """The calls of all line workers; a ``LiveCalls``.

    Args:
        workers: returns the places of the line workers.
        folder: for sockets; its path must be short.
        rate_hz: sample rate of the calls.
    """

    def __init__(self, workers: Callable[[], list[LineSlot]], folder: Path, rate_hz: int) -> None:
        self._workers = workers
        self._folder = folder
        self._rate_hz = rate_hz
        self._numbers = itertools.count(1)
        self._places: dict[str, int] = {}
        self._waiting: dict[int, tuple[int, asyncio.Future[Any]]] = {}

    def event(self, event: dict[str, Any]) -> None:
        """A line worker reports something."""
        kind = event["event"]
        if kind == "supervised":
            self._answered(event)
        elif kind == "call_event" and event["type"] == STARTED:
            self._places[event["callId"]] = event["worker"]
        elif kind == "call_event" and event["type"] == ENDED:
            self._places.pop(event["callId"], None)
        elif kind == "worker_lost":
            self._lost(event["worker"])

    async def calls(self) -> list[dict[str, Any]]:
        """Return all calls; those of a worker that does not answer are left out."""
        slots = [slot for slot in self._workers() if slot.calls]
        asked = (self._ask(slot, {"what": "calls", "by": ""}) for slot in slots)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        found: list[dict[str, Any]] = []
        for slot, answer in zip(slots, answers, strict=True):
            if isinstance(answer, CallLostError):
                logger.warning("%s did not say which calls it has", slot.keeper.name)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                found += answer
        return sorted(found, key=lambda call: str(call["started_at"]))

    async def call(self, call_id: str) -> dict[str, Any]:
        """Return one call."""
        return await self._order(call_id, "call", "")

    async def hang_up(self, call_id: str, by: str, text: str) -> dict[str, Any]:
        """End a call."""
        return await self._order(call_id, "hang_up", by, text=text)

    async def say(self, call_id: str, by: str, text: str, interrupt: bool) -> dict[str, Any]:
        """Have the bot say something."""
        return await self._order(call_id, "say", by, text=text, interrupt=interrupt)

    async def whisper(self, call_id: str, by: str, text: str) -> dict[str, Any]:
        """Give the bot a hint."""
        return await self._order(call_id, "whisper", by, text=text)

    async def transfer(self, call_id: str, by: str, target: str, mode: str, briefing: str) -> dict[str, Any]:
        """Put a caller through."""
        return await self._order(call_id, "transfer", by, target=target, mode=mode, briefing=briefing)

    async def join(self, call_id: str, by: str, target: str, mode: Mode, then: Then | None) -> dict[str, Any]:
        """Ring a supervisor."""
        after = then.value if then is not None else ""
        return await self._order(call_id, "join", by, target=target, mode=mode.value, then=after)

    async def switch(self, call_id: str, by: str, supervisor: str, mode: Mode) -> dict[str, Any]:
        """Change what a supervisor does."""
        return await self._order(call_id, "mode", by, supervisor=supervisor, mode=mode.value)

    async def dismiss(self, call_id: str, by: str, supervisor: str) -> dict[str, Any]:
        """End a supervision."""
        return await self._order(call_id, "leave", by, supervisor=supervisor)

    @contextlib.asynccontextmanager
    async def listen(self, call_id: str, by: str) -> AsyncIterator[Listening]:
        """Hear a call: its worker sends the audio to a socket that is there for this one listener."""
        path = self._folder / f"listen-{next(self._numbers)}.sock"
        connected: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
        connected = asyncio.get_running_loop().create_future()

        def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if connected.done():
                writer.close()
            else:
                connected.set_result((reader, writer))

        server = await asyncio.start_unix_server(connect, path)
        try:
            await self._order(call_id, "listen", by, path=str(path))
            await asyncio.wait({connected}, timeout=_CONNECT_TIMEOUT_S)
            if not connected.done():
                raise CallLostError("the line worker of this call sends no audio")
            yield Listening(self._rate_hz, connected.result()[0])
        finally:
            server.close()
            path.unlink(missing_ok=True)
            if connected.done():
                connected.result()[1].close()
            else:
                connected.cancel()

    async def _order(self, call_id: str, what: str, by: str, **values: Any) -> dict[str, Any]:
        number = self._places.get(call_id)
        slot = next((slot for slot in self._workers() if slot.number == number), None)
        if slot is None:
            raise UnknownCallError("there is no call of that id")
        answer: dict[str, Any] = await self._ask(slot, {"what": what, "by": by, "call": call_id, **values})
        return answer

    async def _ask(self, slot: LineSlot, message: dict[str, Any]) -> Any:
        number = next(self._numbers)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = (slot.number, future)
        try:
            slot.keeper.send({"do": "supervise", "id": number, **message})
            await asyncio.wait({future}, timeout=ANSWER_TIMEOUT_S)
            if not future.done():
                raise CallLostError("the line worker of this call does not answer")
            return future.result()
        finally:
            future.cancel()
            del self._waiting[number]

    def _answered(self, event: dict[str, Any]) -> None:
        _, future = self._waiting.get(event["id"], (0, None))
        if future is None or future.done():
            return
        error = event.get("error")
        if error is None:
            future.set_result(event["answer"])
        else:
            kind = _ERRORS.get(error["code"], VoicebotError)
            future.set_exception(kind(error["message"]))

    def _lost(self, worker: int) -> None:
        """A line worker is gone, and its calls with it."""
        self._places = {call_id: number for call_id, number in self._places.items() if number != worker}
        for number, future in self._waiting.values():
            if number == worker and not future.done():
                future.set_exception(CallLostError("the line worker of this call has ended"))
