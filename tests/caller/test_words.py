from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicebot.caller.audio import load_clip
from voicebot.caller.words import active_dbov, find_words, loud_span

RATE_HZ = 8000


def tone(seconds: float, amplitude: float) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return (amplitude * np.sin(2 * np.pi * 300 * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)).astype(np.int16)


def test_silence_has_no_words() -> None:
    assert find_words(np.zeros(RATE_HZ, np.int16), RATE_HZ) is None
    assert find_words(np.zeros(0, np.int16), RATE_HZ) is None


def test_sound_is_found_above_the_noise_around_it() -> None:
    noise = np.random.default_rng(1).normal(0, 60, 2 * RATE_HZ).astype(np.int16)
    samples = noise.copy()
    samples[RATE_HZ // 2 : RATE_HZ] += tone(0.5, 6000)
    span = loud_span(samples, RATE_HZ)
    assert span is not None
    assert list(span) == [pytest.approx(500, abs=25), pytest.approx(1000, abs=25)]


def test_a_clip_without_any_silence_is_sound_from_end_to_end() -> None:
    span = loud_span(tone(0.5, 6000), RATE_HZ)
    assert span is not None
    assert list(span) == [pytest.approx(0, abs=10), pytest.approx(500, abs=10)]


def test_recorded_words_have_clear_ends() -> None:
    clip = np.frombuffer(load_clip(next(Path("config/demo/zh").glob("*.wav")), RATE_HZ), "<i2")
    words = find_words(clip, RATE_HZ)
    assert words is not None
    assert 0 <= words.start_ms < words.end_ms <= clip.size * 1000 / RATE_HZ


def test_pauses_do_not_lower_the_active_level() -> None:
    speech = tone(1.0, 8000)
    spread = np.concatenate([speech, np.zeros(3 * RATE_HZ, np.int16)])
    assert active_dbov(spread, RATE_HZ) == pytest.approx(active_dbov(speech, RATE_HZ), abs=0.3)
    assert active_dbov(np.zeros(100, np.int16), RATE_HZ) == -120
