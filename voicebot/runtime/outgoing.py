"""The main process's side of outgoing calls: chooses a line worker, orders the call, and waits for its end."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from voicebot.campaigns.line import CallWatcher, DialOrder, NotDialledError
from voicebot.campaigns.outcome import CallResult
from voicebot.errors import ConfigError
from voicebot.runtime.dial_target import fill_template
from voicebot.runtime.dialled import DialMessage
from voicebot.runtime.lines import pbx_host
from voicebot.runtime.supervisor import LineSlot, Supervisor
from voicebot.server.hosted import HostedBot
from voicebot.settings.model import LineSettings, Settings
from voicebot.storage.e164 import national

_MARGIN_S = 120.0
"""Beyond the longest call, after which a worker that says nothing counts as dead."""


@dataclass(slots=True)
class _Dialling:
    """A call that a worker was told to make."""

    slot: LineSlot
    watcher: CallWatcher
    result: asyncio.Future[CallResult]
    counted: bool = False


class OutgoingLines:
    """Makes calls over the line workers; an ``OutgoingLine``.

    Args:
        supervisor: the workers.
        settings: the settings of the service.
        bots: returns our own bots as they are now.
    """

    def __init__(self, supervisor: Supervisor, settings: Settings, bots: Callable[[], Iterable[HostedBot]]) -> None:
        self._supervisor = supervisor
        self._settings = settings
        self._bots = bots
        self._calls: dict[str, _Dialling] = {}
        self._turns = itertools.count(1)
        self._used: Counter[int] = Counter()

    @property
    def room(self) -> int:
        """How many more calls can begin now."""
        free = self._settings.sip.max_calls - self._supervisor.calls - sum(self._uncounted().values())
        return max(0, min(free, sum(self._room_of(slot) for slot in self._supervisor.workers)))

    async def dial(self, order: DialOrder, watcher: CallWatcher) -> CallResult:
        """Make a call, and wait for its end.

        Raises:
            NotDialledError: no worker has room.
            ConfigError: there is no such bot.
            TransferError: the number cannot be put into ``dialling.target``.
        """
        message = self._message(order)
        slot = max(
            self._supervisor.workers, key=lambda one: (self._room_of(one), -self._used[one.number]), default=None
        )
        if slot is None or self._room_of(slot) <= 0:
            raise NotDialledError("no line worker has room")
        # In turn: calls that fail at once would all go to one worker, whose library frees their sockets a little later.
        self._used[slot.number] = next(self._turns)
        dialling = _Dialling(slot, watcher, asyncio.get_running_loop().create_future())
        self._calls[order.id] = dialling
        try:
            slot.keeper.send(message.as_json())
            longest_s = order.ring_timeout_s + self._settings.conversation.max_call_s + _MARGIN_S
            await asyncio.wait({dialling.result}, timeout=longest_s)
            return dialling.result.result() if dialling.result.done() else CallResult(lost=True)
        finally:
            del self._calls[order.id]

    def event(self, event: dict[str, Any]) -> None:
        """A line worker reports something."""
        kind = event["event"]
        if kind == "worker_lost":
            for lost in self._calls.values():
                if lost.slot.number == event["worker"] and not lost.result.done():
                    lost.result.set_result(CallResult(lost=True, reason="the line worker died"))
        dialling = self._calls.get(event.get("id", "")) if kind.startswith("dial_") else None
        if dialling is not None and not dialling.result.done():
            self._told(dialling, kind, event)

    def _told(self, dialling: _Dialling, kind: str, event: dict[str, Any]) -> None:
        dialling.counted = True  # its worker counts it from now on
        if kind == "dial_placed":
            dialling.watcher.placed(event["call_id"])
        elif kind == "dial_answered":
            dialling.watcher.answered()
        elif kind == "dial_failed":
            dialling.result.set_result(CallResult(reason=event["message"]))
        elif kind == "dial_ended":
            names = ("answered", "status", "reason", "cause", "answered_by", "announcement", "q850")
            dialling.result.set_result(CallResult(**{name: event[name] for name in names}))

    def _uncounted(self) -> Counter[int]:
        return Counter(call.slot.number for call in self._calls.values() if not call.counted)

    def _room_of(self, slot: LineSlot) -> int:
        return self._supervisor.room(slot) - self._uncounted()[slot.number]

    def _message(self, order: DialOrder) -> DialMessage:
        sip, dialling = self._settings.sip, self._settings.dialling
        host = pbx_host(sip.accounts[0].registrar) if sip.accounts else ""
        number = national(order.number, dialling.country_code) if order.number.startswith("+") else order.number
        values = {"number": number, "e164": order.number, "caller": order.caller_number}
        return DialMessage(
            id=order.id,
            target=fill_template(dialling.target, values, host, "target", section="dialling"),
            local_uri=self._from(order.caller_number, host),
            number=number,
            caller_number=order.caller_number,
            line=self._line(order.bot),
            variables=order.variables,
            ring_timeout_s=order.ring_timeout_s,
            causes=order.causes,
        )

    def _from(self, number: str, host: str) -> str:
        if not number:
            return ""
        place = host or "{}:{}".format(*self._supervisor.edge.public_address)
        return fill_template(f"sip:{{caller}}@{place}", {"caller": number}, host, "target", section="dialling")

    def _line(self, name: str) -> LineSettings:
        """Return the line of a name, else one with the bot of that name, else one made for it."""
        lines = self._settings.lines
        for line in (*(line for line in lines if line.name == name), *(line for line in lines if line.bot == name)):
            if line.name == name or not line.brain_url:
                return line
        bot = next((bot for bot in self._bots() if bot.name == name), None)
        if bot is None:
            raise ConfigError(f"there is no bot or line {name!r}")
        return LineSettings(name=bot.name, bot=bot.name, language=bot.language)
