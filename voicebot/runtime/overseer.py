"""Supervision in a line worker: carries out what the main process passes on, and answers each message.

A message has ``id``, ``what``, ``by`` (the id of the key) and, but for ``calls``, the ``call``. The answer is the event
``supervised`` with the same ``id`` and either ``answer`` or ``error`` (``code`` and ``message``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from telephony.line.call import SipCallLeg
from voicebot.conversation.leg import TransferRequest
from voicebot.conversation.record import CallRecord
from voicebot.errors import NoRoomError, UnknownCallError, VoicebotError
from voicebot.events.event import SUPERVISED
from voicebot.protocol.instruction import ToCustomerService
from voicebot.runtime.supervised_call import SupervisedCall
from voicebot.settings.model import LineSettings
from voicebot.settings.supervision import SupervisionSettings
from voicebot.supervision.modes import Mode, Then

logger = logging.getLogger(__name__)

Report = Callable[[str, Mapping[str, Any]], None]


class Overseer:
    """All supervised calls of a worker, which is all of its calls.

    Args:
        settings: of supervision.
        room: says how many further calls the worker has room for.
        report: tells the main process.
    """

    def __init__(self, settings: SupervisionSettings, room: Callable[[], int], report: Report) -> None:
        self._settings = settings
        self._room = room
        self._report = report
        self._calls: dict[str, SupervisedCall] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(
        self,
        leg: SipCallLeg,
        line: LineSettings,
        record: CallRecord,
        transfer_request: Callable[[ToCustomerService, str], TransferRequest],
        tell: Callable[[str, Mapping[str, Any]], None],
    ) -> SupervisedCall:
        """A call begins.

        Args:
            leg: the call.
            line: the line that has it.
            record: where it is noted what supervisors do.
            transfer_request: turns an instruction and the id of the brain's session into a dial target.
            tell: told the events of the call.
        """

        def request_for(target: str, reason: str) -> TransferRequest:
            return transfer_request(ToCustomerService(trans_addr=target, reason=reason), record.session_id)

        def done(what: Mapping[str, str]) -> None:
            record.supervision.append({"at": datetime.now(timezone.utc).isoformat(timespec="milliseconds"), **what})
            tell(SUPERVISED, what)

        call = SupervisedCall(leg, line, self._settings, request_for, done)
        self._calls[leg.info.call_id] = call
        return call

    def remove(self, call_id: str) -> None:
        """A call is over."""
        call = self._calls.pop(call_id, None)
        if call is not None:
            call.end()

    @property
    def supervisors(self) -> int:
        """Telephones of supervisors that ring or are in a call."""
        return sum(call.supervisors for call in self._calls.values())

    def obey(self, message: Mapping[str, Any]) -> None:
        """Carry a message out; it is answered soon."""
        task = asyncio.create_task(self._answer(message), name=f"supervise-{message['id']}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what is under way, and let all listeners go."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for call_id in list(self._calls):
            self.remove(call_id)

    async def _answer(self, message: Mapping[str, Any]) -> None:
        told: dict[str, Any] = {"id": message["id"]}
        try:
            told["answer"] = await self._carry_out(message)
        except VoicebotError as error:
            told["error"] = {"code": error.code, "message": error.message}
        except Exception:
            logger.exception("a supervisor's order could not be carried out")
            told["error"] = {"code": "internal", "message": "a defect of the line worker"}
        self._report("supervised", told)

    async def _carry_out(self, message: Mapping[str, Any]) -> Any:
        what, by = message["what"], message["by"]
        if what == "calls":
            return [call.shown() for call in self._calls.values()]
        call = self._calls.get(message["call"])
        if call is None:
            raise UnknownCallError("there is no call of that id")
        orders: dict[str, Callable[[], Any]] = {
            "call": lambda: None,
            "hang_up": lambda: call.hang_up(by, message["text"]),
            "say": lambda: call.say(by, message["text"], message["interrupt"]),
            "whisper": lambda: call.whisper(by, message["text"]),
            "transfer": lambda: self._transfer(call, message),
            "join": lambda: self._join(call, message),
            "mode": lambda: call.switch(by, message["supervisor"], Mode(message["mode"])),
            "leave": lambda: call.dismiss(by, message["supervisor"]),
            "listen": lambda: call.listen(by, Path(message["path"])),
        }
        done = orders[what]()
        if isinstance(done, Awaitable):
            done = await done
        return call.shown() if done is None else done

    def _join(self, call: SupervisedCall, message: Mapping[str, Any]) -> dict[str, Any]:
        call.need_seat()
        self._need_room()
        then = Then(message["then"]) if message["then"] else None
        return call.join(message["by"], message["target"], Mode(message["mode"]), then)

    def _transfer(self, call: SupervisedCall, message: Mapping[str, Any]) -> None:
        if message["mode"] != "blind":
            self._need_room()
        call.transfer(message["by"], message["target"], message["mode"], message["briefing"])

    def _need_room(self) -> None:
        if self._room() <= 0:
            raise NoRoomError("the line worker of this call carries no further call now")
