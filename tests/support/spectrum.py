"""What tone is in a signal: the proof that audio really got there."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np


def loudest_hz(pcm: bytes, rate_hz: int) -> tuple[float, float]:
    """Return the frequency of the strongest tone, and how much of the whole energy lies within 20 Hz of it."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    assert len(samples) > rate_hz // 4, f"only {len(samples)} samples"
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    peak_hz = float(frequencies[int(power.argmax())])
    near = power[np.abs(frequencies - peak_hz) <= 20].sum()
    return peak_hz, float(near / max(power.sum(), 1.0))


def assert_tone(pcm: bytes, rate_hz: int, tone_hz: float) -> None:
    """Assert that a signal is this tone and nearly nothing else."""
    peak_hz, share = loudest_hz(pcm, rate_hz)
    assert abs(peak_hz - tone_hz) < 8, f"{peak_hz:.0f} Hz instead of {tone_hz:.0f} Hz"
    assert share > 0.9, f"only {share:.0%} of the energy is at {peak_hz:.0f} Hz"


def read_wav(path: Path, channel: int = 0) -> tuple[bytes, int]:
    """Return one channel of a 16-bit WAV file, and its rate."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return samples[channel :: file.getnchannels()].tobytes(), file.getframerate()
