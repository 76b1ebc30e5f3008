"""How loud the bot's voice comes back, compared to how it was played."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voicebot.speech.echo.bands import BANDS, Levels


class Coupling:
    """The loudness of an echo whose delay is known, in each band.

    What is measured scatters from frame to frame; what is tracked is its upper part, so that the echo stays below what
    is expected of it. At first it follows quickly, then slowly upwards: a caller who speaks is no louder echo.

    Attributes:
        db: level of what is heard, relative to what was played.
        frames: of how many frames that was learnt.
    """

    _UP, _DOWN = 0.12, 0.02
    _MOST_UP_DB, _MOST_DOWN_DB = 0.3, 0.3

    def __init__(self, initial_db: float) -> None:
        self.db: Levels = np.full(BANDS, initial_db, np.float32)
        self.frames = 0

    def learn(self, ratio_db: Levels, told: npt.NDArray[np.bool_]) -> None:
        """Take what a frame measures, in those bands where it tells something."""
        haste = max(1.0, 8.0 / (1.0 + self.frames / 4.0))
        step = ratio_db - self.db
        step *= np.where(step > 0, self._UP * haste, min(0.5, self._DOWN * haste))
        self.db += np.where(told, np.clip(step, -self._MOST_DOWN_DB * haste, self._MOST_UP_DB * haste), 0.0)
        self.frames += 1


class Bounds:
    """The loudest echo that there can be at each delay, while the delay is not known.

    What was played loud and did not come back loud after a delay bounds any echo of that delay; so silence
    while an echo may still be on its way says nothing yet.
    """

    _FALL, _RISE = 0.3, 0.02
    _MOST_FALL_DB, _MOST_RISE_DB = 6.0, 0.2
    _LOUD_DBFS = -45.0
    _MARGIN_DB = 7.0  # the track runs below the mean: it falls much faster than it rises

    def __init__(self, delays: int, initial_db: float) -> None:
        self._db: Levels = np.full(delays, initial_db - self._MARGIN_DB, np.float32)

    def learn(self, heard_dbfs: float, played_dbfs: Levels, frames: int = 1) -> None:
        """Take the level that is heard, and those that were played, the newest first; it stands for so many frames."""
        loud = played_dbfs > self._LOUD_DBFS
        if not loud.any():
            return
        step = heard_dbfs - played_dbfs - self._db
        step = np.minimum(step * (1 - (1 - self._FALL) ** frames), step * (self._RISE * frames))
        step = np.minimum(np.maximum(step, -self._MOST_FALL_DB * frames), self._MOST_RISE_DB * frames)
        self._db += step * loud

    def expected(self, played: Levels) -> Levels:
        """Return the most that can come back of what was played.

        Args:
            played: levels per band, a row per delay; or several of that.
        """
        expected: Levels = (played + self._db[:, np.newaxis]).max(axis=-2) + self._MARGIN_DB
        return expected
