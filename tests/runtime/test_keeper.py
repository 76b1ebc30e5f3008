from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest

from voicebot.errors import VoicebotError
from voicebot.runtime.child import Child
from voicebot.runtime.keeper import Keeper

MODULE = "tests.runtime.echo_child"


class Watched:
    """A keeper over the echo child, with what it told."""

    def __init__(self, first: dict[str, Any] | None = None) -> None:
        self.ready: asyncio.Queue[int] = asyncio.Queue()
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.lost = 0
        self.first = first or {}
        self.keeper = Keeper(
            "echo", self._make, self._greet, self._ready, self.events.put_nowait, self._lost, ready_s=10.0
        )

    def _make(self, on_event: Callable[[dict[str, Any]], None], on_exit: Callable[[int], None]) -> Child:
        return Child("echo", MODULE, [], on_event, on_exit)

    def _greet(self, child: Child) -> None:
        child.send(self.first)

    def _ready(self, event: dict[str, Any]) -> None:
        self.ready.put_nowait(int(event["pid"]))

    def _lost(self) -> None:
        self.lost += 1


async def test_a_child_hears_and_answers_and_ends_with_its_stdin() -> None:
    watched = Watched()
    await watched.keeper.start()
    pid = await watched.ready.get()
    watched.keeper.send({"do": "echo", "text": "你好"})
    assert await watched.events.get() == {"event": "echo", "do": "echo", "text": "你好"}
    await watched.keeper.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_child_that_dies_is_replaced() -> None:
    watched = Watched()
    await watched.keeper.start()
    first = await watched.ready.get()
    watched.keeper.send({"do": "die"})
    second = await watched.ready.get()
    assert second != first
    assert (watched.lost, watched.keeper.restarts) == (1, 1)
    await watched.keeper.stop()


async def test_a_child_that_cannot_start_says_why() -> None:
    watched = Watched({"fail": "the sky is falling"})
    with pytest.raises(VoicebotError, match="the sky is falling"):
        await watched.keeper.start()
    await watched.keeper.stop()


async def test_what_is_no_json_is_logged_and_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched()
    await watched.keeper.start()
    watched.keeper.send({"do": "babble"})
    assert (await watched.events.get())["do"] == "babble"
    assert "this is no JSON" in caplog.text
    await watched.keeper.stop()
