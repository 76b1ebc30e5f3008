"""Requests to a language model on trial: begun before it is known whether anybody wants the answer.

A trial belongs to a key, such as a conversation. When the same request comes under that key in earnest, it takes the
trial's stream over: what has come so far at once, the rest as it comes. Anything else under that key ends the trial.
Nothing that a model asks for on trial is done: one that asks for a tool ends there.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from voicebot.breaker import Circuit
from voicebot.errors import ModelReplyError
from voicebot.llm.load import ModelLoad
from voicebot.llm.model import Finish, LanguageModel, ModelRequest, Piece, Streaming, TextDelta, ToolCall

logger = logging.getLogger(__name__)

MAX_KEPT = 1000
"""Trials that may wait for their request, most of them complete; the oldest are given up."""


class Trial:
    """One request on trial. It is given up when nobody watches it any more, unless it is complete or taken over.

    Args:
        request: what the model is asked.
        model: the model; it is asked at once.
        load: bounds and counts.
    """

    def __init__(self, request: ModelRequest, model: Streaming, load: ModelLoad) -> None:
        self.request = request
        self._load = load
        self._pieces: list[Piece] = []
        self._news = asyncio.Event()
        self._watchers = 0
        self._taken = self._cancelled = self._over = False
        self._failure: Exception | None = None
        self._task = asyncio.get_running_loop().create_task(self._run(model), name="language-model-trial")
        # Not at the end of its work: a task that is cancelled before it has begun does none.
        self._task.add_done_callback(self._ended)
        load.began(self, self.cancel)

    @property
    def usable(self) -> bool:
        """Whether something may come of it, or has."""
        return not (self._cancelled or self._taken or self._failure is not None)

    def watch(self) -> None:
        """Want it to go on; ``leave`` is due once for each time."""
        self._watchers += 1

    def leave(self) -> None:
        """Want it no more."""
        self._watchers -= 1
        if self._watchers <= 0 and not self._taken:
            self.cancel()

    def cancel(self) -> None:
        """Give it up; its request is closed soon. What is complete stays as it is."""
        if not self._task.done():
            self._cancelled = True
            self._load.ended(self)  # its place is free at once: closing takes no more than a moment
            self._task.cancel()

    def when_over(self, call: Callable[[], None]) -> None:
        """Have something called when its request is closed, however that came about."""
        self._task.add_done_callback(lambda _: call())

    async def end(self) -> None:
        """Give it up, and wait until its request is closed."""
        self.cancel()
        await asyncio.wait({self._task})

    def take(self) -> None:
        """Make it a request in earnest; who watched it sees it end."""
        self._taken = True
        self._load.ended(self)
        self._tell()

    async def text(self) -> AsyncGenerator[TextDelta | Finish, None]:
        """Yield what comes of it on trial. It just ends if it is given up, taken over or of no use.

        Raises:
            ModelReplyError: the model failed.
        """
        place = 0
        while not self._taken:
            if place < len(self._pieces):
                piece = self._pieces[place]
                place += 1
                if not isinstance(piece, ToolCall):
                    yield piece
            elif self._over:
                if isinstance(self._failure, ModelReplyError):
                    raise self._failure
                return
            else:
                await self._news.wait()

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """Yield all of it, once it is taken over. Closing the iterator closes the request at once.

        Raises:
            ModelReplyError: the model failed.
        """
        place = 0
        try:
            while True:
                while place < len(self._pieces):
                    place += 1
                    yield self._pieces[place - 1]
                if self._over:
                    break
                await self._news.wait()
        finally:
            await self.end()
        if self._failure is not None:
            raise self._failure
        if self._cancelled:
            raise ModelReplyError("the language model's answer was given up")

    async def _run(self, model: Streaming) -> None:
        try:
            async with aclosing(model.stream(self.request)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, ToolCall) and not self._taken:
                        raise ModelReplyError("the language model asked for a tool on trial")
                    self._pieces.append(piece)
                    self._tell()
        except ModelReplyError as error:
            self._failure = error
        except Exception as error:
            if not self._taken:
                logger.exception("a request to the language model broke on trial")
            self._failure = error

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._over = True
        self._cancelled = self._cancelled or task.cancelled()
        self._load.ended(self)
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


class Trials:
    """The requests to one model, on trial and in earnest.

    Args:
        model: the model.
        load: bounds the trials; shared by the models of a process.
    """

    def __init__(self, model: LanguageModel, load: ModelLoad) -> None:
        self._model = model
        self._load = load
        self._kept: OrderedDict[str, Trial] = OrderedDict()
        self._running: set[Trial] = set()
        self._closed = False

    def begin(self, key: str, request: ModelRequest) -> Trial | None:
        """Ask on trial, or go on with a trial of the same request; None if there is no room for one.

        The caller watches it, and has to ``leave`` it. A model that keeps failing is not asked: whether it is back is
        for a request to find out that counts.
        """
        known = self._kept.get(key)
        if known is None or not known.usable or known.request != request:
            self.drop(key)
            known = self._begin(key, request)
        if known is not None:
            known.watch()
        return known

    def drop(self, key: str) -> None:
        """Give up what is on trial under a key."""
        trial = self._kept.pop(key, None)
        if trial is not None:
            trial.cancel()

    def under(self, key: str) -> Streaming:
        """Return the model, to be asked in earnest: the first request takes over the trial of that key, or ends it."""
        return _Keyed(self, key)

    async def stream(self, request: ModelRequest, key: str = "") -> AsyncGenerator[Piece, None]:
        """Ask in earnest. A trial of the same request is taken over; if nothing comes of it, the model is asked anew.

        Raises:
            ModelReplyError: as the model's.
        """
        trial = self._kept.pop(key, None)
        if trial is not None and trial.usable and trial.request == request:
            trial.take()
            begun = False
            try:
                with self._load.in_earnest(taken_over=True):
                    async with aclosing(trial.pieces()) as pieces:
                        async for piece in pieces:
                            begun = True
                            yield piece
                return
            except ModelReplyError as error:
                if begun or self._closed:
                    raise
                logger.info("a request on trial came to nothing, and is made anew: %s", error.message)
        elif trial is not None:
            # The endpoint may have room for one request only.
            await trial.end()
        with self._load.in_earnest(taken_over=False):
            async with aclosing(self._model.stream(request)) as pieces:
                async for piece in pieces:
                    yield piece

    async def close(self) -> None:
        """Give up all trials, those taken over, too, and see them end."""
        self._closed = True
        self._kept.clear()
        await asyncio.gather(*(trial.end() for trial in list(self._running)))

    def _begin(self, key: str, request: ModelRequest) -> Trial | None:
        if self._closed or not self._load.has_room or self._model.circuit is not Circuit.CLOSED:
            return None
        trial = Trial(request, self._model, self._load)
        self._running.add(trial)
        trial.when_over(lambda: self._running.discard(trial))
        self._kept[key] = trial
        if len(self._kept) > MAX_KEPT:
            self.drop(next(iter(self._kept)))
        return trial


class _Keyed:
    """A model that is asked under a key."""

    def __init__(self, trials: Trials, key: str) -> None:
        self._trials = trials
        self._key = key

    def stream(self, request: ModelRequest) -> AsyncGenerator[Piece, None]:
        return self._trials.stream(request, self._key)
