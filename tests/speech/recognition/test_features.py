from __future__ import annotations

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from voicebot.speech.recognition.features import LogMel, mel_filters, pcm_to_float


@pytest.mark.parametrize("bands", [80, 128])
def test_mel_filters_are_those_whisper_was_trained_with(bands: int) -> None:
    expected = FeatureExtractor(feature_size=bands).mel_filters
    np.testing.assert_allclose(mel_filters(bands), expected, atol=1e-6)


@pytest.mark.parametrize("samples", [1, 150, 401, 16000, 48077, 159999, 160000, 170000])
def test_the_window_equals_the_reference_on_padded_audio(samples: int) -> None:
    audio = np.random.default_rng(samples).normal(0, 0.1, samples).astype(np.float32)
    padded = np.pad(audio, (0, max(0, 160000 - samples)))[:160000]
    expected = FeatureExtractor()(padded)[:, :1000]
    got = LogMel().window(audio, 1000)
    assert got.shape == (1, 80, 1000)
    np.testing.assert_allclose(got[0], expected, atol=1e-4)


def test_silence_is_flat() -> None:
    got = LogMel().window(np.zeros(1600, dtype=np.float32), 400)
    assert np.ptp(got) < 1e-5


def test_pcm_becomes_floats_at_16_khz() -> None:
    pcm = np.array([0, 16384, -32768], dtype=np.int16).tobytes()
    np.testing.assert_array_equal(pcm_to_float(pcm, 16000), np.array([0, 0.5, -1], dtype=np.float32))
    assert len(pcm_to_float(bytes(1600), 8000)) == 1600
    assert len(pcm_to_float(pcm + b"\1", 16000)) == 3
