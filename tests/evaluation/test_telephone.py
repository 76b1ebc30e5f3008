from __future__ import annotations

import numpy as np
import pytest

from voicebot.evaluation import telephone
from voicebot.evaluation.telephone import RATE_HZ, Audio


def tone(frequency_hz: float, seconds: float = 1.0, level: float = 0.3) -> Audio:
    audio: Audio = level * np.sin(2 * np.pi * frequency_hz * np.arange(round(RATE_HZ * seconds)) / RATE_HZ)
    return audio


def power_db(audio: Audio) -> float:
    return float(10 * np.log10(np.mean(audio**2) + 1e-12))


@pytest.mark.parametrize(
    ("frequency_hz", "passes"), [(100, False), (310, True), (1000, True), (3390, True), (3600, False)]
)
def test_a_line_carries_300_to_3400_hz(frequency_hz: float, passes: bool) -> None:
    loss_db = power_db(tone(frequency_hz)) - power_db(telephone.over_the_line(tone(frequency_hz)))
    assert (abs(loss_db) < 0.5) if passes else (loss_db > 40)


def test_a_line_has_256_levels_fine_where_it_is_quiet() -> None:
    rng = np.random.default_rng(1)
    loud, quiet = rng.normal(0, 0.2, RATE_HZ), rng.normal(0, 0.01, RATE_HZ)
    heard = np.concatenate([telephone.over_the_line(loud), telephone.over_the_line(quiet)])
    assert len(np.unique(heard)) <= 256
    for audio in (loud, quiet):
        error = telephone.over_the_line(audio) - telephone.telephone_band(audio)
        assert power_db(telephone.telephone_band(audio)) - power_db(error) > 25


@pytest.mark.parametrize("snr_db", [5.0, 15.0])
def test_noise_lies_so_far_below_the_words_whatever_pauses_there_are(snr_db: float) -> None:
    words = np.concatenate([tone(1000), np.zeros(2 * RATE_HZ)])
    noise = np.random.default_rng(2).normal(0, 0.1, RATE_HZ // 2)
    mixed = telephone.with_noise(words, noise, snr_db, start=100)
    added = telephone.telephone_band(mixed - words)
    assert power_db(tone(1000)) - power_db(added) == pytest.approx(snr_db, abs=0.3)
    assert power_db(mixed[-RATE_HZ:]) == pytest.approx(power_db(added), abs=1)


def test_silence_as_noise_changes_nothing() -> None:
    words = tone(500)
    assert np.array_equal(telephone.with_noise(words, np.zeros(100), 15, 0), words)


def test_faster_is_shorter_and_higher() -> None:
    fast = telephone.at_speed(tone(1000), 1.25)
    assert len(fast) == pytest.approx(RATE_HZ / 1.25, abs=2)
    assert np.argmax(np.abs(np.fft.rfft(fast))) * RATE_HZ / len(fast) == pytest.approx(1250, abs=3)


def test_pcm_comes_back_as_it_was() -> None:
    pcm = np.array([0, 1, -1, 32767, -32768], dtype="<i2").tobytes()
    assert telephone.to_pcm(telephone.from_pcm(pcm)) == pcm


def test_words_are_surrounded_by_silence() -> None:
    audio = telephone.surrounded(tone(500), before_ms=300, after_ms=200)
    assert len(audio) == RATE_HZ * 3 // 2
    assert not audio[: RATE_HZ * 3 // 10].any()
    assert not audio[-RATE_HZ // 5 :].any()
