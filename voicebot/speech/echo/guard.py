"""Tell the bot's own voice that comes back from a caller who speaks over it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from voicebot.speech.echo.bands import BANDS, SILENCE_DB, BandLevels, Levels
from voicebot.speech.echo.coupling import Bounds, Coupling
from voicebot.speech.echo.delay import DelayEstimator
from voicebot.speech.echo.played import PlayedAudio
from voicebot.speech.types import BYTES_PER_SAMPLE


@dataclass(frozen=True, slots=True)
class EchoConfig:
    """What counts as echo. The defaults were tried out with ``scripts/bench_vad.py``.

    Attributes:
        longest_ms: an echo comes back at most this late: the line's way there and back, its jitter buffers included.
        tail_ms: a room rings this long ...
        ring_db_s: ... and fades this fast.
        loudest_db: an echo is presumed this much below what is played until it is known better.
        least_correlation: what is heard follows what was played if rises and falls correlate like this ...
        agreeing_ms: ... at the same delay for so long.
        learnt_ms: the loudness of an echo is known after so much of it.
        excess_db: a frame is more than echo if its bands stand out of the expected echo by so much on average ...
        most_excess_db: ... of which a single band can make up this much.
        audible_db: what lies less than this above the noise of the line in a band tells nothing.
        hold_ms: a caller who was heard over the echo is believed to go on for so long.
    """

    longest_ms: int = 640
    tail_ms: int = 140
    ring_db_s: float = 150.0
    loudest_db: float = -6.0
    least_correlation: float = 0.5
    agreeing_ms: int = 100
    learnt_ms: int = 240
    excess_db: float = 2.5
    most_excess_db: float = 30.0
    audible_db: float = 6.0
    hold_ms: int = 60


class EchoGuard:
    """Denies frames that are nothing but echo of what was played; a ``Veto``.

    What may come back is predicted per band: the levels played before, delayed and let ring, lowered by the coupling.
    As long as the delay is not known, whatever was played within ``longest_ms`` counts. Only levels are compared, so
    codecs, drifting clocks and loudspeakers that distort do no harm, and the caller's audio stays as it is.

    Args:
        played: what the caller hears.
        rate_hz: sample rate of the call.
        frame_samples: samples in a frame of the caller.
    """

    name = "echo"
    _PLAYED_DBFS = -60.0
    _JUDGED_FRAMES, _OUTSTANDING_FRAMES = 4, 2

    def __init__(self, played: PlayedAudio, rate_hz: int, frame_samples: int, config: EchoConfig | None = None) -> None:
        self._config = config = config or EchoConfig()
        self._played = played
        frame_ms = frame_samples * 1000 / rate_hz
        delays, tail = round(config.longest_ms / frame_ms), round(config.tail_ms / frame_ms)
        self._agreeing_frames = round(config.agreeing_ms / frame_ms)
        self._learnt_frames = round(config.learnt_ms / frame_ms)
        self._hold_frames = round(config.hold_ms / frame_ms)
        # A frame early and a frame late count in full: windows and delays do not lie on the same grid.
        ages = np.arange(-1, tail, dtype=np.float32) - 1
        fade_db = np.float32(config.ring_db_s * frame_ms / 1000)
        self._ring_db: Levels = -(np.maximum(0, ages) * fade_db)[:, np.newaxis]
        self._played_levels, self._heard_levels = BandLevels(rate_hz), BandLevels(rate_hz)
        self._history: Levels = np.full((delays + tail, BANDS), SILENCE_DB, np.float32)
        self._totals: Levels = np.full(delays, SILENCE_DB, np.float32)
        self._quiet_frames = len(self._history)
        self._floor = _Floor(frame_ms)
        self._estimator = DelayEstimator(delays, frame_ms)
        self._delay: int | None = None
        self._candidate = 0
        self._agreeing = 0
        self._bounds = Bounds(delays, config.loudest_db)
        self._coupling = Coupling(config.loudest_db)
        self._outstanding: deque[bool] = deque(maxlen=self._JUDGED_FRAMES)
        self._held = 0

    @property
    def delay_frames(self) -> int | None:
        """The delay of the echo in frames; None if there is none, or it is not known."""
        return self._delay

    @property
    def coupling_db(self) -> float | None:
        """How loud the echo is on average, relative to what is played; None if there is none, or it is not known."""
        return float(self._coupling.db.mean()) if self._is_known() else None

    def denies(self, frame: bytes) -> bool:
        """Tell whether the next frame is nothing but echo."""
        self._note_played(self._played.take(len(frame) // BYTES_PER_SAMPLE))
        heard = self._heard_levels.feed(frame)
        floor = self._floor.follow(heard)
        if self._quiet_frames >= len(self._history):
            self._held = 0
            return False
        self._find_delay(np.maximum(heard, floor))
        near = self._is_near(self._excess_db(heard, floor))
        self._learn(heard)
        return not near

    def _note_played(self, pcm: bytes) -> None:
        levels = self._played_levels.feed(pcm)
        self._history[1:] = self._history[:-1]
        self._history[0] = levels
        self._totals[1:] = self._totals[:-1]
        self._totals[0] = _total(levels)
        self._quiet_frames = 0 if levels.max() > self._PLAYED_DBFS else self._quiet_frames + 1
        self._estimator.note_played(levels)

    def _find_delay(self, heard: Levels) -> None:
        self._estimator.note_heard(heard)
        estimate, correlation = self._estimator.delay, self._estimator.correlation
        if self._delay is not None and correlation < 0.5 * self._config.least_correlation:
            self._delay = None
        if self._delay is not None and abs(estimate - self._delay) <= 1:
            self._delay = estimate
            self._agreeing = 0
            return
        agrees = correlation > self._config.least_correlation and abs(estimate - self._candidate) <= 1
        self._agreeing = self._agreeing + 1 if agrees else 0
        self._candidate = estimate
        if self._agreeing >= self._agreeing_frames:
            self._delay = estimate
            self._coupling = Coupling(self._config.loudest_db)

    def _is_known(self) -> bool:
        return self._delay is not None and self._coupling.frames >= self._learnt_frames

    def _excess_db(self, heard: Levels, floor: Levels) -> float:
        """Return by how much the bands stand out of noise and expected echo on average."""
        expected = floor + self._config.audible_db
        if not self._is_known():
            expected = np.maximum(expected, self._bounds.expected(self._history[: len(self._totals)]))
        if self._delay is not None:
            expected = np.maximum(expected, self._ringing(self._delay) + self._coupling.db)
        return float(np.clip(heard - expected, 0.0, self._config.most_excess_db).mean())

    def _is_near(self, excess_db: float) -> bool:
        outstanding = excess_db > self._config.excess_db
        self._outstanding.append(outstanding)
        if outstanding and sum(self._outstanding) >= self._OUTSTANDING_FRAMES:
            self._held = self._hold_frames
            return True
        self._held = max(0, self._held - 1)
        return self._held > 0

    def _learn(self, heard: Levels) -> None:
        self._bounds.learn(_total(heard), self._totals)
        if self._delay is not None:
            # Where nothing but the tail is left, it tells of the room, not of the loudness.
            arriving = self._history[max(0, self._delay - 1) : self._delay + 2].max(axis=0)
            told = (arriving > self._PLAYED_DBFS) & (arriving >= self._ringing(self._delay))
            self._coupling.learn(heard - arriving, told)

    def _ringing(self, delay: int) -> Levels:
        """Return what of all that was played would be heard now, were the line without loss."""
        rows = self._history[max(0, delay - 1) : delay - 1 + len(self._ring_db)]
        ringing: Levels = (rows + self._ring_db[len(self._ring_db) - len(rows) :]).max(axis=0)
        return ringing


class _Floor:
    """The noise of the line in each band: falls with what is heard, and rises slowly."""

    _FALL, _RISE_DB_S = 0.3, 4.0
    _PRESUMED_DB = -60.0

    def __init__(self, frame_ms: float) -> None:
        self._rise_db = self._RISE_DB_S * frame_ms / 1000
        self._levels: Levels | None = None

    def follow(self, heard: Levels) -> Levels:
        if self._levels is None:
            self._levels = np.maximum(heard, self._PRESUMED_DB)
        below = heard - self._levels
        self._levels += np.where(below < 0, self._FALL * below, self._rise_db)
        return self._levels


def _total(levels: Levels) -> float:
    """Return the level of all bands together."""
    return float(10.0 * np.log10((10.0 ** (levels / 10.0)).sum()))
