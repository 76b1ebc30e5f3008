"""The turn model in the speech worker: over a real socket, with a real network; and a worker that has none."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.speech.turn_models import RATE_HZ, spoken, write_turn_model
from tests.speech.worker.test_client import ScriptedEars, ScriptedFiles, ScriptedMouth
from tests.speech.worker.test_process import launch
from voicebot.errors import SpeechError
from voicebot.settings import Settings
from voicebot.speech.turnend import SmartTurnService
from voicebot.speech.types import TurnEndRequest
from voicebot.speech.worker.client import SpeechClient
from voicebot.speech.worker.process import SpeechOrder
from voicebot.speech.worker.server import SpeechServer


@contextlib.asynccontextmanager
async def worker(folder: Path, turns: SmartTurnService | None) -> AsyncIterator[SpeechClient]:
    server = SpeechServer(ScriptedEars(), ScriptedMouth(folder), ScriptedFiles(), turns)
    await server.start(folder / "s")
    client = SpeechClient(folder / "s", patience_s=2.0)
    try:
        yield client
    finally:
        await client.close()
        await server.close()


async def test_a_pause_is_judged_in_the_worker(tmp_path: Path) -> None:
    turns = await SmartTurnService.load(write_turn_model(tmp_path / "turn.onnx"))
    async with worker(tmp_path, turns) as client:
        assert await client.turn_end(TurnEndRequest(spoken(400), RATE_HZ)) > 0.5
        assert await client.turn_end(TurnEndRequest(spoken(0), RATE_HZ)) < 0.5
    await turns.close()


async def test_a_worker_without_a_turn_model_says_so(tmp_path: Path) -> None:
    async with worker(tmp_path, None) as client:
        with pytest.raises(SpeechError, match="no turn model is set"):
            await client.turn_end(TurnEndRequest(spoken(400), RATE_HZ))


async def test_a_turn_model_that_is_not_there_ends_the_worker_with_plain_words(tmp_path: Path) -> None:
    settings = Settings.model_validate({"conversation": {"turn_model": str(tmp_path / "nowhere.onnx")}})
    process = await launch(SpeechOrder(tmp_path / "s", settings).as_json())
    out, _ = await process.communicate()
    report = json.loads(out)
    assert report["event"] == "failed"
    assert report["code"] == "config"
    assert report["message"] == f"conversation.turn_model: there is no file {tmp_path / 'nowhere.onnx'}"
    assert process.returncode == 1
