"""Keeps what bots remember, in the database: conversations neither wait for it nor fail with it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone

from voicebot.dialogue.memory import Recollection, SpokenTurn
from voicebot.errors import StorageError
from voicebot.settings.model import Settings
from voicebot.storage.memories import CallerMemory
from voicebot.storage.store import Storage
from voicebot.storage.turns import StoredTurn

logger = logging.getLogger(__name__)

_RECALL_S = 0.5
"""The caller waits for the greeting meanwhile."""
_MOST_WAITING = 2000
_PAUSE_S = 2.0
_FORGET_EVERY_S = 3600.0


def _now() -> datetime:
    return datetime.now(timezone.utc)


class StoredMemory:
    """Satisfies ``voicebot.dialogue.memory.Memory``. Begun by ``start``, ended by ``stop``.

    Args:
        storage: the database; closed by ``stop``.
        history: turns are kept.
        history_days: for how long.
        now: the time.
        recall_s: longest wait for what is known of a caller.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        history: bool,
        history_days: int,
        now: Callable[[], datetime] = _now,
        recall_s: float = _RECALL_S,
    ) -> None:
        self._storage = storage
        self._history = history
        self._keep_turns = timedelta(days=history_days)
        self._now = now
        self._recall_s = recall_s
        self._waiting: deque[Callable[[], None]] = deque(maxlen=_MOST_WAITING)
        self._woken = asyncio.Event()
        self._stopping = False
        self._failing = False
        self._running: asyncio.Task[None] | None = None
        self._recalls: set[asyncio.Future[CallerMemory | None]] = set()

    @classmethod
    def of(cls, settings: Settings) -> StoredMemory:
        """Make the memory that the settings ask for.

        Raises:
            ConfigError: ``storage.url`` is wrong, or its driver is missing.
        """
        kept = settings.storage
        return cls(Storage(settings), history=kept.history, history_days=kept.history_days)

    @property
    def keeps_turns(self) -> bool:
        """Turns are wanted."""
        return self._history

    def start(self) -> None:
        """Begin to write."""
        self._running = asyncio.create_task(self._run(), name="keep-memory")

    async def stop(self) -> None:
        """Write what waits, once, and close the database."""
        self._stopping = True
        self._woken.set()
        if self._running is not None:
            await asyncio.gather(self._running, return_exceptions=True)
        await asyncio.gather(*self._recalls, return_exceptions=True)
        await asyncio.to_thread(self._storage.close)

    async def recall(self, bot: str, caller: str, days: int) -> Recollection:
        """Return what is known of a caller, and count this call; nothing if the database cannot tell in time."""
        now = self._now()
        begin = self._storage.memories.begin_call
        work = asyncio.get_running_loop().run_in_executor(None, begin, bot, caller, now, days)
        self._recalls.add(work)
        work.add_done_callback(self._recalled)
        await asyncio.wait({work}, timeout=self._recall_s)
        if not work.done():
            logger.warning("what is known of a caller did not come in time; the call goes on without")
            return Recollection()
        known = work.result() if work.exception() is None else None
        if known is None:
            return Recollection()
        return Recollection(known.values, known.calls, max(0, (now - known.last_call_at).days))

    def keep(self, bot: str, caller: str, values: Mapping[str, str], days: int) -> None:
        """Keep variables of a caller for some days."""
        now, kept = self._now(), dict(values)
        self._later(lambda: self._storage.memories.keep(bot, caller, kept, now, days))

    def keep_turn(self, turn: SpokenTurn) -> None:
        """Keep a turn."""
        stored = StoredTurn(
            session_id=turn.session_id,
            number=turn.number,
            at=self._now(),
            bot=turn.bot,
            node=turn.node,
            kind=turn.kind,
            name=turn.name,
            score=turn.score,
            caller=turn.caller,
            caller_text=turn.caller_text,
            bot_text=turn.bot_text,
            intent=turn.intent,
            entities=json.dumps(turn.entities, ensure_ascii=False) if turn.entities else "",
        )
        self._later(lambda: self._storage.turns.add([stored]))

    def cut_turn(self, session_id: str, number: int, heard: str) -> None:
        """Of a turn's answer only so much was heard."""
        self._later(lambda: self._storage.turns.cut(session_id, number, heard))

    async def written(self) -> None:
        """Write what waits now.

        Raises:
            StorageError: the database cannot be used; what waits goes on waiting.
        """
        while self._waiting:
            work = self._waiting.popleft()
            try:
                await asyncio.to_thread(work)
            except StorageError:
                self._waiting.appendleft(work)
                raise

    def forget_old(self) -> None:
        """Forget what has been kept long enough; blocks.

        Raises:
            StorageError: the database cannot be used.
        """
        now = self._now()
        self._storage.memories.forget_expired(now)
        # Also after the history was switched off: what it had is forgotten in its time.
        self._storage.turns.forget_before(now - self._keep_turns)

    def _later(self, work: Callable[[], None]) -> None:
        if len(self._waiting) == _MOST_WAITING:
            logger.warning("the database is too slow or away: the oldest of what was to be kept is lost")
        self._waiting.append(work)
        self._woken.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        next_forgetting = loop.time()
        while True:
            self._woken.clear()
            stopping = self._stopping
            try:
                await self.written()
                if loop.time() >= next_forgetting:
                    await asyncio.to_thread(self.forget_old)
                    next_forgetting = loop.time() + _FORGET_EVERY_S
                self._failing = False
                pause_s = _FORGET_EVERY_S
            except StorageError as error:
                if not self._failing:
                    logger.error("what bots remember waits for the database: %s", error.message)
                self._failing = True
                pause_s = _PAUSE_S
            except Exception:
                # A mistake of ours must not end all further writing, nor be tried for ever.
                logger.exception("something that was to be kept is lost")
                pause_s = 0.0
            if stopping:
                return
            alarm = loop.call_later(pause_s, self._woken.set)
            try:
                await self._woken.wait()
            finally:
                alarm.cancel()

    def _recalled(self, work: asyncio.Future[CallerMemory | None]) -> None:
        self._recalls.discard(work)
        error = None if work.cancelled() else work.exception()
        if error is not None:
            logger.error("what is known of a caller could not be read: %s", error)
