"""Levels of a call's audio in frequency bands, frame by frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LOWEST_HZ, HIGHEST_HZ, BAND_HZ = 250.0, 3500.0, 250.0
"""The bands: what a telephone line lets through."""
BANDS = round((HIGHEST_HZ - LOWEST_HZ) / BAND_HZ)
SILENCE_DB = -90.0

Levels = npt.NDArray[np.float32]
"""dB below full scale, one value per band; where there are rows, one for each frame or delay."""

_WINDOW_MS = 32
_TINY = np.float32(10 ** (SILENCE_DB / 10))


class BandLevels:
    """Turns frames into levels per band, each through a window of 32 ms that ends with the frame.

    Args:
        rate_hz: 8000 or 16000.
        frame_samples: samples in a frame, not more than 32 ms.
    """

    def __init__(self, rate_hz: int, frame_samples: int) -> None:
        size = rate_hz * _WINDOW_MS // 1000
        self._frame = frame_samples
        self._samples = np.zeros(size - frame_samples, np.float32)
        self._window = np.hanning(size + 2)[1:-1].astype(np.float32)
        power = float((self._window**2).sum()) * size / 2
        first, each = round(LOWEST_HZ * _WINDOW_MS / 1000), round(BAND_HZ * _WINDOW_MS / 1000)
        self._first, self._end, self._each = first, first + BANDS * each, each
        self._scale = np.float32(1.0 / (power * 32768.0**2))
        self._cuts: dict[int, npt.NDArray[np.intp]] = {}  # where the windows of so many frames lie

    def feed(self, frames: bytes) -> tuple[Levels, Levels]:
        """Take whole frames; return their levels, a row for each, and the level of all bands together of each."""
        samples = np.concatenate((self._samples, np.frombuffer(frames, "<i2")), dtype=np.float32)
        self._samples = samples[len(samples) - len(self._samples) :]
        spectra = np.fft.rfft(samples[self._cut(len(samples))] * self._window)[:, self._first : self._end]
        powers = (spectra.real**2 + spectra.imag**2).reshape(len(spectra), BANDS, self._each).sum(axis=2)
        powers = powers * self._scale + _TINY
        return 10.0 * np.log10(powers), 10.0 * np.log10(powers.sum(axis=1))

    def _cut(self, size: int) -> npt.NDArray[np.intp]:
        cut = self._cuts.get(size)
        if cut is None:
            starts = np.arange(0, size - len(self._window) + 1, self._frame)
            cut = self._cuts[size] = starts[:, np.newaxis] + np.arange(len(self._window))
        return cut
