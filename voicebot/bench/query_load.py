"""The callers of the query bench, in a process of their own: ``python -m voicebot.bench.query_load``."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import os
import random
import resource
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import uvloop

from voicebot.bench.query_wire import Answer, Connection, dechunked, request_bytes
from voicebot.errors import VoicebotError
from voicebot.runtime.stdio import report, stdin_lines

_AT_ONCE = 64  # connections that are being made, fewer than a listening socket lets wait, and callers of single queries
_TICKS_S = os.sysconf("SC_CLK_TCK")
_FAQ = b'"replySource":"FAQ"'
_DONE = b'"status":"done"'


@dataclass(frozen=True, slots=True)
class Load:
    """What the callers do.

    Attributes:
        port: of the server on this machine.
        pid: its process, whose CPU time is read.
        path: where the queries go.
        key: of the interface.
        bodies: for each caller its queries. The callers ask side by side, each on a connection of its own.
        seconds: how long they ask; 0: each query once, however long it takes.
        repeat: go on with the first query after the last one; else it is an error if they do not suffice.
        warm_up_s: how long they have asked before it counts.
        per_s: queries per second of each caller, with gaps between half and one and a half times the even one;
            0: the next one as soon as an answer has ended.
        keep_open: leave the connections open until the next load.
    """

    port: int
    pid: int
    path: str
    key: str
    bodies: Sequence[Sequence[Mapping[str, Any]]]
    seconds: float = 0.0
    repeat: bool = True
    warm_up_s: float = 0.5
    per_s: float = 0.0
    keep_open: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


@dataclass(slots=True)
class Outcome:
    """What came of a load.

    Attributes:
        seconds: how long was measured.
        answers: that ended in this time.
        faq: of these, how many came from the FAQ.
        first_ms: time to the first chunk; of answers from the FAQ only if there were any.
        last_ms: time to the end of the answer.
        server_cpu_s: CPU time of the server's process in this time.
        client_cpu_s: the same of the callers' process.
        sample: body of the last answer.
    """

    seconds: float = 0.0
    answers: int = 0
    faq: int = 0
    first_ms: list[float] = field(default_factory=list)
    last_ms: list[float] = field(default_factory=list)
    server_cpu_s: float = 0.0
    client_cpu_s: float = 0.0
    sample: str = ""


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has used, all its threads together (proc_pid_stat(5), utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_S


class Callers:
    """Callers that ask side by side."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._requests = [[request_bytes(load.path, load.key, body) for body in bodies] for bodies in load.bodies]
        self._connections: list[Connection] = []
        self._counting = False
        self._over = False
        self._outcome = Outcome()
        self._faq_first_ms: list[float] = []

    async def run(self) -> Outcome:
        """Ask, and return what came of it.

        Raises:
            VoicebotError: an answer was not what it should be.
        """
        for start in range(0, len(self._requests), _AT_ONCE):
            some = self._requests[start : start + _AT_ONCE]
            self._connections += await asyncio.gather(*(Connection.open(self._load.port) for _ in some))
        gc.collect()
        gc.freeze()  # so that a collection in this process does not look like a slow answer
        if self._load.seconds:
            await self._for_some_time()
        else:
            self._counting = True
            turns = asyncio.Semaphore(_AT_ONCE)
            await asyncio.gather(*map(self._once, self._connections, self._requests, itertools.repeat(turns)))
        if self._faq_first_ms:
            self._outcome.first_ms = self._faq_first_ms
            self._outcome.faq = len(self._faq_first_ms)
        return self._outcome

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections:
            connection.close()

    async def _for_some_time(self) -> None:
        ask = self._at_a_pace if self._load.per_s else self._without_pause
        callers = [
            asyncio.create_task(ask(connection, itertools.cycle(requests) if self._load.repeat else iter(requests)))
            for connection, requests in zip(self._connections, self._requests, strict=True)
        ]
        measuring = asyncio.create_task(self._measure())
        try:
            await asyncio.wait({measuring, *callers}, return_when=asyncio.FIRST_COMPLETED)
            enough, self._over = measuring.done(), True
            # Nobody hangs up in the middle of an answer.
            answering = [
                caller for caller, connection in zip(callers, self._connections, strict=True) if connection.busy
            ]
            if enough and answering:
                await asyncio.wait(answering)
        finally:
            for task in (measuring, *callers):
                task.cancel()
            results = await asyncio.gather(measuring, *callers, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):  # a cancelled caller is none
                raise result
        if not enough:
            raise VoicebotError("query bench: the callers have run out of queries")

    async def _measure(self) -> None:
        await asyncio.sleep(self._load.warm_up_s)
        started, server_s, client_s = perf_counter(), cpu_s(self._load.pid), process_time()
        self._counting = True
        await asyncio.sleep(self._load.seconds)
        self._counting = False
        self._outcome.seconds = perf_counter() - started
        self._outcome.server_cpu_s = cpu_s(self._load.pid) - server_s
        self._outcome.client_cpu_s = process_time() - client_s

    async def _once(self, connection: Connection, requests: Sequence[bytes], turns: asyncio.Semaphore) -> None:
        async with turns:
            for request in requests:
                self._count(await connection.ask(request))

    async def _without_pause(self, connection: Connection, requests: Iterator[bytes]) -> None:
        for request in requests:
            self._count(await connection.ask(request))
            if self._over:
                return

    async def _at_a_pace(self, connection: Connection, requests: Iterator[bytes]) -> None:
        """Ask at due times. A query that has to wait for the answer before it counts from when it was due."""
        due = perf_counter() + random.random() / self._load.per_s
        for request in requests:
            wait = due - perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            self._count(await connection.ask(request, since=None if wait > 0 else due))
            if self._over:
                return
            due += random.uniform(0.5, 1.5) / self._load.per_s

    def _count(self, answer: Answer) -> None:
        if _DONE not in answer.body:
            raise VoicebotError(f"query bench: an answer without an end: {answer.body.decode(errors='replace')}")
        if not self._counting:
            return
        self._outcome.answers += 1
        self._outcome.first_ms.append(round(answer.first_ms, 3))
        self._outcome.last_ms.append(round(answer.last_ms, 3))
        if _FAQ in answer.body:
            self._faq_first_ms.append(round(answer.first_ms, 3))
        self._outcome.sample = dechunked(answer.body).decode("utf-8")


def _allow_many_connections() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _main() -> int:
    _allow_many_connections()
    kept: Callers | None = None
    async for line in stdin_lines():
        if kept is not None:
            kept.close()
        load = Load(**json.loads(line))
        kept = Callers(load)
        try:
            report("done", asdict(await kept.run()))
        except (VoicebotError, OSError) as error:
            report("failed", {"message": str(error)})
            return 1
        if not load.keep_open:
            kept.close()
            kept = None
    return 0


if __name__ == "__main__":
    raise SystemExit(uvloop.run(_main()))
