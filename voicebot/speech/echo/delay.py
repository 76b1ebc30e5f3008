"""How long after it was played the bot's voice comes back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voicebot.speech.echo.bands import BANDS, Levels

_FORGET_PER_20_MS = 0.985
_RISE_MS = 60
_CLIP_DB = 12.0
_QUIET_DB = -65.0
_TOGETHER_FRAMES = 5
"""The estimate costs as much for these as for one, and echoes stay where they are."""


class DelayEstimator:
    """Finds the delay at which the levels of what is heard follow those of what was played.

    For each delay, the correlation of rises and falls over bands and time, forgotten over a second or so. That needs no
    linear path: it survives codecs, gain control and noise.

    Args:
        delays: how many delays there are, in frames.
        frame_ms: length of a frame.
        most_frames: how many may come at once.

    Attributes:
        delay: the likeliest one.
        correlation: -1..1, of that one.
    """

    def __init__(self, delays: int, frame_ms: float, most_frames: int = 1) -> None:
        self._rise_frames = max(1, round(_RISE_MS / frame_ms))
        self._forget = _FORGET_PER_20_MS ** (frame_ms / 20)
        self.delay = 0
        self.correlation = 0.0
        self._products: npt.NDArray[np.float32] = np.zeros(delays, np.float32)
        self._played_power: npt.NDArray[np.float32] = np.zeros(delays, np.float32)
        self._heard_power = 0.0
        self._played: Levels | None = None
        self._heard: Levels | None = None
        self._rises: Levels = np.zeros((delays, BANDS), np.float32)
        self._powers: npt.NDArray[np.float32] = np.zeros(delays, np.float32)
        self._rows = np.arange(most_frames + _TOGETHER_FRAMES)[:, np.newaxis] + np.arange(delays)
        self._waiting: list[tuple[Levels, Levels]] = []

    def note(self, played: Levels, heard: Levels) -> int:
        """Take the levels of frames in a row, of what was played and of what was heard meanwhile.

        Args:
            played, heard: a row for each frame, the oldest first.

        Returns:
            The number of frames after which the estimate is a new one; 0 while more are waited for.
        """
        self._waiting.append((played, heard))
        frames = sum(len(levels) for levels, _ in self._waiting)
        if frames < _TOGETHER_FRAMES:
            return 0
        self._estimate()
        return frames

    def _estimate(self) -> None:
        if not self._waiting:
            return
        played, heard = (np.concatenate(levels) for levels in zip(*self._waiting, strict=True))
        self._waiting.clear()
        count = len(played)
        all_rises, all_powers = self._push(played)
        heard_rises, self._heard = self._rise(self._heard, heard)
        # What was heard last counts in full, and goes with the newest rises.
        weights = self._weights(count)
        weighted = heard_rises[::-1] * weights[:, np.newaxis]
        rows = self._rows[:count]
        kept = self._forget**count
        self._products = kept * self._products + np.einsum("kdb,kb->d", all_rises[rows], weighted)
        self._played_power = kept * self._played_power + weights @ all_powers[rows]
        heard_powers = np.einsum("ij,ij->i", heard_rises[::-1], heard_rises[::-1])
        self._heard_power = kept * self._heard_power + float(weights @ heard_powers)
        correlations = self._products / np.sqrt(self._played_power * self._heard_power + 1e3)
        self.delay = int(correlations.argmax())
        self.correlation = float(correlations[self.delay])

    def _weights(self, count: int) -> npt.NDArray[np.float32]:
        weights: npt.NDArray[np.float32] = np.float32(self._forget) ** np.arange(count, dtype=np.float32)
        return weights

    def note_played(self, played: Levels) -> None:
        """Take the levels of what was played while it does not matter what was heard."""
        self._estimate()
        self._push(played)

    def _push(self, played: Levels) -> tuple[Levels, Levels]:
        """Remember what was played; return its rises and their powers with those before, the newest first."""
        delays = len(self._products)
        rises, self._played = self._rise(self._played, np.maximum(played, _QUIET_DB))
        all_rises: Levels = np.concatenate((rises[::-1], self._rises))
        all_powers: Levels = np.concatenate((np.einsum("ij,ij->i", rises, rises)[::-1], self._powers))
        self._rises, self._powers = all_rises[:delays], all_powers[:delays]
        return all_rises, all_powers

    def _rise(self, before: Levels | None, levels: Levels) -> tuple[Levels, Levels]:
        """Return how much levels rose or fell within ``_RISE_MS``, and the last of them for the next time."""
        past = np.repeat(levels[:1], self._rise_frames, axis=0) if before is None else before
        all_levels = np.concatenate((past, levels))
        rise: Levels = np.minimum(np.maximum(levels - all_levels[: len(levels)], -_CLIP_DB), _CLIP_DB)
        return rise, all_levels[len(levels) :]
