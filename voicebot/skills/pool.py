"""Skills in Python, in processes of their own: whatever one does, it harms neither the service nor another skill.

Each process runs one skill at a time, so a slow one holds up nobody, and one that takes too long is ended with its
process. There are as many processes as are needed, up to a limit; one or two stay for the next caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from voicebot.errors import ConfigError, SkillError, SkillTimeoutError
from voicebot.skills.process import SkillProcess
from voicebot.skills.spec import SkillSpec

T = TypeVar("T")

MAX_PROCESSES = 8
KEPT_PROCESSES = 2
START_S = 30.0
"""How long the import of the files may take when the service starts."""


class PythonSkills:
    """Runs the Python skills of one bot; a ``SkillRunner``.

    Args:
        specs: the skills, by name; all from one folder.
        home: the folder that they work in.
        tell_messages: put the messages of exceptions into errors; they may quote what a caller said.
    """

    def __init__(self, specs: Mapping[str, SkillSpec], home: Path, *, tell_messages: bool = False) -> None:
        self._specs = specs
        self._home = home
        self._tell_messages = tell_messages
        self._slots = asyncio.Semaphore(MAX_PROCESSES)
        self._waiting = 0  # calls that wait for a free process
        self._idle: list[SkillProcess] = []
        self._running: set[asyncio.Task[object]] = set()

    @property
    def idle(self) -> list[SkillProcess]:
        """The processes that wait for a call."""
        return list(self._idle)

    async def start(self) -> None:
        """Start the first process.

        Raises:
            ConfigError: a skill file cannot be imported.
        """
        try:
            self._idle.append(await _within(START_S, self._fresh()))
        except asyncio.TimeoutError as error:
            raise ConfigError(f"the skills in {self._folder} cannot be run: their import takes too long") from error
        except SkillError as error:
            raise ConfigError(error.message) from error

    async def run(self, name: str, arguments: Mapping[str, str], timeout_s: float) -> object:
        """Run a skill and return its result.

        If this is cancelled, nobody wants the result, but the skill runs on within its time: ended in the middle it
        could leave things half done.

        Raises:
            SkillArgumentError: a parameter is missing or of the wrong type.
            SkillTimeoutError: it took too long, with what it waited for a free process.
            SkillError: it failed.
        """
        values = self._specs[name].convert(arguments)
        task = asyncio.create_task(self._run(name, values, timeout_s), name=f"skill-{name}")
        self._running.add(task)
        task.add_done_callback(self._over)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End all processes, and the skills that still run in them."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        idle, self._idle = self._idle, []
        await asyncio.gather(*(process.end() for process in idle))

    def _over(self, task: asyncio.Task[object]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen: whoever wanted it has it, and else nobody does

    async def _run(self, name: str, values: Mapping[str, object], timeout_s: float) -> object:
        try:
            return await _within(timeout_s, self._work(name, values, timeout_s))
        except asyncio.TimeoutError as error:
            raise SkillTimeoutError(f"skill '{name}' took more than {timeout_s:g} s") from error

    async def _work(self, name: str, values: Mapping[str, object], limit_s: float) -> object:
        async with self._slot():
            process = await self._take()
            try:
                event = await process.call(name, values, limit_s)
            except BaseException:
                await process.end(0.0)
                raise
            await self._give_back(process)
        if "error" in event:
            message = f": {event['message']}" if self._tell_messages and event.get("message") else ""
            raise SkillError(f"skill '{name}' failed: {event['error']}{message}")
        return event["result"]

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._slots.release()

    async def _take(self) -> SkillProcess:
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                return process
            await process.end(0.0)
        return await self._fresh()

    async def _give_back(self, process: SkillProcess) -> None:
        if len(self._idle) < KEPT_PROCESSES + self._waiting:
            self._idle.append(process)
        else:
            await process.end()

    async def _fresh(self) -> SkillProcess:
        process = SkillProcess(self._folder, self._home)
        try:
            await process.start()
        except BaseException:
            await process.end(0.0)
            raise
        return process

    @property
    def _folder(self) -> Path:
        file = next(iter(self._specs.values())).file
        assert file is not None, "Python skills stand in files"
        return file.parent


async def _within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Await something; raises TimeoutError when it takes longer, and has cancelled it and seen it end by then.

    Not ``asyncio.wait_for``: before Python 3.12 that loses a cancellation that comes as the work is done.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    if task.cancelled():
        raise asyncio.TimeoutError
    return task.result()
