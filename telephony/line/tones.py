"""Keys that arrive as the tones themselves (ITU-T Q.23), found by Goertzel's algorithm, and not in speech.

Where a gateway sends telephone-events as well, each key would count twice: that is why this is off by default.
The limits follow ITU-T Q.24; what keeps speech from passing as keys (talk-off) is that nearly all the power has to be
in the two tones, both of about the same loudness, steadily for ``MIN_HITS`` windows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

ROWS_HZ = (697.0, 770.0, 852.0, 941.0)
COLUMNS_HZ = (1209.0, 1336.0, 1477.0, 1633.0)
KEYS = ("123A", "456B", "789C", "*0#D")

WINDOW_S = 0.0255
HOP_S = 0.01
MIN_RMS = 80.0
"""About -52 dBFS."""
MIN_SHARE = 0.72
"""Of the power that the two tones have."""
MAX_TWIST_DB = 8.0
MAX_REVERSE_TWIST_DB = 6.0
MIN_LEAD_DB = 6.0
"""By which a tone has to lead over the others of its group."""
MAX_CHANGE_DB = 3.0
"""By which the loudness of a key may change from window to window, once it has begun."""
MIN_HITS = 3
MIN_MISSES = 2
# Q.24 wants 1.5 % off the frequency still heard: three probes for each tone.
_OFFSETS = (0.988, 1.0, 1.012)


def _ratio(decibels: float) -> float:
    return float(10 ** (decibels / 10))


class ToneDetector:
    """Finds keys in the audio of a call.

    Args:
        rate_hz: sample rate of the audio.
    """

    def __init__(self, rate_hz: int) -> None:
        self._window = int(rate_hz * WINDOW_S)
        self._hop = int(rate_hz * HOP_S)
        frequencies = np.array([hz * offset for hz in (*ROWS_HZ, *COLUMNS_HZ) for offset in _OFFSETS])
        at = np.arange(self._window) / rate_hz
        self._probes = np.exp(-2j * np.pi * frequencies[:, None] * at[None, :])
        self._waiting = np.zeros(0)
        self._candidate = ""
        self._hits = 0
        self._misses = MIN_MISSES
        self._told = False
        self._power = 0.0

    def feed(self, pcm: bytes) -> str:
        """Take audio (s16le) and return the keys that it completes, mostly none."""
        self._waiting = np.concatenate([self._waiting, np.frombuffer(pcm, "<i2").astype(np.float64)])
        found = ""
        while self._waiting.size >= self._window:
            found += self._step(self._waiting[: self._window])
            self._waiting = self._waiting[self._hop :]
        return found

    def _step(self, window: npt.NDArray[np.float64]) -> str:
        key, power = self._key_in(window)
        if not key:
            self._misses += 1
            if self._misses >= MIN_MISSES:
                self._candidate, self._hits, self._told = "", 0, False
            return ""
        steady = self._hits < 2 or _ratio(-MAX_CHANGE_DB) < power / self._power < _ratio(MAX_CHANGE_DB)
        if key != self._candidate or not steady:
            if self._told and key == self._candidate:
                steady = True  # a key held down may get louder
            else:
                self._candidate, self._hits, self._told = key, 0, False
        self._misses = 0
        self._hits += 1
        self._power = power
        if self._hits >= MIN_HITS and not self._told:
            self._told = True
            return key
        return ""

    def _key_in(self, window: npt.NDArray[np.float64]) -> tuple[str, float]:
        """Return the key that a window has, "" for none, and the window's power."""
        power = float(window @ window) / window.size
        if power < MIN_RMS**2:
            return "", power
        tones = np.abs(self._probes @ window) ** 2 * 2 / window.size**2
        best = tones.reshape(8, len(_OFFSETS)).max(axis=1)
        rows, columns = best[:4], best[4:]
        row, column = int(rows.argmax()), int(columns.argmax())
        low, high = float(rows[row]), float(columns[column])
        if low + high < MIN_SHARE * power:
            return "", power
        if high > low * _ratio(MAX_TWIST_DB) or low > high * _ratio(MAX_REVERSE_TWIST_DB):
            return "", power
        second = (float(np.partition(group, -2)[-2]) for group in (rows, columns))
        if any(other * _ratio(MIN_LEAD_DB) > leader for other, leader in zip(second, (low, high), strict=True)):
            return "", power
        return KEYS[row][column], power
