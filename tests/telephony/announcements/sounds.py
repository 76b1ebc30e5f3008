"""Sounds for the tests: tones to the national cadences, as a telephone line carries them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from voicebot.evaluation.telephone import over_the_line, to_pcm

RATE_HZ = 8000
Audio = npt.NDArray[np.float64]


def tone(frequencies_hz: Sequence[float], duration_ms: float, level_dbfs: float = -18.0) -> Audio:
    """Return a tone, or several at once."""
    time_s = np.arange(round(duration_ms * RATE_HZ / 1000)) / RATE_HZ
    power = 10 ** (level_dbfs / 10) / len(frequencies_hz)
    result: Audio = sum(
        (np.sqrt(2 * power) * np.sin(2 * np.pi * frequency * time_s) for frequency in frequencies_hz),
        start=np.zeros(len(time_s)),
    )
    return result


def pause(duration_ms: float) -> Audio:
    """Return silence."""
    return np.zeros(round(duration_ms * RATE_HZ / 1000))


def rhythm(frequencies_hz: Sequence[float], pattern_ms: Sequence[float], total_ms: float, **level: float) -> Audio:
    """Return a tone with pauses, repeated for a time."""
    pieces: list[Audio] = []
    length = 0
    while length < total_ms * RATE_HZ / 1000:
        for place, duration_ms in enumerate(pattern_ms):
            pieces.append(pause(duration_ms) if place % 2 else tone(frequencies_hz, duration_ms, **level))
            length += len(pieces[-1])
    return np.concatenate(pieces)[: round(total_ms * RATE_HZ / 1000)]


def on_the_line(audio: Audio, noise_dbfs: float = -60.0, seed: int = 1) -> bytes:
    """Return audio with line noise, cut to the telephone band, through G.711, as PCM."""
    noise = np.random.default_rng(seed).normal(0, 10 ** (noise_dbfs / 20), len(audio))
    return to_pcm(over_the_line(audio + noise))


def frames(pcm: bytes) -> list[bytes]:
    """Return the whole frames of 20 ms in some PCM."""
    return [pcm[at : at + 320] for at in range(0, len(pcm) - 319, 320)]
