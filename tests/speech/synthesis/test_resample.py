from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.synthesis.engine import Samples
from voicebot.speech.synthesis.resample import LEAD_MS, PEAK, ClauseAudio, speech_span, telephone_audio

_RATE_HZ = 24_000


def _clip(lead_ms: int, speech_ms: int, trail_ms: int, level: float = 0.3) -> Samples:
    time = np.arange(_RATE_HZ * speech_ms // 1000) / _RATE_HZ
    # A tone that swells and fades a little, as a vowel does.
    speech = level * np.sin(2 * np.pi * 220 * time) * (0.7 + 0.3 * np.sin(2 * np.pi * 4 * time))
    parts = (np.zeros(_RATE_HZ * lead_ms // 1000), speech, np.zeros(_RATE_HZ * trail_ms // 1000))
    return np.concatenate(parts).astype(np.float32)


def _int16(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2").astype(np.int32)


@pytest.mark.parametrize("to_rate_hz", [8000, 16000])
def test_silence_is_trimmed_to_a_short_lead_and_the_gap_asked_for(to_rate_hz: int) -> None:
    pcm = telephone_audio(_clip(400, 500, 700), _RATE_HZ, to_rate_hz, gap_ms=120)
    length_ms = len(pcm) / 2 * 1000 / to_rate_hz
    assert length_ms == pytest.approx(LEAD_MS + 500 + 120, abs=6)
    loud = np.flatnonzero(np.abs(_int16(pcm)) > 300)
    assert 5 <= loud[0] * 1000 / to_rate_hz <= LEAD_MS + 6


def test_a_clip_shorter_than_its_gap_is_filled_up() -> None:
    pcm = telephone_audio(_clip(0, 200, 10), _RATE_HZ, 8000, gap_ms=240)
    assert len(pcm) / 2 / 8 == pytest.approx(440, abs=6)


@given(st.floats(0.001, 4.0), st.sampled_from([8000, 16000]))
def test_no_sample_clips_and_loud_and_soft_voices_end_up_alike(level: float, to_rate_hz: int) -> None:
    samples = _int16(telephone_audio(_clip(50, 300, 50, level), _RATE_HZ, to_rate_hz, gap_ms=60))
    assert np.abs(samples).max() <= PEAK * 32767 + 1
    rms_dbfs = 20 * np.log10(np.sqrt(np.mean(samples[1000:2000].astype(float) ** 2)) / 32767)
    assert rms_dbfs == pytest.approx(-20, abs=4) or level < 0.03


def test_the_edges_do_not_click() -> None:
    pcm = telephone_audio(np.full(_RATE_HZ // 5, 0.5, np.float32), _RATE_HZ, 8000, gap_ms=0)
    samples = _int16(pcm)
    assert abs(samples[0]) < 50
    assert abs(samples[-1]) < 50
    assert np.abs(np.diff(samples)).max() < 400


@given(st.lists(st.integers(1, 9000), max_size=8), st.sampled_from([8000, 16000, _RATE_HZ]))
def test_pieces_come_to_the_same_as_the_whole(lengths: list[int], to_rate_hz: int) -> None:
    clip = np.concatenate([_clip(100, 200, 150), _clip(0, 250, 300)])
    whole = ClauseAudio(_RATE_HZ, to_rate_hz, 120, loudness=0.2)
    pieces = ClauseAudio(_RATE_HZ, to_rate_hz, 120, loudness=0.2)
    heard = b""
    for end, length in zip(np.cumsum(lengths), lengths, strict=True):
        heard += pieces.feed(clip[end - length : end])
    heard += pieces.feed(clip[sum(lengths) :]) + pieces.finish()
    expected = whole.feed(clip) + whole.finish()
    # Where a piece begins decides where a frame of 5 ms does.
    assert abs(len(heard) - len(expected)) <= 2 * 3 * to_rate_hz * 5 // 1000
    assert abs(np.abs(_int16(heard)).max() - np.abs(_int16(expected)).max()) < 400


def test_a_loud_piece_is_made_softer_without_a_click() -> None:
    audio = ClauseAudio(_RATE_HZ, 8000, 60, loudness=0.05)
    pcm = audio.feed(_clip(0, 300, 0, 0.1)) + audio.feed(_clip(0, 300, 0, 0.9)) + audio.finish()
    assert np.abs(_int16(pcm)).max() <= PEAK * 32767 + 1


def test_silence_comes_to_nothing() -> None:
    assert telephone_audio(np.zeros(4800, np.float32), _RATE_HZ, 8000, gap_ms=60) == b""
    assert telephone_audio(np.zeros(0, np.float32), _RATE_HZ, 8000, gap_ms=60) == b""
    assert speech_span(np.full(4800, np.nan, np.float32), _RATE_HZ) is None
