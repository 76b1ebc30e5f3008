"""The HTTP interface of the running service."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import numpy as np
import pytest

from tests.service.running import RunningService
from tests.service.sounds import WINDOW_MS, audible_ms

pytestmark = [pytest.mark.audio, pytest.mark.timeout(120)]

WAV_HEADER_BYTES = 44
RATE_HZ = 8000


async def ask(service: RunningService, key: str, text: str = "", session_id: str = "") -> list[dict[str, Any]]:
    """Query the default bot; returns its packets."""
    body = {"queryText": text, "sessionId": session_id}
    async with (
        aiohttp.ClientSession(headers={"token": key}, raise_for_status=True) as client,
        client.post(f"{service.url}/stream/query", json=body) as response,
    ):
        lines = (await response.text()).splitlines()
    return [json.loads(line.removeprefix("data:")) for line in lines if "{" in line]


async def test_health(service: RunningService) -> None:
    async with aiohttp.ClientSession() as client, client.get(f"{service.url}/healthz") as response:
        assert response.status == 200
        facts = await response.json()
    assert facts["line_workers"] == 5


async def test_answers_come_with_audio_that_plays(service: RunningService) -> None:
    greeting, last = await ask(service, service.key)
    assert text_of(greeting) == "Good morning, this is the desk."
    assert last["answer"][0]["status"] == "done"
    async with aiohttp.ClientSession() as client, client.get(greeting["answer"][0]["reply"]["audioUrl"]) as response:
        assert response.content_type == "audio/wav"
        sound = await response.read()
    assert sound.startswith(b"RIFF")
    samples = np.frombuffer(sound[WAV_HEADER_BYTES:], np.int16)
    assert len(audible_ms(samples, RATE_HZ)) * WINDOW_MS > 800


async def test_a_conversation_in_text(service: RunningService) -> None:
    greeting, _ = await ask(service, service.key)
    session_id = greeting["sessionId"]
    moving, _ = await ask(service, service.key, "go forward please", session_id)
    goodbye, last = await ask(service, service.key, "the queen of clubs", session_id)
    assert [text_of(packet) for packet in (moving, goodbye)] == ["The robot moves now.", "Thank you and goodbye."]
    assert "system_hangup" in json.dumps([goodbye, last])


def text_of(packet: dict[str, Any]) -> str:
    return str(packet["answer"][0]["reply"]["text"]).strip()


async def test_nobody_gets_in_with_another_key(service: RunningService) -> None:
    with pytest.raises(aiohttp.ClientResponseError) as refused:
        await ask(service, "guessed")
    assert refused.value.status == 401
