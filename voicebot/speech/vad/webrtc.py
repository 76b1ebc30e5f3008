"""webrtcvad behind an energy gate."""

from __future__ import annotations

from collections import deque

import webrtcvad

from voicebot.speech.level import FAINTEST_DBFS, EnergyGate, GateConfig, level_dbfs
from voicebot.speech.types import BYTES_PER_SAMPLE
from voicebot.speech.vad.detector import FRAMES_MS, RATES_HZ

# Over-hang in frames for 10, 20 and 30 ms frames, from kOverHangMax1* and kOverHangMax2* of WebRTC's
# common_audio/vad/vad_core.c: modes 0 and 1, then 2 and 3. The first figure follows a run of at most
# kMaxSpeechFrames = 6 frames judged to be speech, the second a longer one.
_HANGOVER_FRAMES = {
    0: ((8, 14), (4, 7), (3, 5)),
    1: ((8, 14), (4, 7), (3, 5)),
    2: ((6, 9), (3, 5), (2, 3)),
    3: ((6, 9), (3, 5), (2, 3)),
}
_SHORT_RUN_FRAMES = 6
_RISE_DB = 4.0
_RISING_MS = 200
_NOTHING_DBFS = -72.0
"""The smallest code of A-law: a line without noise."""


class WebRtcDetector:
    """webrtcvad, gated by level.

    webrtcvad compares likelihoods of two adaptive Gaussian mixtures in six bands. It calls faint steady noise speech
    until it has learnt it, and reports speech for 60-150 ms after the end; the gate mends the former, and ends
    the latter at once when the level falls.

    To webrtcvad the soft syllables of a quiet caller are silence: in recorded sentences there were gaps of up to 600 ms
    where somebody was speaking. With ``carry_ms`` a frame that stands out of the noise goes on being speech for so
    long, tentatively: somebody has to hear a voice in it. Silero does, but it takes 100 ms to be sure, and as long to
    notice an end; so webrtcvad tells where speech begins, and the level where it ends.

    Args:
        rate_hz: 8000 or 16000.
        frame_ms: 10, 20 or 30.
        aggressiveness: webrtcvad's mode, 0 to 3.
        gate: tells what is loud enough.
        carry_ms: how long after the last frame that webrtcvad took for speech others may be speech, too.

    Raises:
        ValueError: one of these is none that webrtcvad knows.
    """

    def __init__(
        self,
        rate_hz: int = 16000,
        frame_ms: int = 20,
        aggressiveness: int = 2,
        gate: GateConfig | None = None,
        carry_ms: int = 0,
    ) -> None:
        if rate_hz not in RATES_HZ:
            raise ValueError(f"rate_hz must be one of {RATES_HZ}, got {rate_hz}")
        if frame_ms not in FRAMES_MS:
            raise ValueError(f"frame_ms must be one of {FRAMES_MS}, got {frame_ms}")
        if aggressiveness not in _HANGOVER_FRAMES:
            raise ValueError(f"aggressiveness must be 0 to 3, got {aggressiveness}")
        self.rate_hz = rate_hz
        self.frame_ms = frame_ms
        self.frame_samples = rate_hz * frame_ms // 1000
        self.hangover_ms = 0
        self.tentative = False
        self.stirring = False
        self.faint = False
        self._carry_frames = carry_ms // frame_ms
        self._carry_left = 0
        self._ending = False
        self._spoken = False
        self._frame_bytes = self.frame_samples * BYTES_PER_SAMPLE
        self._short_hangover, self._long_hangover = _HANGOVER_FRAMES[aggressiveness][FRAMES_MS.index(frame_ms)]
        self._vad = webrtcvad.Vad(aggressiveness)
        self._gate = EnergyGate(frame_ms, gate)
        self._run_frames = 0
        self._levels: deque[float] = deque(maxlen=max(self._long_hangover, _RISING_MS // frame_ms))

    def is_speech(self, frame: bytes) -> bool:
        """Judge the next frame.

        Raises:
            ValueError: the frame does not have ``frame_samples`` samples.
        """
        if len(frame) != self._frame_bytes:
            raise ValueError(f"a frame has {self._frame_bytes} bytes, got {len(frame)}")
        likely = self._vad.is_speech(frame, self.rate_hz)
        level = level_dbfs(frame)
        self.faint = level < FAINTEST_DBFS
        loud = self._gate.is_open(level)
        self.stirring = loud and self._is_rise(level)
        # Once the gate has closed on speech in a run of webrtcvad's, what is still quiet is its over-hang.
        if not likely or level >= self._gate.quiet_dbfs:
            self._ending = False
        elif not loud and self._spoken:
            self._ending = True
        speech = bool(likely and loud and not self._ending)
        self._spoken = bool(likely and (self._spoken or speech))
        carried = self.tentative
        self._carry_left = self._carry_frames if speech else max(0, self._carry_left - 1)
        self.tentative = loud and not speech and self._carry_left > 0
        if likely or carried:
            # Closed by the gate: what was nearly as quiet before was the same over-hang, or the room's echo; not in a
            # short word, of which too little would be left.
            long = self._run_frames > _SHORT_RUN_FRAMES + self._long_hangover or carried
            frames = self._quiet_frames(self._long_hangover) if long else 0
        else:
            frames = self._hangover_frames()
        self.hangover_ms = frames * self.frame_ms
        self._run_frames = self._run_frames + 1 if likely else 0
        self._levels.append(level)
        if speech:
            self._gate.note_speech(level)
        self._gate.decay()
        return speech or self.tentative

    def _is_rise(self, level: float) -> bool:
        """Tell whether a frame stands out of what was heard a moment ago: a room's noise behind the words does not."""
        before = sorted(max(other, _NOTHING_DBFS) for other in self._levels)
        return bool(before) and level >= before[len(before) // 4] + _RISE_DB

    def _hangover_frames(self) -> int:
        # A reported run is speech plus over-hang; runs of up to 6 frames of speech get the short one.
        short = self._run_frames - self._short_hangover <= _SHORT_RUN_FRAMES
        most = min(self._run_frames, self._short_hangover if short else self._long_hangover)
        return self._quiet_frames(most)

    def _quiet_frames(self, most: int) -> int:
        """Return how many of the last frames, at most so many, were as quiet as the end of a word."""
        # webrtcvad gives up soft word ends (the "s" of "meters") early: what was not quiet was no over-hang.
        quiet_dbfs = self._gate.quiet_dbfs
        frames = 0
        while frames < min(most, len(self._levels)) and self._levels[-1 - frames] < quiet_dbfs:
            frames += 1
        return frames
