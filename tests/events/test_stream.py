from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from voicebot.events.event import ANSWERED, ENDED, CallEvent
from voicebot.events.stream import KEPT, EventStream
from voicebot.server.events import add_events
from voicebot.server.failures import failures_as_json
from voicebot.server.keyring import KEYS, KeyRing
from voicebot.server.keys import KeyFile
from voicebot.settings import Settings


async def first(stream: EventStream, count: int, after: int | None = None) -> list[int]:
    listening = stream.listen(after, idle_s=0.01)
    numbers: list[int] = []
    while len(numbers) < count:
        item = await anext(listening)
        if item is None:
            break
        numbers.append(item.number)
    await listening.aclose()  # type: ignore[attr-defined]
    return numbers


async def test_who_comes_back_gets_what_came_meanwhile() -> None:
    stream = EventStream()
    for _ in range(5):
        stream.publish({"type": ENDED})
    assert await first(stream, 9, after=3) == [4, 5]
    assert await first(stream, 9, after=5) == []
    assert await first(stream, 9) == []


async def test_a_number_from_before_a_restart_gets_all_that_is_kept() -> None:
    stream = EventStream()
    for _ in range(3):
        stream.publish({"type": ENDED})
    assert await first(stream, 9, after=700) == [1, 2, 3]
    restarted = EventStream(first=1000)
    for _ in range(5):
        restarted.publish({"type": ENDED})
    assert await first(restarted, 9, after=3) == [1000, 1001, 1002, 1003, 1004]
    assert await first(restarted, 9, after=1003) == [1004]


async def test_only_so_many_are_kept() -> None:
    stream = EventStream()
    for _ in range(KEPT + 10):
        stream.publish({"type": ENDED})
    assert len(await first(stream, KEPT + 10, after=0)) == KEPT


async def test_a_listener_who_is_too_slow_is_let_go_and_the_others_stay() -> None:
    stream = EventStream()
    slow = stream.listen(idle_s=0.01)
    assert await anext(slow) is None
    for _ in range(1001):
        stream.publish({"type": ENDED})
    assert stream.listeners == 0
    assert len([item async for item in slow]) == 1000


@contextlib.asynccontextmanager
async def served(tmp: Settings, stream: EventStream) -> AsyncIterator[str]:
    app = web.Application(middlewares=[failures_as_json])
    app[KEYS] = KeyRing(KeyFile.of(tmp), "all-bots-key")
    add_events(app, stream)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/v1/events"
    finally:
        await runner.cleanup()


@pytest.fixture
def settings(tmp_path: object) -> Settings:
    return Settings.model_validate({"paths": {"data": str(tmp_path)}})


async def test_the_stream_over_http(settings: Settings) -> None:
    stream = EventStream()
    event = CallEvent(ANSWERED, "a@b", {"name": "王女士\n"}).as_json()
    headers = {"Authorization": "Bearer all-bots-key"}
    async with served(settings, stream) as url, aiohttp.ClientSession(headers=headers) as session:
        async with session.get(url) as response:
            assert (response.status, response.content_type) == (200, "text/event-stream")
            assert await response.content.readline() == b": listening\n"
            await response.content.readline()
            stream.publish(event)
            lines = [(await asyncio.wait_for(response.content.readline(), 5)).decode() for _ in range(4)]
        assert lines[:2] == ["id: 1\n", "event: call.answered\n"]
        assert json.loads(lines[2].removeprefix("data: ")) == event
        assert lines[3] == "\n"
        async with session.get(url, headers={"Last-Event-ID": "0"}) as response:
            text = b"".join([await response.content.readline() for _ in range(4)])
            assert b"id: 1" in text


@pytest.mark.parametrize("key", ["", "wrong"])
async def test_nobody_listens_without_a_key(settings: Settings, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with (
        served(settings, EventStream()) as url,
        aiohttp.ClientSession(headers=headers) as session,
        session.get(url) as response,
    ):
        assert response.status == 401


async def test_the_end_of_the_service_ends_the_stream(settings: Settings) -> None:
    stream = EventStream()
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer all-bots-key"}) as session:
        async with served(settings, stream) as url:
            response = await session.get(url)
        assert (await asyncio.wait_for(response.read(), 5)).startswith(b": listening")
