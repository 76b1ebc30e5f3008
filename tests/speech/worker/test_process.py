"""The real worker process with the real models."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from voicebot.errors import SpeechWorkerLostError
from voicebot.settings import Settings
from voicebot.speech.clips import load_clips, own_directory
from voicebot.speech.recognition.scoring import errors
from voicebot.speech.types import SpeechRequest, TranscriptionRequest
from voicebot.speech.worker.client import SpeechClient
from voicebot.speech.worker.process import SpeechOrder

pytestmark = [pytest.mark.audio, pytest.mark.timeout(90)]


@dataclass
class Process:
    """A started worker that said it is ready."""

    process: asyncio.subprocess.Process
    ready: dict[str, object]


async def launch(order: dict[str, object]) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "voicebot.speech.worker", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(order).encode() + b"\n")
    return process


@contextlib.asynccontextmanager
async def started(order: SpeechOrder) -> AsyncIterator[Process]:
    process = await launch(order.as_json())
    try:
        assert process.stdout is not None
        yield Process(process, json.loads(await process.stdout.readline()))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
def order(settings: Settings, tmp_path: Path) -> SpeechOrder:
    # English lines only: their voice loads fast. Models lie where they are, prompts go to a folder of the test.
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "models").symlink_to(settings.paths.models.resolve())
    plain = settings.model_dump(mode="json")
    plain["paths"]["data"] = str(tmp_path / "data")
    plain["lines"] = [line for line in plain["lines"] if line["language"] == "en"]
    return SpeechOrder(tmp_path / "s", Settings.model_validate(plain))


async def test_it_hears_and_speaks_dies_and_is_found_again(order: SpeechOrder) -> None:
    clip = load_clips(own_directory(), "zh")[0]
    request = TranscriptionRequest(clip.pcm(8000), 8000, "zh")
    client = SpeechClient(order.socket, patience_s=30.0)
    async with started(order) as first:
        assert first.ready["event"] == "ready"
        assert errors(clip.text, (await client.transcribe(request)).text, "zh")[0] <= 2
        pieces = [piece async for piece in client.synthesise(SpeechRequest("Good morning.", "en", 8000))]
        assert len(b"".join(pieces)) > 8000
        assert (await client.stats())["pid"] == first.process.pid

        doomed = [asyncio.create_task(client.transcribe(request)) for _ in range(8)]
        # The worker takes messages in order: its answer to the last means that it has the others.
        await asyncio.sleep(0)
        assert (await client.stats())["recogniser"]["waiting"] > 0
        os.kill(first.process.pid, signal.SIGKILL)
        results = await asyncio.gather(*doomed, return_exceptions=True)
        assert isinstance(results[-1], SpeechWorkerLostError)
        await first.process.wait()

    waiting = asyncio.create_task(client.transcribe(request))
    async with started(order) as second:
        assert (await waiting).text
        assert (await client.stats())["pid"] == second.process.pid
        await client.close()
        second.process.send_signal(signal.SIGTERM)
        assert await second.process.wait() == 0
        assert not order.socket.exists()


async def test_it_ends_with_the_process_that_started_it(order: SpeechOrder) -> None:
    async with started(order) as worker:
        assert worker.process.stdin is not None
        worker.process.stdin.close()
        assert await worker.process.wait() == 0


async def test_a_missing_model_is_reported_in_one_line(order: SpeechOrder, tmp_path: Path) -> None:
    plain = order.as_json()
    plain["settings"]["paths"]["data"] = str(tmp_path / "empty")
    process = await launch(plain)
    out, _ = await process.communicate()
    report = json.loads(out)
    assert report["event"] == "failed"
    assert report["code"] == "model"
    assert "voicebot models pull" in report["message"]
    assert process.returncode == 1


async def test_without_an_order_it_ends_at_once() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "voicebot.speech.worker", stdin=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.close()
    assert await process.wait() == 0
