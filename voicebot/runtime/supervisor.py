"""Keeps the edge, the line workers and the speech worker running together.

A line worker that dies takes its own calls with it and nothing else: its token leaves the edge, so
that late messages of its calls are answered 481, and a fresh worker takes its place. The speech
worker is replaced in the same way; the line workers connect to it again by themselves.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from telephony.edge.dispatcher import Dispatcher
from telephony.edge.edge import Edge
from telephony.line.config import rtp_ports
from voicebot.runtime.child import Child
from voicebot.runtime.edge_config import edge_config
from voicebot.runtime.keeper import Keeper
from voicebot.runtime.order import RTP_PORTS, WorkerOrder
from voicebot.runtime.room import callers_in_worker
from voicebot.runtime.routing import check_routes
from voicebot.settings.model import Settings

logger = logging.getLogger(__name__)

_REPORT_S = 1.0

EventHandler = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Wiring:
    """Where the processes find each other.

    Attributes:
        speech_socket: path of the speech worker's socket.
        brain_url: base URL of our own HTTP server.
        api_key: key for it.
        tell_turns: have the line workers report conversations as they happen.
        hot_words: what callers of each line are likely to say, by the line's name.
    """

    speech_socket: Path
    brain_url: str
    api_key: str = field(repr=False)
    tell_turns: bool = False
    hot_words: Mapping[str, Sequence[str]] = field(default_factory=dict)


class LineSlot:
    """One line worker's place: the process in it changes, the slot stays."""

    def __init__(self, number: int, supervisor: Supervisor) -> None:
        self.number = number
        self.token = ""
        self.calls = 0
        self.library_calls = 0
        self._supervisor = supervisor
        self.keeper = Keeper(
            f"line worker {number}", self._make, self._greet, self._ready, self._event, self._lost, ready_s=30.0
        )

    def _make(self, on_event: EventHandler, on_exit: Callable[[int], None]) -> Child:
        self.token = f"w{self.number}-{secrets.token_hex(4)}"
        return Child(self.keeper.name, "voicebot.runtime.line_process", [], on_event, on_exit)

    def _greet(self, child: Child) -> None:
        child.send(self._supervisor.order(self).as_json())

    def _ready(self, event: dict[str, Any]) -> None:
        self.library_calls = int(event["library_calls"])
        self._supervisor.worker_ready(self, int(event["sip_port"]))

    def _event(self, event: dict[str, Any]) -> None:
        if event["event"] == "calls":
            self.calls = int(event["count"])
        self._supervisor.worker_event(self, event)

    def _lost(self) -> None:
        self.calls = 0
        self._supervisor.worker_lost(self)


