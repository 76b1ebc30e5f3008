"""Every message arrives, whenever the service is killed: before it hears the answer, or before it can note it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest
from aiohttp import web

from tests.messages.provider import Request, provider
from tests.storage.stored import storage, text_order
from voicebot.storage.outbox import MessageState

ROOT = Path(__file__).parents[2]
MESSAGES = 12


class Executioner:
    """Answers, and kills the sending process at some of the requests: before its answer, or right after it.

    Args:
        before: numbers of the requests that are never answered.
        after: numbers of the requests that are answered first.
    """

    def __init__(self, before: set[int], after: set[int]) -> None:
        self._before, self._after = before, after
        self._count = 0
        self.victim: asyncio.subprocess.Process | None = None

    async def answer(self, _request: Request) -> web.StreamResponse:
        self._count += 1
        number = self._count
        if number in self._before:
            self._kill()
        if number in self._after:
            # The answer leaves with the next turn of the event loop; the kill comes right behind it.
            asyncio.get_running_loop().call_later(0.002, self._kill)
        return web.Response()

    def _kill(self) -> None:
        assert self.victim is not None
        if self.victim.returncode is None:
            self.victim.kill()


async def deliver(executioner: Executioner, data: Path, url: str) -> int:
    """Run the delivery until it ends or is killed; return its exit status."""
    command = [sys.executable, "-m", "tests.messages.delivering_process", str(data), url]
    executioner.victim = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    return await executioner.victim.wait()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("before", "after"), [({1, 15}, set()), (set(), {2, 14}), ({9}, {16})], ids=["unanswered", "answered", "both"]
)
async def test_every_message_arrives_however_often_the_service_is_killed(
    tmp_path: Path, before: set[int], after: set[int]
) -> None:
    executioner = Executioner(before, after)
    with storage(tmp_path) as opened:
        orders = [text_order() for _ in range(MESSAGES)]
        for order in orders:
            opened.spool.write(order)
        async with provider(executioner.answer) as endpoint:
            kills = 0
            while await deliver(executioner, tmp_path, endpoint.url) == -signal.SIGKILL:
                kills += 1
        assert kills >= 1
        assert opened.outbox.counts()[MessageState.SENT] == MESSAGES
    arrived: dict[str, bytes] = {}
    for request in endpoint.requests:
        key = request.headers["Idempotency-Key"]
        assert key == request.headers["webhook-id"] == json.loads(request.body)["id"]
        assert arrived.setdefault(key, request.body) == request.body
    assert set(arrived) == {order.id for order in orders}
