from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from tests.speech.turn_models import RATE_HZ, spoken, write_turn_model
from voicebot.errors import ConfigError, SpeechError
from voicebot.speech.turnend import SmartTurn, SmartTurnService
from voicebot.speech.types import TurnEndRequest


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_turn_model(tmp_path / "turn.onnx")


@pytest.mark.parametrize("samples", [0, 1, 16000, 127990, 128000, 200000])
def test_the_network_gets_the_normalised_log_mel_of_the_last_eight_seconds(model: Path, samples: int) -> None:
    audio = np.random.default_rng(samples).normal(0.01, 0.1, samples).astype(np.float32)
    window = np.pad(audio[-128000:], (max(0, 128000 - samples), 0)).astype(np.float64)
    normal = (window - window.mean()) / np.sqrt(window.var() + 1e-7)
    expected = FeatureExtractor()(normal.astype(np.float32), padding=0)
    got = SmartTurn(model).features(audio)
    assert got.shape == (1, 80, 800)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got[0], expected, atol=1e-3)


def test_what_lies_before_the_last_eight_seconds_does_not_matter(model: Path) -> None:
    network = SmartTurn(model)
    audio = np.random.default_rng(3).normal(0, 0.1, 10 * 16000).astype(np.float32)
    assert network.probability(audio) == network.probability(audio[-8 * 16000 :])


@pytest.mark.parametrize("speech_ms", [500, 2000, 7000])
async def test_the_answer_depends_on_the_sound(model: Path, speech_ms: int) -> None:
    service = await SmartTurnService.load(model)
    finished = await service.turn_end(TurnEndRequest(spoken(400, speech_ms), RATE_HZ))
    going_on = await service.turn_end(TurnEndRequest(spoken(0, speech_ms), RATE_HZ))
    assert 0 <= going_on < 0.5 < finished <= 1
    await service.close()


async def test_many_can_ask_at_a_time_and_questions_can_be_given_up(model: Path) -> None:
    service = await SmartTurnService.load(model)
    asked = [
        asyncio.create_task(service.turn_end(TurnEndRequest(spoken(silence_ms), RATE_HZ)))
        for silence_ms in (400, 0, 400, 0)
    ]
    await asyncio.sleep(0)
    asked[2].cancel()
    first, second, given_up, last = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(given_up, asyncio.CancelledError)
    assert isinstance(first, float)
    assert isinstance(second, float)
    assert first > second == last
    await service.close()


def test_a_missing_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"conversation\.turn_model: there is no file .*nowhere\.onnx"):
        SmartTurn(tmp_path / "nowhere.onnx")
    with pytest.raises(ConfigError, match="there is no file"):
        SmartTurn(tmp_path)


def test_a_file_that_is_no_model_is_a_config_error(tmp_path: Path) -> None:
    path = tmp_path / "turn.onnx"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1")
    with pytest.raises(ConfigError, match=r"conversation\.turn_model: .* cannot be loaded as an ONNX model"):
        SmartTurn(path)


def test_another_model_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="its inputs are audio, expected input_features"):
        SmartTurn(write_turn_model(tmp_path / "a.onnx", input_name="audio"))
    with pytest.raises(ConfigError, match="is not a Smart Turn v3 model: it cannot be asked"):
        SmartTurn(write_turn_model(tmp_path / "b.onnx", bands=128))
    with pytest.raises(ConfigError, match="is not a Smart Turn v3 model: what it answers is no probability"):
        SmartTurn(write_turn_model(tmp_path / "c.onnx", bounded=False))


async def test_a_network_that_fails_later_is_a_speech_error(model: Path) -> None:
    network = SmartTurn(model)
    with pytest.raises(SpeechError, match="no probability"):
        network.probability(np.full(16000, np.nan, np.float32))
