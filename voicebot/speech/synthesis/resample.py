"""From a voice's samples to telephone audio: trimmed, levelled, resampled, without clicks or clipping."""

from __future__ import annotations

import numpy as np
import soxr

from voicebot.speech.synthesis.engine import Samples

LEAD_MS = 15
"""Silence kept in front of a clip. Each further millisecond would be delay that the caller hears."""
TARGET_DBFS = -20.0
"""Loudness of the speech in a clip (RMS where there is speech): usual for the telephone, the same for all voices."""
PEAK = 0.89
"""No sample goes beyond this part of full scale (-1 dBFS): resampling and companding overshoot a little."""

_FRAME_MS = 5
_FADE_MS = 4
# A frame this far below the loudest one is silence: both engines render theirs below -60 dB, and the
# softest onsets (n, l, f) lie around -35 dB.
_SILENCE_DB = -46.0
_SPEECH_DB = -30.0
_MAX_GAIN = 8.0
_INT16 = 32767.0


def telephone_audio(samples: Samples, rate_hz: int, to_rate_hz: int, gap_ms: int) -> bytes:
    """Make a rendered clause ready for the line.

    Args:
        samples: what an engine rendered.
        rate_hz: its sample rate.
        to_rate_hz: sample rate of the line.
        gap_ms: silence to leave at the end.

    Returns:
        s16le mono; b"" when there is nothing but silence.
    """
    span = speech_span(samples, rate_hz)
    if span is None:
        return b""
    lead = rate_hz * LEAD_MS // 1000
    tail = rate_hz * max(gap_ms, _FADE_MS) // 1000
    first, last = span
    # A copy; faded before the gap is filled up, since some clips end in the middle of a sound.
    clip = _faded(samples[max(0, first - lead) : last + tail].astype(np.float32), rate_hz)
    clip = np.pad(clip, (0, max(0, last + tail - len(samples))))
    if rate_hz != to_rate_hz:
        clip = soxr.resample(clip, rate_hz, to_rate_hz, quality="HQ")
    return np.round(_levelled(clip, to_rate_hz) * _INT16).astype("<i2").tobytes()


def speech_span(samples: Samples, rate_hz: int) -> tuple[int, int] | None:
    """Return the first sample of speech and the one behind the last, None when all is silence."""
    frame = rate_hz * _FRAME_MS // 1000
    level = _frame_rms(samples, frame)
    if not len(level) or not np.isfinite(level).all() or level.max() < 1e-4:
        return None
    loud = np.flatnonzero(level > level.max() * 10 ** (_SILENCE_DB / 20))
    return int(loud[0]) * frame, min(len(samples), (int(loud[-1]) + 1) * frame)


def silence(duration_ms: int, rate_hz: int) -> bytes:
    """Return silence."""
    return bytes(2 * (rate_hz * duration_ms // 1000))


def _frame_rms(samples: Samples, frame: int) -> Samples:
    padded = np.pad(samples, (0, -len(samples) % frame))
    power: Samples = np.sqrt(np.mean(padded.reshape(-1, frame) ** 2, axis=1))
    return power


def _levelled(clip: Samples, rate_hz: int) -> Samples:
    """Scale to the target loudness, less where a peak would go too high."""
    level = _frame_rms(clip, rate_hz * _FRAME_MS // 1000)
    speech = level[level > level.max() * 10 ** (_SPEECH_DB / 20)]
    loudness = float(np.sqrt(np.mean(speech**2)))
    peak = float(np.abs(clip).max())
    gain = min(10 ** (TARGET_DBFS / 20) / loudness, PEAK / peak, _MAX_GAIN)
    return (clip * gain).astype(np.float32)


def _faded(clip: Samples, rate_hz: int) -> Samples:
    fade = min(rate_hz * _FADE_MS // 1000, len(clip) // 2)
    ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    clip[:fade] *= ramp
    clip[len(clip) - fade :] *= ramp[::-1]
    return clip
