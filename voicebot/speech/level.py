"""Loudness of a piece of audio, and a gate that tells speech from what lies under it."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

SILENCE_DBFS = -120.0
_FULL_SCALE_POWER = 32768.0**2


def level_dbfs(pcm: bytes) -> float:
    """Return the mean power of s16le ``pcm`` in dB below full scale; ``SILENCE_DBFS`` for digital silence."""
    samples = np.frombuffer(pcm, dtype=np.int16).astype(np.float32)
    power = float(samples @ samples)
    if power == 0.0:
        return SILENCE_DBFS
    return max(SILENCE_DBFS, 10.0 * math.log10(power / (len(samples) * _FULL_SCALE_POWER)))


@dataclass(frozen=True, slots=True)
class GateConfig:
    """What an energy gate lets through.

    The defaults were tried out on recorded Mandarin words and English clips at telephone band: ends of speech
    come close to the last audible sound, steady faint noise does not open a call with a false start, and soft
    speech on a quiet line still passes.

    Attributes:
        minimum_dbfs: nothing below this is speech, however quiet the line.
        below_peak_db: nothing this far under the loudest recent speech is speech: a voice across the room, an echo.
        quiet_below_peak_db: the end of a word this far under the loudest recent speech is over.
        above_floor_db: speech stands at least this much above the noise floor.
        highest_dbfs: the noise floor never closes the gate for anything louder than this.
        peak_decay_db_s: how fast the loudest speech is forgotten, so that a soft word after a shout still counts.
        floor_window_s: the floor is the quietest frame of the last so many seconds: longer than a phrase without a gap.
    """

    minimum_dbfs: float = -60.0
    below_peak_db: float = 34.0
    quiet_below_peak_db: float = 25.0
    above_floor_db: float = 5.0
    highest_dbfs: float = -40.0
    peak_decay_db_s: float = 2.0
    floor_window_s: float = 2.0


class EnergyGate:
    """Decide per frame whether it is loud enough to be the caller's speech.

    The noise floor is tracked by minimum statistics (R. Martin, "Noise power spectral density estimation based
    on optimal smoothing and minimum statistics", 2001; here on the broadband level, without the smoothing): speech
    has gaps, so the minimum over a few seconds is noise. It needs no decision on what is noise, thus cannot lock up.
    """

    _BLOCKS = 10

    def __init__(self, frame_ms: int, config: GateConfig | None = None) -> None:
        self._config = config or GateConfig()
        self._decay_db = self._config.peak_decay_db_s * frame_ms / 1000
        self._block_frames = max(1, round(self._config.floor_window_s * 1000 / frame_ms / self._BLOCKS))
        self._minima: deque[float] = deque(maxlen=self._BLOCKS)
        self._floor_of_blocks = 0.0
        self._block_minimum = 0.0
        self._block_length = 0
        self._peak_dbfs = SILENCE_DBFS

    @property
    def floor_dbfs(self) -> float:
        """Noise floor as of the last frame."""
        return min(self._block_minimum, self._floor_of_blocks)

    @property
    def threshold_dbfs(self) -> float:
        """Level a frame must exceed."""
        config = self._config
        return max(
            config.minimum_dbfs,
            self._peak_dbfs - config.below_peak_db,
            min(self.floor_dbfs + config.above_floor_db, config.highest_dbfs),
        )

    @property
    def quiet_dbfs(self) -> float:
        """Level under which the end of a word is no longer heard: near the noise floor, or far below the speech."""
        config = self._config
        return max(self.floor_dbfs + 2 * config.above_floor_db, self._peak_dbfs - config.quiet_below_peak_db)

    def is_open(self, level: float) -> bool:
        """Follow the noise floor with a frame's level in dBFS and tell whether the frame stands out of it."""
        self._block_minimum = min(self._block_minimum, level)
        self._block_length += 1
        if self._block_length >= self._block_frames:
            self._minima.append(self._block_minimum)
            self._floor_of_blocks = min(self._minima)
            self._block_minimum = level
            self._block_length = 0
        return level > self.threshold_dbfs

    def note_speech(self, level: float) -> None:
        """Remember the level of a frame that was found to be speech."""
        self._peak_dbfs = max(self._peak_dbfs, level)

    def decay(self) -> None:
        """Forget a frame's worth of the loudest speech."""
        self._peak_dbfs -= self._decay_db
