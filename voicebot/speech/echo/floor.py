"""The noise of a line in each band."""

from __future__ import annotations

import numpy as np

from voicebot.speech.echo.bands import Levels


class NoiseFloor:
    """Falls with what is heard, and rises slowly.

    Args:
        frame_ms: length of a frame.
    """

    _FALL, _RISE_DB_S = 0.3, 4.0
    _PRESUMED_DB = -60.0

    def __init__(self, frame_ms: float) -> None:
        self._rise_db = self._RISE_DB_S * frame_ms / 1000
        self._levels: Levels | None = None

    def follow(self, heard: Levels, frames: int = 1) -> Levels:
        """Take the levels of a frame, which stands for so many; return those of the noise."""
        if self._levels is None:
            self._levels = np.maximum(heard, self._PRESUMED_DB)
        below = heard - self._levels
        self._levels = self._levels + np.where(below < 0, self._FALL * below, self._rise_db * frames)
        return self._levels
