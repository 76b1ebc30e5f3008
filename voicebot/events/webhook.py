"""Delivers events to one endpoint, signed, again and again until it has taken them.

Headers and signature are those of Standard Webhooks, as for text messages (``voicebot.messages.webhook``):
webhook-id, webhook-timestamp, webhook-signature ("v1," and an HMAC-SHA256 over "id.timestamp.body" in base64).
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp

from voicebot.errors import ConfigError
from voicebot.events.queue import EventQueue, Waiting
from voicebot.messages.retry import RetryPolicy
from voicebot.messages.webhook import sign, signing_key
from voicebot.settings.events import EventWebhookSettings

logger = logging.getLogger(__name__)

_LOOK_S = 5.0
_TAKEN_TOGETHER = 8
_MOST = 64  # of those that are due, until new ones are looked for
# Besides all of 500 and above: 408 Request Timeout, 425 Too Early, 429 Too Many Requests.
_RETRIED = frozenset({408, 425, 429})


class EventWebhook:
    """One endpoint.

    Args:
        settings: where it is, and how patient we are.
        folder: where events wait.
        clock: Unix time in seconds.

    Raises:
        ConfigError: the secret cannot be used.
    """

    def __init__(self, settings: EventWebhookSettings, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.queue = EventQueue(folder / settings.name)
        self._settings = settings
        try:
            self._key = signing_key(settings.secret)
        except ConfigError:
            raise ConfigError(f"events.webhooks, {settings.name}: what follows whsec_ is not base64") from None
        self._policy = RetryPolicy(settings.max_attempts, settings.first_retry_s, settings.max_retry_s)
        self._clock = clock
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to deliver, with what is left from before."""
        self._task = asyncio.create_task(self._run(), name=f"events-{self._settings.name}")

    def wake(self) -> None:
        """There may be something new."""
        self._wake.set()

    async def stop(self) -> None:
        """Stop; what was not delivered waits for the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout_ms / 1000)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                self._wake.clear()
                idle_s = _LOOK_S
                try:
                    idle_s = await self.deliver(session)
                except OSError as error:
                    logger.error("events for %s cannot be read: %s", self._settings.name, error)
                waiting = asyncio.ensure_future(self._wake.wait())
                try:
                    await asyncio.wait({waiting}, timeout=idle_s)
                finally:
                    waiting.cancel()

    async def deliver(self, session: aiohttp.ClientSession) -> float:
        """Try once what is due, a few at a time, the oldest first; return in how many seconds to look again."""
        due, again_s = await asyncio.to_thread(self.queue.due, self._clock(), _MOST)
        next_s = [] if again_s is None else [again_s]
        for start in range(0, len(due), _TAKEN_TOGETHER):
            tried = (self._try(session, item) for item in due[start : start + _TAKEN_TOGETHER])
            next_s += [due_s for due_s in await asyncio.gather(*tried) if due_s is not None]
        return max(0.0, min([_LOOK_S, *(due_s - self._clock() for due_s in next_s)]))

    async def _try(self, session: aiohttp.ClientSession, item: Waiting) -> float | None:
        """Return when it is to be tried again; None: it is done with."""
        problem, again = await self._post(session, item)
        if problem and again and item.attempts + 1 < self._policy.max_attempts:
            later = item.later(self._policy.wait_s(item.attempts + 1, random.random()), self._clock())
            await asyncio.to_thread(self.queue.put, later)
            return later.due_s
        if problem:
            logger.error("the event %s is given up: %s %s", item.event.id, self._settings.name, problem)
        await asyncio.to_thread(self.queue.drop, item)
        return None

    async def _post(self, session: aiohttp.ClientSession, item: Waiting) -> tuple[str, bool]:
        """Return what went wrong, "" if nothing, and whether another attempt may help."""
        body, timestamp = item.event.body(), int(self._clock())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": item.event.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._key, item.event.id, timestamp, body),
        }
        try:
            async with session.post(self._settings.url, data=body, headers=headers, allow_redirects=False) as response:
                status = response.status
        except asyncio.TimeoutError:
            return "did not answer in time", True
        except aiohttp.ClientError as error:
            return f"cannot be reached ({type(error).__name__})", True
        if 200 <= status < 300:
            return "", False
        return f"answered {status}", status >= 500 or status in _RETRIED
