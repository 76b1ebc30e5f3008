"""Events on their way to an endpoint that is really there, and sometimes is not."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from voicebot.errors import ConfigError
from voicebot.events.event import ENDED, CallEvent
from voicebot.events.queue import Waiting
from voicebot.events.webhook import EventWebhook
from voicebot.messages.webhook import sign
from voicebot.settings.events import EventWebhookSettings

SECRET = "s3cret"
NOW_S = 1_700_000_000.0


class Endpoint:
    """Notes what it gets and answers as it is told."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.url = ""
        self.got = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append((dict(request.headers), await request.read()))
        self.got.set()
        return web.Response(status=self.answers.pop(0) if self.answers else 204)


@contextlib.asynccontextmanager
async def endpoint() -> AsyncIterator[Endpoint]:
    there = Endpoint()
    app = web.Application()
    app.router.add_post("/hook", there.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    there.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield there
    finally:
        await runner.cleanup()


class Clock:
    def __init__(self) -> None:
        self.now_s = NOW_S

    def __call__(self) -> float:
        return self.now_s


def webhook(url: str, folder: Path, clock: Clock, **settings: Any) -> EventWebhook:
    return EventWebhook(EventWebhookSettings(name="crm", url=url, secret=SECRET, **settings), folder, clock)


def event() -> CallEvent:
    return CallEvent(ENDED, "a@b", {"caller": "13900139000", "name": "王女士"})


async def test_an_event_arrives_signed_and_is_forgotten(tmp_path: Path) -> None:
    async with endpoint() as there, aiohttp.ClientSession() as session:
        hook = webhook(there.url, tmp_path, Clock())
        sent = event()
        hook.queue.put(Waiting(sent))
        await hook.deliver(session)
        [(headers, body)] = there.requests
        assert json.loads(body) == sent.as_json()
        assert headers["webhook-id"] == sent.id
        assert headers["webhook-timestamp"] == str(int(NOW_S))
        assert headers["webhook-signature"] == sign(SECRET.encode(), sent.id, int(NOW_S), body)
        assert hook.queue.waiting() == []


@pytest.mark.parametrize("status", [500, 503, 429, 408])
async def test_it_is_tried_again_later_with_the_same_id(tmp_path: Path, status: int) -> None:
    clock = Clock()
    async with endpoint() as there, aiohttp.ClientSession() as session:
        there.answers = [status, status]
        hook = webhook(there.url, tmp_path, clock)
        hook.queue.put(Waiting(event()))
        waits = []
        for _ in range(2):
            look_s = await hook.deliver(session)
            [left] = hook.queue.waiting()
            waits.append(left.due_s - clock.now_s)
            assert look_s == pytest.approx(waits[-1])
            assert await hook.deliver(session) == pytest.approx(waits[-1])  # not due yet
            clock.now_s = left.due_s
        assert 2 <= waits[0] <= 2.4
        assert 4 <= waits[1] <= 4.8
        assert await hook.deliver(session) == 5
        assert hook.queue.waiting() == []
        assert len(there.requests) == 3
        assert len({headers["webhook-id"] for headers, _ in there.requests}) == 1


async def test_an_endpoint_that_is_not_there_does_not_lose_it(tmp_path: Path) -> None:
    clock = Clock()
    async with endpoint() as there:
        url = there.url
    hook = webhook(url, tmp_path, clock)
    hook.queue.put(Waiting(event()))
    async with aiohttp.ClientSession() as session:
        await hook.deliver(session)
    [left] = webhook(url, tmp_path, clock).queue.waiting()
    assert left.attempts == 1


@pytest.mark.parametrize(("answers", "settings"), [([400], {}), ([302], {}), ([500], {"max_attempts": 1})])
async def test_what_will_never_be_taken_is_given_up(
    tmp_path: Path, answers: list[int], settings: dict[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    async with endpoint() as there, aiohttp.ClientSession() as session:
        there.answers = answers
        hook = webhook(there.url, tmp_path, Clock(), **settings)
        hook.queue.put(Waiting(event()))
        await hook.deliver(session)
        assert hook.queue.waiting() == []
    assert "given up" in caplog.text
    assert "13900139000" not in caplog.text


def test_a_secret_that_is_none_is_told_by_its_setting(tmp_path: Path) -> None:
    settings = EventWebhookSettings(name="crm", url="http://a/", secret="whsec_!")
    with pytest.raises(ConfigError, match=r"events\.webhooks, crm"):
        EventWebhook(settings, tmp_path)


async def test_what_is_left_from_before_goes_out_after_the_start(tmp_path: Path) -> None:
    async with endpoint() as there:
        webhook(there.url, tmp_path, Clock()).queue.put(Waiting(event()))
        hook = webhook(there.url, tmp_path, Clock())
        hook.start()
        await asyncio.wait_for(there.got.wait(), 5)
        there.got.clear()
        hook.queue.put(Waiting(event()))
        hook.wake()
        await asyncio.wait_for(there.got.wait(), 4)
        await hook.stop()
        assert len({headers["webhook-id"] for headers, _ in there.requests}) == 2
