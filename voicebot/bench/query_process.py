"""The processes of the query bench: an order goes in, an event comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from voicebot.bench.query_load import Load, Outcome
from voicebot.errors import VoicebotError
from voicebot.runtime.child import Child
from voicebot.settings import Settings

_PATIENCE_S = 120.0


class BenchProcess:
    """A child process that answers every order with one event."""

    def __init__(self, name: str, module: str) -> None:
        self._name = name
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._child = Child(name, module, [], self._events.put_nowait, self._gone)
        self.port = 0

    @property
    def pid(self) -> int:
        """Process id."""
        return self._child.pid

    async def start(self) -> None:
        """Start it."""
        await self._child.start()

    async def order(self, order: Mapping[str, Any], patience_s: float = _PATIENCE_S) -> dict[str, Any]:
        """Send an order and return the event that answers it.

        Raises:
            VoicebotError: the process says that it failed, or ended, or does not answer.
        """
        self._child.send(order)
        try:
            event = await asyncio.wait_for(self._events.get(), patience_s)
        except asyncio.TimeoutError:
            raise VoicebotError(f"the process '{self._name}' does not answer") from None
        if event["event"] == "failed":
            raise VoicebotError(str(event["message"]))
        return event

    async def stop(self) -> None:
        """Stop it."""
        await self._child.stop()

    def resident_kib(self) -> int:
        """Return the memory of the process that is in RAM (proc_pid_status(5), VmRSS)."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise VoicebotError(f"the process '{self._name}' is gone")

    def _gone(self, code: int) -> None:
        self._events.put_nowait({"event": "failed", "message": f"the process '{self._name}' ended with code {code}"})


@asynccontextmanager
async def server_process(settings: Settings, lines: Sequence[str] = ()) -> AsyncIterator[BenchProcess]:
    """Run a server: the service's own, or with ``lines`` the bare handler that streams them."""
    async with _running("bare handler" if lines else "server", "voicebot.bench.query_server") as server:
        ready = await server.order({"settings": settings.model_dump(mode="json"), "lines": list(lines)})
        server.port = int(ready["port"])
        yield server


class LoadProcess:
    """The process of the callers."""

    def __init__(self, process: BenchProcess) -> None:
        self._process = process

    async def put_on(self, load: Load) -> Outcome:
        """Put a load on a server.

        Raises:
            VoicebotError: an answer was not what it should be.
        """
        event = await self._process.order(load.as_json(), _PATIENCE_S + load.seconds)
        return Outcome(**{name: value for name, value in event.items() if name != "event"})


@asynccontextmanager
async def load_process() -> AsyncIterator[LoadProcess]:
    """Run the callers' process."""
    async with _running("callers", "voicebot.bench.query_load") as process:
        yield LoadProcess(process)


@asynccontextmanager
async def _running(name: str, module: str) -> AsyncIterator[BenchProcess]:
    process = BenchProcess(name, module)
    await process.start()
    try:
        yield process
    finally:
        await process.stop()
