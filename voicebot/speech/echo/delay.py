"""How long after it was played the bot's voice comes back."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from voicebot.speech.echo.bands import BANDS, Levels

_FORGET_PER_20_MS = 0.985
_RISE_MS = 60
_CLIP_DB = 12.0
_QUIET_DB = -65.0


class DelayEstimator:
    """Finds the delay at which the levels of what is heard follow those of what was played.

    For each delay, the correlation of rises and falls over bands and time, forgotten over a second or so. That needs no
    linear path: it survives codecs, gain control and noise.

    Args:
        delays: how many delays there are, in frames.
        frame_ms: length of a frame.

    Attributes:
        delay: the likeliest one.
        correlation: -1..1, of that one.
    """

    def __init__(self, delays: int, frame_ms: float) -> None:
        rise_frames = max(1, round(_RISE_MS / frame_ms))
        self._forget = _FORGET_PER_20_MS ** (frame_ms / 20)
        self.delay = 0
        self.correlation = 0.0
        self._products: npt.NDArray[np.float32] = np.zeros(delays, np.float32)
        self._played_power: npt.NDArray[np.float32] = np.zeros(delays, np.float32)
        self._heard_power = 0.0
        self._played: deque[Levels] = deque(maxlen=rise_frames)
        self._heard: deque[Levels] = deque(maxlen=rise_frames)
        self._rises: npt.NDArray[np.float32] = np.zeros((delays, BANDS), np.float32)

    def note_played(self, played: Levels) -> None:
        """Take the levels of the frame that is being played."""
        self._rises[1:] = self._rises[:-1]
        self._rises[0] = _rise(self._played, np.maximum(played, _QUIET_DB))

    def note_heard(self, heard: Levels) -> None:
        """Take the levels of the frame that is heard meanwhile, and estimate anew."""
        rise = _rise(self._heard, heard)
        self._products = self._forget * self._products + self._rises @ rise
        self._played_power = self._forget * self._played_power + np.einsum("ij,ij->i", self._rises, self._rises)
        self._heard_power = self._forget * self._heard_power + float(rise @ rise)
        correlations = self._products / np.sqrt(self._played_power * self._heard_power + 1e3)
        self.delay = int(correlations.argmax())
        self.correlation = float(correlations[self.delay])


def _rise(before: deque[Levels], now: Levels) -> Levels:
    """Return how much the levels rose or fell since the oldest of ``before``, and put ``now`` there."""
    rise: Levels = np.clip(now - (before[0] if before else now), -_CLIP_DB, _CLIP_DB)
    before.append(now)
    return rise
