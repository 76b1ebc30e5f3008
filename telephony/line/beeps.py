"""Short tones that tell somebody something without words."""

from __future__ import annotations

import numpy as np

BEEP_HZ = 880
BEEP_MS = 120
GAP_MS = 120
_AMPLITUDE = 4000.0
_RAMP_MS = 5


def beeps(rate_hz: int, count: int = 1, tone_hz: float = BEEP_HZ) -> bytes:
    """Return some beeps with gaps between them (s16le mono)."""
    samples = rate_hz * BEEP_MS // 1000
    ramp = np.minimum(1.0, np.arange(samples) / (rate_hz * _RAMP_MS / 1000))
    tone = _AMPLITUDE * np.sin(2 * np.pi * tone_hz * np.arange(samples) / rate_hz) * ramp * ramp[::-1]
    one = np.concatenate([tone, np.zeros(rate_hz * GAP_MS // 1000)]).astype("<i2").tobytes()
    return one * count
