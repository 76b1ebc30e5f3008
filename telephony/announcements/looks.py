"""What the spectrum of a moment of telephone audio looks like: its level, and whether it is one tone or two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE_HZ = 8000
FRAME_MS = 20
FRAME_SAMPLES = RATE_HZ * FRAME_MS // 1000
FRAME_BYTES = 2 * FRAME_SAMPLES

_WINDOW_SAMPLES = 2 * FRAME_SAMPLES
_FFT_SAMPLES = 1024
_BIN_HZ = RATE_HZ / _FFT_SAMPLES
# Hum of the mains and what a codec leaves below the telephone band are no part of a tone's purity.
_LOWEST_BIN = int(200 / _BIN_HZ)
# The main lobe of a Hann window of 40 ms reaches 50 Hz to either side. Two tones 50 Hz apart are one group.
_GROUP_BINS = int(80 / _BIN_HZ)
_LEAST_TONE_DBFS = -50.0
_LEAST_SHARE = 0.85
_LEAST_SECOND_SHARE = 0.12
_FULL_SCALE = 32768.0


@dataclass(frozen=True, slots=True)
class Look:
    """One frame, seen together with the one before it.

    Attributes:
        level_dbfs: mean power, dB below full scale.
        frequency_hz: centre of the strongest group of frequencies, 0 if the frame is no tone.
        second_hz: the other tone of a pair that lies further apart, else 0.
    """

    level_dbfs: float
    frequency_hz: float = 0.0
    second_hz: float = 0.0

    @property
    def is_tone(self) -> bool:
        """Hardly anything but one tone, or two, is in it."""
        return self.frequency_hz > 0


class Looker:
    """Looks at audio frame by frame: s16le at 8 kHz, ``FRAME_BYTES`` each."""

    def __init__(self) -> None:
        self._samples: npt.NDArray[np.float64] = np.zeros(_WINDOW_SAMPLES)
        self._window = np.hanning(_WINDOW_SAMPLES)

    def look(self, frame: bytes) -> Look:
        """Look at the next frame."""
        self._samples = np.concatenate((self._samples[FRAME_SAMPLES:], np.frombuffer(frame, "<i2") / _FULL_SCALE))
        power = float(np.mean(self._samples[-FRAME_SAMPLES:] ** 2))
        level_dbfs = 10 * float(np.log10(power + 1e-10))
        if level_dbfs < _LEAST_TONE_DBFS:
            return Look(level_dbfs)
        spectrum = np.abs(np.fft.rfft(self._samples * self._window, _FFT_SAMPLES)) ** 2
        spectrum[:_LOWEST_BIN] = 0
        total = float(spectrum.sum())
        first_hz, first = _take_strongest(spectrum)
        if first >= _LEAST_SHARE * total > 0:
            return Look(level_dbfs, first_hz)
        second_hz, second = _take_strongest(spectrum)
        if second >= _LEAST_SECOND_SHARE * total and first + second >= _LEAST_SHARE * total:
            return Look(level_dbfs, min(first_hz, second_hz), max(first_hz, second_hz))
        return Look(level_dbfs)


def _take_strongest(spectrum: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return centre and power of the strongest group of frequencies, and take it out of the spectrum."""
    peak = int(spectrum.argmax())
    group = slice(max(0, peak - _GROUP_BINS), peak + _GROUP_BINS + 1)
    power = float(spectrum[group].sum())
    centre_hz = 0.0
    if power > 0:
        centre_hz = float(np.arange(len(spectrum))[group] @ spectrum[group]) / power * _BIN_HZ
    spectrum[group] = 0
    return centre_hz, power