class Supervisor:
    """Starts, watches and stops the processes that hold calls.

    Args:
        settings: the settings of the service.
        wiring: where the processes find each other.
        on_event: told of each event of a line worker that is not about its own state.
    """

    def __init__(self, settings: Settings, wiring: Wiring, on_event: EventHandler | None = None) -> None:
        self._settings = settings
        self._wiring = wiring
        self._on_event = on_event or (lambda _event: None)
        self._slots: list[LineSlot] = []
        self._registrar: LineSlot | None = None
        self._accepting = False
        self._ports: dict[str, int] = {}
        self._reporting: asyncio.Task[None] | None = None
        check_routes(settings)
        sip = settings.sip
        self.edge = Edge(edge_config(sip), Dispatcher(sip.max_calls))

    @property
    def calls(self) -> int:
        """Calls that are up now."""
        return sum(slot.calls for slot in self._slots)

    @property
    def workers(self) -> list[LineSlot]:
        """The places of the line workers."""
        return list(self._slots)

    def room(self, slot: LineSlot) -> int:
        """How many more calls a worker can take; none while it starts."""
        return self._capacity(slot) - slot.calls if slot.token in self._ports else 0

    async def open_edge(self) -> None:
        """Open the public SIP port. Until a worker is ready, callers hear busy.

        Raises:
            PortInUseError: another program has the SIP port.
        """
        await self.edge.start()

    async def start_workers(self) -> None:
        """Start all line workers; calls come in once ``accept_calls`` says so.

        Raises:
            VoicebotError: a line worker did not get ready.
        """
        first = self._add_slot()
        await first.keeper.start()
        wanted = math.ceil(self._settings.sip.max_calls / self._capacity(first))
        self._reporting = asyncio.create_task(self._report_calls(), name="report-calls")
        others = [self._add_slot() for _ in range(wanted - 1)]
        await asyncio.gather(*(slot.keeper.start() for slot in others))

    async def stop(self) -> None:
        """End all calls, then all processes, then the edge."""
        if self._reporting is not None:
            self._reporting.cancel()
            await asyncio.gather(self._reporting, return_exceptions=True)
        await asyncio.gather(*(slot.keeper.stop() for slot in self._slots))
        await self.edge.close()

    def order(self, slot: LineSlot) -> WorkerOrder:
        """Return what the process in a slot is told when it starts."""
        rtp_port = self._settings.sip.rtp_port
        return WorkerOrder(
            token=slot.token,
            settings=self._settings,
            edge_internal=self.edge.internal_address,
            edge_public=self.edge.public_address,
            speech_socket=self._wiring.speech_socket,
            brain_url=self._wiring.brain_url,
            api_key=self._wiring.api_key,
            rtp_port=rtp_port + slot.number * rtp_ports(RTP_PORTS, self._slots[0].library_calls) if rtp_port else 0,
            tell_turns=self._wiring.tell_turns,
            hot_words=self._wiring.hot_words,
        )

    def expect(self, hot_words: Mapping[str, Sequence[str]]) -> None:
        """Tell all line workers, also those to come, what callers are likely to say; calls that are up keep theirs."""
        self._wiring = replace(self._wiring, hot_words=hot_words)
        for slot in self._slots:
            slot.keeper.send({"do": "expect", "hot_words": hot_words})

    def accept_calls(self) -> None:
        """Let calls in from now on: whoever is ready gets some, and the PBX is told where we are."""
        self._accepting = True
        for slot in self._slots:
            if slot.token in self._ports:
                self._open(slot)

    def worker_ready(self, slot: LineSlot, sip_port: int) -> None:
        """A line worker can take calls from now on."""
        self._ports[slot.token] = sip_port
        if self._accepting:
            self._open(slot)

    def _open(self, slot: LineSlot) -> None:
        self.edge.add_worker(slot.token, self._ports[slot.token], self._capacity(slot))
        if self._settings.sip.accounts and self._registrar is None:
            self._let_register(slot)

    def worker_event(self, slot: LineSlot, event: dict[str, Any]) -> None:
        """A line worker reports something."""
        if event["event"] == "calls":
            self.edge.dispatcher.report(slot.token, slot.calls)
        self._on_event({**event, "worker": slot.number})

    def worker_lost(self, slot: LineSlot) -> None:
        """A line worker is gone: its calls are, too; nobody else's."""
        self._ports.pop(slot.token, None)
        self.edge.remove_worker(slot.token)
        self._on_event({"event": "worker_lost", "worker": slot.number})
        if self._registrar is slot:
            self._registrar = None
            heir = next((other for other in self._slots if other is not slot and other.keeper.child), None)
            if heir is not None:
                self._let_register(heir)

    async def _report_calls(self) -> None:
        """Repeat the workers' counts to the edge: its own may drift when a BYE gets lost."""
        while True:
            await asyncio.sleep(_REPORT_S)
            for slot in self._slots:
                self.edge.dispatcher.report(slot.token, slot.calls)

    def _let_register(self, slot: LineSlot) -> None:
        # One worker registers for all: the Contact is the edge, which spreads the calls.
        self._registrar = slot
        slot.keeper.send({"do": "register"})

    def _add_slot(self) -> LineSlot:
        slot = LineSlot(len(self._slots), self)
        self._slots.append(slot)
        return slot

    def _capacity(self, slot: LineSlot) -> int:
        """Callers in one worker."""
        sip = self._settings.sip
        wanted = callers_in_worker(sip, self._settings.supervision, slot.library_calls)
        return max(1, min(wanted, sip.max_calls - wanted * slot.number))
