"""What a telephone line and a caller's surroundings make of clean speech."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from voicebot.speech.fetching.g711 import A_LAW

RATE_HZ = 8000
LOWEST_HZ, HIGHEST_HZ = 300.0, 3400.0
"""The band of a telephone channel (ITU-T G.712)."""

Audio = npt.NDArray[np.float64]
"""Mono samples, -1..1."""

_LEVELS = np.sort(A_LAW.astype(np.float64)) / 32768
_BETWEEN = (_LEVELS[1:] + _LEVELS[:-1]) / 2


def from_pcm(pcm: bytes) -> Audio:
    """Return s16le PCM as samples."""
    samples: Audio = np.frombuffer(pcm[: len(pcm) & ~1], dtype="<i2").astype(np.float64) / 32768
    return samples


def to_pcm(audio: Audio) -> bytes:
    """Return samples as s16le PCM."""
    return np.clip(np.round(audio * 32768), -32768, 32767).astype("<i2").tobytes()


def resampled(audio: Audio, from_hz: float, to_hz: float) -> Audio:
    """Return audio at another rate."""
    if from_hz == to_hz:
        return audio
    result: Audio = np.asarray(soxr.resample(audio, from_hz, to_hz), dtype=np.float64)
    return result


def at_speed(audio: Audio, speed: float) -> Audio:
    """Return audio that runs faster (over 1) or slower; the pitch goes with it, as with another speaker."""
    return resampled(audio, RATE_HZ * speed, RATE_HZ)


def surrounded(speech: Audio, before_ms: int, after_ms: int) -> Audio:
    """Return speech at 8 kHz with silence around it."""
    return np.pad(speech, (before_ms * RATE_HZ // 1000, after_ms * RATE_HZ // 1000))


def with_noise(speech: Audio, noise: Audio, snr_db: float, start: int) -> Audio:
    """Return speech with noise under all of it.

    Args:
        speech: at 8 kHz.
        noise: at 8 kHz, repeated if it is shorter.
        snr_db: power of the words to power of the noise, both within the telephone band; pauses do not count.
        start: sample of the noise to begin with.
    """
    places = (start + np.arange(len(speech))) % len(noise)
    under = telephone_band(noise[places])
    wanted = _power_of_words(telephone_band(speech)) / 10 ** (snr_db / 10)
    power = float(np.mean(under**2))
    return speech + under * np.sqrt(wanted / power) if power > 0 else speech


def over_the_line(audio: Audio) -> Audio:
    """Return audio at 8 kHz as it comes out of a telephone line: 300 to 3400 Hz, G.711 A-law."""
    band = telephone_band(audio)
    codes: Audio = _LEVELS[np.searchsorted(_BETWEEN, band)]
    return codes


def telephone_band(audio: Audio) -> Audio:
    """Return what of audio at 8 kHz lies between 300 and 3400 Hz."""
    spectrum = np.fft.rfft(audio)
    frequencies = np.fft.rfftfreq(len(audio), 1 / RATE_HZ)
    spectrum[(frequencies < LOWEST_HZ) | (frequencies > HIGHEST_HZ)] = 0
    band: Audio = np.fft.irfft(spectrum, len(audio))
    return band


def _power_of_words(speech: Audio) -> float:
    """Return the mean power of the 20 ms that are within 30 dB of the loudest."""
    size = RATE_HZ // 50
    frames = speech[: len(speech) // size * size].reshape(-1, size)
    if not len(frames):
        return float(np.mean(speech**2)) if len(speech) else 0.0
    powers = np.mean(frames**2, axis=1)
    return float(np.mean(powers[powers >= powers.max() / 1000]))
