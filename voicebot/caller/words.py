"""Where the words of a recording begin and end, by two methods that know nothing of each other.

Silero VAD tells speech from noise, but its edges are coarse and it may miss a soft consonant. The level knows nothing
of speech, but is exact. The edges are taken from the level; where Silero is far from them the edge is called unclear,
and cannot time anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr
from faster_whisper.vad import VadOptions, get_speech_timestamps

_SILERO_HZ = 16000
_LEAD_MS = 320
_STEP_MS = 5
_SMOOTH_MS = 30
_BELOW_PEAK_DB = 30.0
_ABOVE_NOISE_DB = 9.0
_AT_LEAST_BELOW_PEAK_DB = 18.0  # a clip without silence has no noise to be measured
_AGREE_MS = 120.0

Samples = npt.NDArray[np.int16]
Powers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a recording, in ms from its start.

    Attributes:
        start_ms, end_ms: first and last sound of the words.
        clear_start, clear_end: both methods agree on it within 120 ms.
    """

    start_ms: float
    end_ms: float
    clear_start: bool
    clear_end: bool


def find_words(samples: Samples, rate_hz: int) -> Words | None:
    """Find the first and last sound of the words; None if there is no sound at all.

    Args:
        samples: one person's speech and nothing else but room noise.
        rate_hz: their rate.
    """
    by_level = loud_span(samples, rate_hz)
    if by_level is None:
        return None
    by_silero = speech_span(samples, rate_hz) or by_level  # a word too short for the detector
    start_clear, end_clear = (abs(one - other) <= _AGREE_MS for one, other in zip(by_level, by_silero, strict=True))
    # Where they do not agree, the level heard a noise outside the words or Silero missed a soft sound: be it speech.
    start_ms = by_level[0] if start_clear else by_silero[0]
    end_ms = by_level[1] if end_clear else by_silero[1]
    return Words(start_ms, end_ms, start_clear, end_clear)


def speech_span(samples: Samples, rate_hz: int) -> tuple[float, float] | None:
    """Return the first and last moment that Silero VAD calls speech, in ms; None if there is none."""
    quiet = np.zeros(_SILERO_HZ * _LEAD_MS // 1000, np.float32)  # it is late for what comes at once
    heard = soxr.resample(samples.astype(np.float32) / 32768, rate_hz, _SILERO_HZ)
    spans = get_speech_timestamps(
        np.concatenate([quiet, heard, quiet]), VadOptions(min_silence_duration_ms=100, speech_pad_ms=0)
    )
    if not spans:
        return None
    longest_ms = samples.size * 1000 / rate_hz
    start_ms, end_ms = (at * 1000 / _SILERO_HZ - _LEAD_MS for at in (spans[0]["start"], spans[-1]["end"]))
    return max(0.0, start_ms), min(longest_ms, end_ms)


def loud_span(samples: Samples, rate_hz: int) -> tuple[float, float] | None:
    """Return the first and last moment that is not much below the peak, nor near the noise, in ms; None if silent."""
    loud = _loud_steps(samples, rate_hz)
    return (float(loud[0]) * _STEP_MS, float(loud[-1] + 1) * _STEP_MS) if loud.size else None


def active_dbov(samples: Samples, rate_hz: int) -> float:
    """Return the level of the sound in dB relative to full scale, pauses left out; about ITU-T P.56's active level."""
    powers = _powers(samples, rate_hz)
    peak = float(powers.max(initial=0.0))
    if peak <= 0:
        return -120.0
    return float(10 * np.log10(np.mean(powers[powers > peak * 10**-2.5])))


def _powers(samples: Samples, rate_hz: int) -> Powers:
    """Return the mean power around every fifth millisecond, full scale being 1."""
    squares = (samples.astype(np.float64) / 32768) ** 2
    width = rate_hz * _SMOOTH_MS // 1000
    sums = np.concatenate([[0.0], np.cumsum(squares)])
    centres = np.arange(0, squares.size, rate_hz * _STEP_MS // 1000)
    first, last = np.maximum(centres - width // 2, 0), np.minimum(centres + width // 2, squares.size)
    return np.asarray((sums[last] - sums[first]) / width)


def _loud_steps(samples: Samples, rate_hz: int) -> npt.NDArray[np.intp]:
    powers = _powers(samples, rate_hz)
    if not powers.size or powers.max() <= 0:
        return np.empty(0, np.intp)
    noise = float(np.median(np.sort(powers)[: max(1, powers.size // 5)]))
    peak = float(powers.max())
    above_noise = min(noise * 10 ** (_ABOVE_NOISE_DB / 10), peak * 10 ** (-_AT_LEAST_BELOW_PEAK_DB / 10))
    return np.flatnonzero(powers > max(peak * 10 ** (-_BELOW_PEAK_DB / 10), above_noise))
