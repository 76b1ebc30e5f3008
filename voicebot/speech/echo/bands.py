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
    """Turns frames of several streams into levels per band, each through a window of 32 ms that ends with the frame.

    The Fourier transform is a product with a matrix: it is made for a frame at a time, and then numpy's way to its own
    transform takes longer than that.

    Args:
        rate_hz: 8000 or 16000.
        frame_samples: samples in a frame, not more than 32 ms.
        streams: how many there are.
    """

    def __init__(self, rate_hz: int, frame_samples: int, streams: int) -> None:
        self._size = rate_hz * _WINDOW_MS // 1000
        self._frame = frame_samples
        self._samples = np.zeros((streams, self._size - frame_samples), np.float32)
        self._bins = round(BAND_HZ * _WINDOW_MS / 1000)
        self._transform = _transform(self._size, round(LOWEST_HZ * _WINDOW_MS / 1000), BANDS * self._bins)

    def feed(self, *pcm: bytes) -> tuple[Levels, Levels]:
        """Take whole frames of each stream, as many of each.

        Returns:
            Their levels (streams × frames × bands), and the level of all bands together of each.
        """
        new = np.frombuffer(b"".join(pcm), "<i2").reshape(len(pcm), -1)
        samples = np.concatenate((self._samples, new), axis=1, dtype=np.float32)
        self._samples = samples[:, samples.shape[1] - self._samples.shape[1] :]
        parts = self._windows(samples) @ self._transform
        parts *= parts
        powers = parts.reshape(*parts.shape[:2], BANDS, 2 * self._bins).sum(axis=3)
        powers += _TINY
        return 10.0 * np.log10(powers), 10.0 * np.log10(powers.sum(axis=2))

    def _windows(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if samples.shape[1] == self._size:
            return samples[:, np.newaxis]
        windows = np.lib.stride_tricks.sliding_window_view(samples, self._size, axis=1)
        return np.ascontiguousarray(windows[:, :: self._frame])  # or the product is made without BLAS


def _transform(size: int, first: int, bins: int) -> npt.NDArray[np.float32]:
    """Return what makes cosine and sine parts of ``bins`` frequencies from a window, at full scale 1."""
    window = np.hanning(size + 2)[1:-1]
    phases = 2 * np.pi * np.outer(np.arange(size), np.arange(first, first + bins)) / size
    waves = np.stack((np.cos(phases), np.sin(phases)), axis=2).reshape(size, 2 * bins)
    scale = np.sqrt(2.0 / ((window**2).sum() * size)) / 32768.0
    return np.ascontiguousarray(waves * (window * scale)[:, np.newaxis], dtype=np.float32)
