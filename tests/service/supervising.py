"""A supervisor of calls: asks the service over HTTP, and has a telephone that knows what it hears."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import aiohttp
import numpy as np

from tests.service.handset import _CODECS, _HEADER, Handset
from tests.service.running import EVENT_TIMEOUT_S, RunningService
from tests.service.sounds import Samples, decode
from voicebot.server.keys import CONTENT, SUPERVISE, KeyFile

RATE_HZ = 8000
_KEPT_FRAMES = 50
_POLL_S = 0.1
EVENTS_OFFERED = 120
"""Payload type of telephone-events in the offers of the SIP library."""


def tone(tone_hz: float, seconds: float = 0.5) -> Samples:
    """Return a tone."""
    at = np.arange(round(RATE_HZ * seconds)) / RATE_HZ
    return np.asarray(8000 * np.sin(2 * np.pi * tone_hz * at), np.int16)


def has_tone(samples: Samples, tone_hz: float) -> bool:
    """Whether a tone is in a sound."""
    at = np.arange(samples.size) / RATE_HZ
    return samples.size > 0 and bool(abs(np.exp(-2j * np.pi * tone_hz * at) @ samples) * 2 / samples.size > 500)


class ListeningPhone(Handset):
    """A handset that keeps the last second of what came, and can hum."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: deque[Samples] = deque(maxlen=_KEPT_FRAMES)
        self._humming: asyncio.Task[None] | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        payload_type = _HEADER.unpack_from(data)[1] & 0x7F
        if payload_type in _CODECS:
            self.frames.append(decode(data[_HEADER.size :], _CODECS[payload_type]))
        super().datagram_received(data, addr)

    async def heard(self) -> Samples:
        """Return the next second of sound."""
        self.frames.clear()
        await self.until(lambda: len(self.frames) == _KEPT_FRAMES)
        return np.concatenate(list(self.frames))

    async def hears(self, *tones: float, but_not: tuple[float, ...] = ()) -> None:
        """Wait until these tones come, and not those."""

        async def wait() -> None:
            while True:
                sound = await self.heard()
                if all(has_tone(sound, hz) for hz in tones) and not any(has_tone(sound, hz) for hz in but_not):
                    return

        await asyncio.wait_for(wait(), EVENT_TIMEOUT_S)

    @contextlib.asynccontextmanager
    async def humming(self, tone_hz: float) -> AsyncIterator[None]:
        """Hum all the time."""

        async def hum() -> None:
            while True:
                await self.say(tone(tone_hz))

        task = asyncio.create_task(hum())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def listening_phone() -> AsyncIterator[ListeningPhone]:
    """A telephone on a free port."""
    phone = await ListeningPhone.open()
    assert isinstance(phone, ListeningPhone)
    try:
        yield phone
    finally:
        await phone.close()


class Desk:
    """Asks the service as a supervisor does."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self.client = client

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask; returns status and body."""
        async with self.client.request(method, f"/api/v1/calls{path}", json=body) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else None

    async def call_of(self, caller: str, **wanted: Any) -> dict[str, Any]:
        """Return the call of a caller once it is as wanted."""
        found: list[dict[str, Any]] = []

        async def look() -> dict[str, Any]:
            while True:
                _, listed = await self.ask("GET", "")
                found[:] = [call for call in listed["calls"] if call["caller"] == caller]
                if found and all(found[0][name] == value for name, value in wanted.items()):
                    return found[0]
                await asyncio.sleep(_POLL_S)

        try:
            return await asyncio.wait_for(look(), EVENT_TIMEOUT_S)
        except asyncio.TimeoutError:
            raise AssertionError(f"no call of {caller} with {wanted}, but {found}") from None

    async def supervision(self, call: str, **wanted: Any) -> dict[str, Any]:
        """Return the last supervision of a call once it is as wanted."""
        last: list[dict[str, Any]] = []

        async def look() -> dict[str, Any]:
            while True:
                _, shown = await self.ask("GET", f"/{quote(call, safe='')}/live")
                last[:] = shown.get("supervisors", [shown])[-1:]
                if last and all(last[0].get(name) == value for name, value in wanted.items()):
                    return last[0]
                await asyncio.sleep(_POLL_S)

        try:
            return await asyncio.wait_for(look(), EVENT_TIMEOUT_S)
        except asyncio.TimeoutError:
            raise AssertionError(f"no supervision with {wanted}, but {last}") from None


@contextlib.asynccontextmanager
async def desk(service: RunningService) -> AsyncIterator[Desk]:
    """A supervisor with a key for everything."""
    key = KeyFile(service.data / "keys.json").add(note="supervisor", rights=(SUPERVISE, CONTENT))
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(service.url, headers=headers) as client:
        yield Desk(client)
