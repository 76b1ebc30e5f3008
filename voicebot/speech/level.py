"""Loudness of a piece of audio, and a gate that tells speech from what lies under it."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass

SILENCE_DBFS = -120.0
FAINTEST_DBFS = -58.0
"""Nothing below this is speech, however quiet the line."""
_FULL_SCALE = 32768.0


def level_dbfs(pcm: bytes) -> float:
    """Return the mean power of s16le ``pcm`` in dB below full scale; ``SILENCE_DBFS`` for digital silence."""
    # For a frame now and then, numpy is slower: a processor that has done something else meanwhile finds none of its
    # code at hand.
    samples = memoryview(pcm).cast("h")
    amplitude = math.hypot(*samples)
    if amplitude == 0.0:
        return SILENCE_DBFS
    return max(SILENCE_DBFS, 20.0 * math.log10(amplitude / (math.sqrt(len(samples)) * _FULL_SCALE)))


def is_faint(pcm: bytes) -> bool:
    """Tell whether s16le ``pcm`` is below ``FAINTEST_DBFS``."""
    samples = memoryview(pcm).cast("h")
    return math.hypot(*samples) < _FAINT * math.sqrt(len(samples))


_FAINT = _FULL_SCALE * 10 ** (FAINTEST_DBFS / 20)


@dataclass(frozen=True, slots=True)
class GateConfig:
    """What an energy gate lets through.

    The defaults were tried out at telephone band with recorded Mandarin and English words and sentences, clean and
    with offices, cafés and babble under them (``scripts/bench_vad.py``).

    Attributes:
        minimum_dbfs: nothing below this is speech, however quiet the line.
        below_peak_db: nothing this far under the loudest recent speech is speech: a voice across the room, an echo.
        quiet_below_peak_db: the end of a word this far under the loudest recent speech is over.
        loud_below_peak_db: it is not over before it is this far under it: between words, lines may be so silent that
            nothing but speech is known of them.
        peak_decay_db_s: how fast the loudest speech is forgotten, so that a soft word after a shout still counts.
        window_s: how much of the past tells the noise: longer than a phrase without a gap.
        narrow_db: levels that lie closer together than this are all noise: speech has gaps.
        above_noise_db: where all is noise, speech stands this much above its loudest frames.
        share_of_spread: where there is speech as well, the threshold lies at this part of the way from the noise
            to the loudest speech ...
        least_above_db: ... but at least this much above the noise ...
        most_above_db: ... and at most this much.
        highest_dbfs: noise never closes the gate for anything louder than this: a caller in a din is heard.
    """

    minimum_dbfs: float = FAINTEST_DBFS
    below_peak_db: float = 34.0
    quiet_below_peak_db: float = 25.0
    loud_below_peak_db: float = 12.0
    peak_decay_db_s: float = 2.0
    window_s: float = 5.0
    narrow_db: float = 12.0
    above_noise_db: float = 2.0
    share_of_spread: float = 0.3
    least_above_db: float = 4.0
    most_above_db: float = 6.0
    highest_dbfs: float = -32.0


class EnergyGate:
    """Decide per frame whether it is loud enough to be the caller's speech.

    The noise is read off the levels of the last seconds, without any decision on what is noise, so that no wrong
    decision can lock it up: a tenth of all frames is quieter than the noise floor (speech has that many gaps), a
    twentieth is louder than the loud level. Steady noise and the babble of a café keep the two close together, and the
    gate closes for all of it; speech drives them apart, and the gate opens a little above the floor.
    """

    _QUIETEST_DBFS = -70.0
    _NOTHING_DBFS = -90.0  # below the smallest code of G.711: no packet came, or none was sent for silence
    _PRESUMED_QUIET_MS = 20

    def __init__(self, frame_ms: int, config: GateConfig | None = None) -> None:
        self._config = config or GateConfig()
        self._decay_db = self._config.peak_decay_db_s * frame_ms / 1000
        self._window_frames = max(20, round(self._config.window_s * 1000 / frame_ms))
        # A line is taken for quiet at first, so that a caller who speaks at once is heard.
        presumed = [self._QUIETEST_DBFS] * max(1, self._PRESUMED_QUIET_MS // frame_ms)
        self._recent = deque(presumed)
        self._sorted = list(presumed)
        self._peak_dbfs = SILENCE_DBFS
        self._above_floor_db = 0.0
        self._learn()

    @property
    def floor_dbfs(self) -> float:
        """Noise floor as of the last frame."""
        return self._floor_dbfs

    @property
    def threshold_dbfs(self) -> float:
        """Level a frame must exceed."""
        config = self._config
        above_noise_dbfs = min(self._floor_dbfs + self._above_floor_db, config.highest_dbfs)
        return max(config.minimum_dbfs, self._peak_dbfs - config.below_peak_db, above_noise_dbfs)

    @property
    def quiet_dbfs(self) -> float:
        """Level under which the end of a word is no longer heard: near the noise floor, or far below the speech."""
        config = self._config
        above_floor = self._floor_dbfs + 2 * config.least_above_db
        quiet_dbfs = max(above_floor, self._peak_dbfs - config.quiet_below_peak_db)
        return max(self.threshold_dbfs, min(quiet_dbfs, self._peak_dbfs - config.loud_below_peak_db))

    def is_open(self, level: float) -> bool:
        """Tell whether a frame of this level in dBFS stands out of the noise, and learn from it."""
        stands_out = level > self.threshold_dbfs
        if level < self._NOTHING_DBFS:
            return stands_out
        level = max(level, self._QUIETEST_DBFS)
        self._recent.append(level)
        insort(self._sorted, level)
        if len(self._recent) > self._window_frames:
            del self._sorted[bisect_left(self._sorted, self._recent.popleft())]
        self._learn()
        return stands_out

    def note_speech(self, level: float) -> None:
        """Remember the level of a frame that was found to be speech."""
        self._peak_dbfs = max(self._peak_dbfs, level)

    def decay(self) -> None:
        """Forget a frame's worth of the loudest speech."""
        self._peak_dbfs -= self._decay_db

    def _learn(self) -> None:
        config, levels = self._config, self._sorted
        self._floor_dbfs = levels[len(levels) // 10]
        spread_db = levels[len(levels) * 19 // 20] - self._floor_dbfs
        if spread_db <= config.narrow_db:
            self._above_floor_db = spread_db + config.above_noise_db
        else:
            part_db = config.share_of_spread * spread_db
            self._above_floor_db = min(config.most_above_db, max(config.least_above_db, part_db))
