"""The tone a caller hears while somebody else is being rung."""

from __future__ import annotations

import numpy as np

_FREQUENCY_HZ = 450.0  # the ringing tone of the Chinese network (GF 002): 450 Hz, 1 s on, 4 s off
_ON_S, _OFF_S = 1.0, 4.0
_AMPLITUDE = 0.06  # about -24 dBFS: a tone carries further than speech
_RAMP_S = 0.01


def ringback_period(rate_hz: int) -> bytes:
    """Return one period of the ringing tone, s16le mono, to be repeated without a seam."""
    on = np.arange(int(rate_hz * _ON_S)) / rate_hz
    tone = np.sin(2 * np.pi * _FREQUENCY_HZ * on) * _AMPLITUDE
    ramp_samples = int(rate_hz * _RAMP_S)
    ramp = np.linspace(0.0, 1.0, ramp_samples)
    tone[:ramp_samples] *= ramp
    tone[-ramp_samples:] *= ramp[::-1]
    pause = np.zeros(int(rate_hz * _OFF_S))
    return (np.concatenate([tone, pause]) * 32767).astype("<i2").tobytes()
