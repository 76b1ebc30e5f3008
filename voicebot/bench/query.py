"""``voicebot bench query``: what ``/stream/query`` carries, beside a bare aiohttp handler in the same run."""

from __future__ import annotations

import itertools
import math
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from voicebot.bench.query_load import Load, Outcome
from voicebot.bench.query_process import BenchProcess, LoadProcess, load_process, server_process
from voicebot.bench.query_server import READY_BOT, STREAM_BOT, STREAM_CHUNKS, STREAM_QUESTION, write_stream_bot
from voicebot.bench.query_texts import known_wordings, paraphrases
from voicebot.dialogue.bot import Bot
from voicebot.errors import VoicebotError
from voicebot.settings import Settings

KEY = "key-of-the-query-bench"
AS_CALLERS_DO, WITHOUT_PAUSE = "one query a second each", "the next query at once"
_PACES = ((AS_CALLERS_DO, 1.0), ("ten queries a second each", 10.0), (WITHOUT_PAUSE, 0.0))
_KNOWN, _HEARD_BEFORE, _NEVER_HEARD = "words of the FAQ", "other words, heard before", "other words, never heard"
_HEARD_TEXTS = 200
_NEW_WITHOUT_PAUSE = 160  # texts for each caller in a round
_HELD_BEFORE = 64  # sessions that are opened before memory is read for the first time
# What a call from a dialling platform brings along on its first turn.
_CALL_VARIABLES = {
    "caller": "13800138000",
    "called": "02161234567",
    "name": "王女士",
    "clinic": "安心口腔",
    "time": "明天下午三点",
    "homeAddress": "上海市黄浦区人民路八十八号",
    "X-Campaign": "spring-recall-2026",
    "X-Call-Id": "8c1c9c1e-6c1f-4a38-9d1f-0a9f3a8ae9d2@10.0.0.1",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes:
        sessions: that ask side by side.
        rounds: how often every load is put on, one load after the other.
        seconds: of each load in a round.
        held: sessions that are held for the measurement of memory.
    """

    sessions: int = 32
    rounds: int = 5
    seconds: float = 3.0
    held: int = 2000


@dataclass(slots=True)
class Row:
    """One load and what came of it, round by round."""

    name: str
    outcomes: list[Outcome] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Held:
    """Memory of a process before and after sessions were opened in it."""

    name: str
    sessions: int
    before_kib: int
    after_kib: int

    @property
    def each_kib(self) -> float:
        """Growth for one session."""
        return (self.after_kib - self.before_kib) / self.sessions


@dataclass(frozen=True, slots=True)
class Figures:
    """All that was measured: the stream (the bare handler first, then our bot), FAQ answers, memory."""

    plan: Plan
    stream: list[Row]
    faq: list[Row]
    held: list[Held]


async def measure(settings: Settings, bot: Bot, plan: Plan) -> Figures:
    """Measure everything.

    Args:
        settings: of the service.
        bot: the one that is asked; in ``settings.bots.directory``.
        plan: how much is measured.

    Raises:
        VoicebotError: a process failed, or an answer was not what it should be.
    """
    with with_stream_bot(settings) as prepared:
        async with load_process() as load:
            return await _measure(prepared, bot, plan, load)


@contextmanager
def with_stream_bot(settings: Settings) -> Iterator[Settings]:
    """Put the bot of the stream beside the others, in a folder of their own; the key is the bench's."""
    with tempfile.TemporaryDirectory(prefix="voicebot-bench-") as folder:
        directory = Path(folder) / "bots"
        shutil.copytree(settings.bots.directory, directory)
        write_stream_bot(directory)
        bots = settings.bots.model_copy(update={"directory": directory})
        http = settings.http.model_copy(update={"api_key": KEY})
        yield settings.model_copy(update={"bots": bots, "http": http})


async def _measure(settings: Settings, bot: Bot, plan: Plan, load: LoadProcess) -> Figures:
    rounds = _Rounds(settings, bot, plan, load)
    async with server_process(settings) as server:
        lines = await rounds.sample(server)
        async with server_process(settings, lines) as bare:
            stream, faq = await rounds.run(server, bare)
    held = [await rounds.hold(with_connections) for with_connections in (False, True)]
    return Figures(plan, stream, faq, held)


class _Rounds:
    """The loads, one after the other, round by round."""

    def __init__(self, settings: Settings, bot: Bot, plan: Plan, load: LoadProcess) -> None:
        self._settings = settings
        self._bot = bot
        self._plan = plan
        self._load = load
        self._known = known_wordings(bot)
        self._new = paraphrases(bot)
        self._heard = self._take(_HEARD_TEXTS)
        self._count = itertools.count()

    async def sample(self, server: BenchProcess) -> list[str]:
        """Return the lines of the 16-chunk answer, as the server sends them."""
        outcome = await self._once(server, STREAM_BOT, [[_query("sample", ""), _query("sample", STREAM_QUESTION)]])
        lines = outcome.sample.splitlines(keepends=True)
        if len(lines) != STREAM_CHUNKS:
            raise VoicebotError(f"query bench: the answer has {len(lines)} chunks and not {STREAM_CHUNKS}")
        return lines

    async def run(self, server: BenchProcess, bare: BenchProcess) -> tuple[list[Row], list[Row]]:
        """Return the rows of the stream, the bare handler's first, and those of the FAQ."""
        stream = [Row("bare aiohttp handler"), Row("our bot"), Row("a brain that has its chunks ready")]
        faq = [Row(f"{kind}, {pace}") for kind in (_KNOWN, _HEARD_BEFORE, _NEVER_HEARD) for pace, _ in _PACES]
        await self._once(server, self._bot.name, [[_query("warm-up", text) for text in self._heard]])
        for number in range(self._plan.rounds):
            print(f"round {number + 1} of {self._plan.rounds} …", flush=True)  # noqa: T201
            targets = ((bare, ""), (server, STREAM_BOT), (server, READY_BOT))
            for row, (process, bot) in zip(stream, targets, strict=True):
                row.outcomes.append(await self._stream(process, bot))
            texts = (self._known, self._heard, None)
            for row, (wordings, (_, per_s)) in zip(faq, itertools.product(texts, _PACES), strict=True):
                row.outcomes.append(await self._faq(server, wordings, per_s))
        return stream, faq

    async def hold(self, with_connections: bool) -> Held:
        """Return the memory that a fresh server needs for sessions that have had a few turns each."""
        async with server_process(self._settings) as server:
            await self._hold(server, _HELD_BEFORE, with_connections=False)
            before = server.resident_kib()
            await self._hold(server, self._plan.held, with_connections)
            after = server.resident_kib()
        name = "sessions, each on an open connection" if with_connections else "sessions"
        return Held(name, self._plan.held, before, after)

    async def _hold(self, server: BenchProcess, sessions: int, with_connections: bool) -> None:
        callers = sessions if with_connections else min(sessions, self._plan.sessions)
        bodies: list[list[dict[str, Any]]] = [[] for _ in range(callers)]
        for number in range(sessions):
            bodies[number % callers] += self._conversation(f"held-{next(self._count)}", number)
        await self._once(server, self._bot.name, bodies, keep_open=with_connections)

    def _conversation(self, session: str, number: int) -> list[dict[str, Any]]:
        variables = {**_CALL_VARIABLES, "caller": f"138{number:08d}", "X-Call-Id": f"{session}@10.0.0.1"}
        return [
            _query(session, "", variables),
            _query(session, self._known[number % len(self._known)]),
            _query(session, self._heard[number % len(self._heard)]),
            {"queryText": "", "sessionId": session, "silence": True, "silenceType": 0},
        ]

    async def _stream(self, process: BenchProcess, bot: str) -> Outcome:
        sessions = [self._session() for _ in range(self._plan.sessions)]
        if bot:
            await self._greet(process, bot, sessions)
        bodies = [[_query(session, STREAM_QUESTION)] for session in sessions]
        return await self._load.put_on(self._load_on(process, bot, bodies, seconds=self._plan.seconds))

    async def _faq(self, server: BenchProcess, wordings: Sequence[str] | None, per_s: float) -> Outcome:
        sessions = [self._session() for _ in range(self._plan.sessions)]
        await self._greet(server, self._bot.name, sessions)
        texts = [self._texts_of(number, wordings, per_s) for number in range(self._plan.sessions)]
        bodies = [[_query(session, text) for text in own] for session, own in zip(sessions, texts, strict=True)]
        load = self._load_on(server, self._bot.name, bodies, seconds=self._plan.seconds)
        return await self._load.put_on(replace(load, per_s=per_s, repeat=wordings is not None))

    async def _greet(self, server: BenchProcess, bot: str, sessions: Sequence[str]) -> None:
        await self._once(server, bot, [[_query(session, "", _CALL_VARIABLES)] for session in sessions])

    def _texts_of(self, caller: int, wordings: Sequence[str] | None, per_s: float) -> Sequence[str]:
        if wordings is None:
            return self._take(math.ceil((self._plan.seconds + 1) * per_s * 2) + 2 if per_s else _NEW_WITHOUT_PAUSE)
        start = caller * len(wordings) // self._plan.sessions
        return [*wordings[start:], *wordings[:start]]

    def _take(self, count: int) -> list[str]:
        taken = list(itertools.islice(self._new, count))
        if len(taken) < count:
            raise VoicebotError("query bench: there are not enough paraphrases for so many rounds and sessions")
        return taken

    def _session(self) -> str:
        return f"bench-{next(self._count)}"

    async def _once(
        self, process: BenchProcess, bot: str, bodies: list[list[dict[str, Any]]], keep_open: bool = False
    ) -> Outcome:
        return await self._load.put_on(self._load_on(process, bot, bodies, keep_open=keep_open))

    def _load_on(
        self,
        process: BenchProcess,
        bot: str,
        bodies: list[list[dict[str, Any]]],
        seconds: float = 0,
        keep_open: bool = False,
    ) -> Load:
        path = f"/bots/{bot}/stream/query" if bot else "/stream/query"
        return Load(process.port, process.pid, path, KEY, bodies, seconds=seconds, keep_open=keep_open)


def _query(session: str, text: str, variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    query: dict[str, Any] = {"queryText": text, "sessionId": session}
    if variables:
        query["variables"] = dict(variables)
    return query
