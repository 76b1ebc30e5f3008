"""The test's end of ``sip_driver``: start it, tell it what to do, wait for what it reports."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
EVENT_TIMEOUT_S = 10.0


class Agent:
    """A line agent in another process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.port = 0
        self.log: list[str] = []
        self._events: list[dict[str, Any]] = []
        self._arrived = asyncio.Condition()
        self._tasks = [asyncio.create_task(self._read_events()), asyncio.create_task(self._read_log())]

    @property
    def uri(self) -> str:
        """A SIP URI that rings the agent."""
        return f"sip:bot@127.0.0.1:{self.port}"

    def tell(self, do: str, **values: Any) -> None:
        """Send a command."""
        assert self.process.stdin is not None
        self.process.stdin.write((json.dumps({"do": do, **values}) + "\n").encode())

    async def wait(self, event: str, timeout_s: float = EVENT_TIMEOUT_S, **values: Any) -> dict[str, Any]:
        """Wait for an event with these values and take it out of the queue."""

        def match() -> dict[str, Any] | None:
            for candidate in self._events:
                if candidate["event"] == event and all(candidate.get(key) == value for key, value in values.items()):
                    return candidate
            return None

        async def found() -> dict[str, Any]:
            async with self._arrived:
                await self._arrived.wait_for(lambda: match() is not None or self._events[-1:] == [{"event": "eof"}])
                result = match()
                assert result is not None, f"the agent ended without {event} {values}:\n" + "\n".join(self.log)
                self._events.remove(result)
                return result

        try:
            return await asyncio.wait_for(found(), timeout_s)
        except asyncio.TimeoutError:
            log = "\n".join(self.log)
            raise AssertionError(f"no {event} {values}; there were {self._events}\n{log}") from None

    def seen(self, event: str) -> list[dict[str, Any]]:
        """Events of a kind that nobody has waited for yet."""
        return [candidate for candidate in self._events if candidate["event"] == event]

    async def stop(self, timeout_s: float = EVENT_TIMEOUT_S) -> int:
        """End the process the way the service does; returns its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            return await asyncio.wait_for(self.process.wait(), timeout_s)
        finally:
            await self.close()

    async def close(self) -> None:
        """Make sure that nothing is left."""
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        await asyncio.gather(*self._tasks)

    async def _read_events(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            await self._add(json.loads(line))
        await self._add({"event": "eof"})

    async def _add(self, event: dict[str, Any]) -> None:
        async with self._arrived:
            self._events.append(event)
            self._arrived.notify_all()

    async def _read_log(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            self.log.append(line.decode(errors="replace").rstrip())


async def start_agent(config: dict[str, Any] | None = None, **behaviour: Any) -> Agent:
    """Start an agent process, ready or failed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.sip_driver",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONFAULTHANDLER": "1"},
        limit=1 << 20,
    )
    agent = Agent(process)
    assert process.stdin is not None
    order = {"config": {"host": "127.0.0.1", **(config or {})}, "behaviour": behaviour}
    process.stdin.write((json.dumps(order) + "\n").encode())
    return agent


@contextlib.asynccontextmanager
async def running_agent(config: dict[str, Any] | None = None, **behaviour: Any) -> AsyncIterator[Agent]:
    """An agent that is ready, and that must end cleanly after the test."""
    agent = await start_agent(config, **behaviour)
    try:
        agent.port = (await agent.wait("ready"))["port"]
        yield agent
        status = await agent.stop()
        assert status == 0, f"exit status {status}\n" + "\n".join(agent.log)
    finally:
        await agent.close()
