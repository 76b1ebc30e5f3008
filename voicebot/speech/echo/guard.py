"""Tell the bot's own voice that comes back from a caller who speaks over it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicebot.speech.echo.bands import BANDS, SILENCE_DB, BandLevels, Levels
from voicebot.speech.echo.coupling import Bounds, Coupling
from voicebot.speech.echo.delay import DelayEstimator
from voicebot.speech.echo.floor import NoiseFloor
from voicebot.speech.echo.played import PlayedAudio
from voicebot.speech.types import BYTES_PER_SAMPLE

_MOST_FRAMES = 50  # that are worked on at once
_TELLING_FRAMES = 5  # of frames too faint to be heard, one in so many is learnt from


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
        self._frame_bytes = frame_samples * BYTES_PER_SAMPLE
        self._levels = BandLevels(rate_hz, frame_samples, streams=2)
        self._history: Levels = np.full((delays + tail, BANDS), SILENCE_DB, np.float32)
        self._totals: Levels = np.full(delays, SILENCE_DB, np.float32)
        self._quiet_frames = len(self._history)
        self._floor = NoiseFloor(frame_ms)
        self._estimator = DelayEstimator(delays, frame_ms, _MOST_FRAMES)
        self._rows = np.arange(_MOST_FRAMES)[:, np.newaxis] + np.arange(delays)
        self._delay: int | None = None
        self._candidate = 0
        self._agreeing = 0
        self._bounds = Bounds(delays, config.loudest_db)
        self._coupling = Coupling(config.loudest_db)
        self._outstanding: deque[bool] = deque(maxlen=self._JUDGED_FRAMES)
        self._held = 0
        self._faint = self._faint_played = b""

    @property
    def delay_frames(self) -> int | None:
        """The delay of the echo in frames; None if there is none, or it is not known."""
        return self._delay

    @property
    def coupling_db(self) -> float | None:
        """How loud the echo is on average, relative to what is played; None if there is none, or it is not known."""
        return float(self._coupling.db.mean()) if self._is_known() else None

    def denies(self, frames: bytes) -> bool:
        """Tell whether the last of the next frames is nothing but echo."""
        played = self._played.take(len(frames) // BYTES_PER_SAMPLE)
        self._catch_up()
        return self._follow_all(frames, played, judging=_MOST_FRAMES)

    def note_quiet(self, frames: bytes, faint: bool) -> None:
        """Learn from frames that are no speech in any case."""
        played = self._played.take(len(frames) // BYTES_PER_SAMPLE)
        if self._delay is None and faint:
            # Most callers listen most of the time, on a quiet line. That can be learnt from later, all at once.
            self._faint += frames
            self._faint_played += played
            if len(self._faint) >= _MOST_FRAMES * self._frame_bytes:
                self._catch_up()
            return
        self._catch_up()
        self._follow_all(frames, played, judging=self._JUDGED_FRAMES)

    def _catch_up(self) -> None:
        """Learn from the frames too faint to be heard."""
        if self._faint:
            frames, played = self._faint, self._faint_played
            self._faint = self._faint_played = b""
            self._follow_all(frames, played, judging=0)

    def _follow_all(self, frames: bytes, played: bytes, judging: int) -> bool:
        size = _MOST_FRAMES * self._frame_bytes
        starts = range(0, len(frames), size)
        return [self._follow(frames[at : at + size], played[at : at + size], judging) for at in starts][-1]

    def _follow(self, frames: bytes, played_pcm: bytes, judging: int) -> bool:
        """Learn from frames, and judge the last ``judging`` of them; return whether the very last is only echo.

        Where none is to be judged, nothing can be heard: one frame in five tells as much as all of them.
        """
        (played, heard), (played_totals, heard_totals) = self._levels.feed(played_pcm, frames)
        count, size = len(heard), len(self._history)
        step = 1 if judging else _TELLING_FRAMES
        told = range(step - 1, count, step)
        floors = self._follow_floor(heard, step)
        # Newest first. As of frame k, the history begins count - 1 - k rows down.
        history = np.concatenate((played[::-1], self._history))
        totals = np.concatenate((played_totals[::-1], self._totals))
        self._history, self._totals = history[:size], totals[: len(self._totals)]
        self._quiet_frames = _quiet_run(played.max(axis=1) > self._PLAYED_DBFS, self._quiet_frames)
        if self._quiet_frames >= size + count - 1:
            self._held = 0
            self._estimator.note_played(played)
            return False
        estimated = self._estimator.note(played, np.maximum(heard, floors))
        if estimated:
            self._decide_delay(estimated)
        near = self._is_any_near(heard, floors, history, min(judging, count))
        for number in told:
            first = count - 1 - number
            past = history[first : first + size]
            self._learn(heard[number], float(heard_totals[number]), past, totals[first:], step)
        return not near

    def _follow_floor(self, heard: Levels, step: int) -> Levels:
        """Return the noise of the line as of each frame; learn from one in ``step`` frames."""
        floors = np.array([self._floor.follow(levels, step) for levels in heard[::step]])
        return floors if step == 1 else floors.repeat(step, axis=0)[: len(heard)]

    def _is_any_near(self, heard: Levels, floors: Levels, history: Levels, judged: int) -> bool:
        """Judge the last ``judged`` frames; return whether the very last is more than echo."""
        if not judged:
            self._held = 0
            self._outstanding.clear()
            return False
        near = True
        for excess_db in self._excess_db(heard[-judged:], floors[-judged:], history):
            near = self._is_near(float(excess_db))
        return near

    def _decide_delay(self, frames: int) -> None:
        """Believe what the estimator says once it has said so for a while, or no longer."""
        estimate, correlation = self._estimator.delay, self._estimator.correlation
        if self._delay is not None and correlation < 0.5 * self._config.least_correlation:
            self._delay = None
        if self._delay is not None and abs(estimate - self._delay) <= 1:
            self._delay = estimate
            self._agreeing = 0
            return
        agrees = correlation > self._config.least_correlation and abs(estimate - self._candidate) <= 1
        self._agreeing = self._agreeing + frames if agrees else 0
        self._candidate = estimate
        if self._agreeing >= self._agreeing_frames:
            self._delay = estimate
            self._coupling = Coupling(self._config.loudest_db)

    def _is_known(self) -> bool:
        return self._delay is not None and self._coupling.frames >= self._learnt_frames

    def _excess_db(self, heard: Levels, floors: Levels, history: Levels) -> Levels:
        """Return by how much the bands of each frame stand out of noise and expected echo on average."""
        count = len(heard)
        expected = floors + self._config.audible_db
        if not self._is_known():
            expected = np.maximum(expected, self._bounds.expected(history[self._rows[count - 1 :: -1]]))
        if self._delay is not None:
            delay, size = self._delay, len(self._history)
            ringing = [self._ringing(delay, history[first : first + size]) for first in range(count - 1, -1, -1)]
            expected = np.maximum(expected, np.array(ringing) + self._coupling.db)
        outstanding = np.minimum(np.maximum(heard - expected, 0.0), self._config.most_excess_db)
        excess: Levels = outstanding.sum(axis=1) / BANDS
        return excess

    def _is_near(self, excess_db: float) -> bool:
        outstanding = excess_db > self._config.excess_db
        self._outstanding.append(outstanding)
        if outstanding and sum(self._outstanding) >= self._OUTSTANDING_FRAMES:
            self._held = self._hold_frames
            return True
        self._held = max(0, self._held - 1)
        return self._held > 0

    def _learn(self, heard: Levels, total: float, history: Levels, totals: Levels, frames: int) -> None:
        self._bounds.learn(total, totals[: len(self._totals)], frames)
        if self._delay is not None:
            # Where nothing but the tail is left, it tells of the room, not of the loudness.
            arriving = history[max(0, self._delay - 1) : self._delay + 2].max(axis=0)
            told = (arriving > self._PLAYED_DBFS) & (arriving >= self._ringing(self._delay, history))
            self._coupling.learn(heard - arriving, told)

    def _ringing(self, delay: int, history: Levels) -> Levels:
        """Return what of all that was played would be heard now, were the line without loss."""
        rows = history[max(0, delay - 1) : delay - 1 + len(self._ring_db)]
        ringing: Levels = (rows + self._ring_db[len(self._ring_db) - len(rows) :]).max(axis=0)
        return ringing


def _quiet_run(loud: npt.NDArray[np.bool_], before: int) -> int:
    """Return how many frames in a row nothing was played, up to the last one."""
    sounds = np.flatnonzero(loud)
    return before + len(loud) if not sounds.size else len(loud) - 1 - int(sounds[-1])
