"""The bench rig: the whole service on free ports, and scripted callers in processes of their own."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from voicebot.caller.script import SCRIPT_HEADER, CallOutcome, Script, outcome_from
from voicebot.errors import VoicebotError
from voicebot.runtime.bots import OurBots
from voicebot.runtime.child import Child
from voicebot.runtime.service import Reachable, Service
from voicebot.settings.model import Settings

logger = logging.getLogger(__name__)

CALLS_PER_PROCESS = 4  # what the SIP library's usual build carries

EventHandler = Callable[[dict[str, Any]], None]


def _show_rendering(done: int, total: int) -> None:
    """Show that something is going on: the first start renders every sentence of the bots."""
    end = "\n" if done + 1 == total else ""
    if sys.stdout.isatty() or end:
        print(f"\rspeaking the bots' sentences into the cache: {done + 1} of {total}", end=end, flush=True)  # noqa: T201


class Rig:
    """A running service and callers for it; an asynchronous context manager.

    Args:
        settings: of the service; ports should be 0.
        recordings: where the callers' recordings go.
        on_event: told of marks ("mark") and of turns ("turn") as they happen.
    """

    def __init__(self, settings: Settings, recordings: Path, on_event: EventHandler | None = None) -> None:
        self.settings = settings
        self.records: dict[str, dict[str, Any]] = {}
        self._recordings = recordings
        self._on_event = on_event or (lambda _event: None)
        self._service: Service | None = None
        self._reachable: Reachable | None = None
        self._record_added = asyncio.Event()

    @property
    def service(self) -> Service:
        """The running service."""
        assert self._service is not None, "the rig was entered"
        return self._service

    def target(self, user: str) -> str:
        """Return the SIP address of a line."""
        assert self._reachable is not None, "the rig was entered"
        return f"sip:{user}@{self._reachable.sip_host}:{self._reachable.sip_port}"

    async def __aenter__(self) -> Rig:
        self._service = Service(self.settings, OurBots(self.settings), self._from_service)
        self._reachable = await self._service.start()
        await self._service.prerendered(_show_rendering)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.service.stop()

    async def ring(self, scripts: Sequence[Script]) -> list[CallOutcome]:
        """Carry out all scripts at the same time, in as many processes as it takes; the order is kept.

        Raises:
            VoicebotError: a caller process failed.
        """
        batches = [scripts[start : start + CALLS_PER_PROCESS] for start in range(0, len(scripts), CALLS_PER_PROCESS)]
        results = await asyncio.gather(*(self._run_callers({"scripts": batch}) for batch in batches))
        return [outcome for batch in results for outcome in batch]

    async def record_of(self, name: str, timeout_s: float = 5.0) -> dict[str, Any]:
        """Return the bot's own record of a scripted call.

        Raises:
            VoicebotError: it did not come in time.
        """

        deadline = asyncio.get_running_loop().time() + timeout_s
        while name not in self.records:
            self._record_added.clear()
            try:
                await asyncio.wait_for(self._record_added.wait(), deadline - asyncio.get_running_loop().time())
            except asyncio.TimeoutError:
                raise VoicebotError(f"the bot has no record of the call '{name}'") from None
        return self.records[name]

    async def _run_callers(self, order: dict[str, Any]) -> list[CallOutcome]:
        scripts: Iterable[Script] = order["scripts"]
        outcomes: dict[str, CallOutcome] = {}
        failures: list[str] = []
        gone = asyncio.Event()

        def on_event(event: dict[str, Any]) -> None:
            if event["event"] == "outcome":
                outcome = outcome_from(event["outcome"])
                outcomes[outcome.name] = outcome
            elif event["event"] == "failed":
                failures.append(str(event["message"]))
            else:
                self._on_event(event)

        child = Child("caller", "voicebot.caller.process", [], on_event, lambda _code: gone.set())
        await child.start()
        try:
            child.send(
                {
                    **order,
                    "scripts": [asdict(script) for script in scripts],
                    "recordings": str(self._recordings),
                    "codecs": self.settings.sip.codecs[:1],
                    "rate_hz": self.settings.sip.audio_rate_hz,
                }
            )
            await gone.wait()
        finally:
            await child.stop()
        missing = [script.name for script in scripts if script.name not in outcomes]
        if failures or missing:
            raise VoicebotError(f"the caller process failed: {'; '.join(failures) or 'no outcome of ' + missing[0]}")
        return [outcomes[script.name] for script in scripts]

    def _from_service(self, event: dict[str, Any]) -> None:
        if event["event"] == "call_ended":
            record = event["record"]
            name = record["info"]["headers"].get(SCRIPT_HEADER, record["info"]["call_id"])
            self.records[name] = record
            self._record_added.set()
        self._on_event(event)
