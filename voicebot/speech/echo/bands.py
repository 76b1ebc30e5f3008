"""Levels of a call's audio in frequency bands, frame by frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LOWEST_HZ, HIGHEST_HZ, BAND_HZ = 250.0, 3500.0, 250.0
"""The bands: what a telephone line lets through."""
BANDS = round((HIGHEST_HZ - LOWEST_HZ) / BAND_HZ)
SILENCE_DB = -90.0

Levels = npt.NDArray[np.float32]
"""dB below full scale, one value per band."""

_WINDOW_MS = 32
_TINY = 10 ** (SILENCE_DB / 10)


class BandLevels:
    """Turns frames into levels per band, through a window of 32 ms that ends with the frame.

    Args:
        rate_hz: 8000 or 16000.
    """

    def __init__(self, rate_hz: int) -> None:
        size = rate_hz * _WINDOW_MS // 1000
        self._samples = np.zeros(size, np.float32)
        self._window = np.hanning(size + 2)[1:-1].astype(np.float32)
        power = float((self._window**2).sum()) * size / 2
        first, each = round(LOWEST_HZ * _WINDOW_MS / 1000), round(BAND_HZ * _WINDOW_MS / 1000)
        self._first, self._end, self._each = first, first + BANDS * each, each
        self._scale = np.float32(1.0 / (power * 32768.0**2))

    def feed(self, frame: bytes) -> Levels:
        """Take the next frame, not longer than 32 ms, and return the levels."""
        new = np.frombuffer(frame, "<i2")
        count = len(new)
        self._samples[:-count] = self._samples[count:]
        self._samples[-count:] = new
        spectrum = np.fft.rfft(self._samples * self._window)[self._first : self._end]
        powers = (spectrum.real**2 + spectrum.imag**2).reshape(BANDS, self._each).sum(axis=1)
        levels: Levels = (10.0 * np.log10(powers * self._scale + _TINY)).astype(np.float32)
        return levels
