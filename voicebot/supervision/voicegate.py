"""Whether a supervisor is speaking, by the level of each frame."""

from __future__ import annotations

import numpy as np

SPEECH_RMS = 330.0
"""-40 dBFS: a voice at a telephone is 15 to 30 dB above it, a quiet room below."""
_ON_MS = 60
_OFF_MS = 900


class VoiceGate:
    """Opens after a little sound, and closes after a longer silence: pauses between words are part of speaking.

    Args:
        frame_ms: length of the frames.
    """

    def __init__(self, frame_ms: int) -> None:
        self.open = False
        self._on_frames = _ON_MS // frame_ms
        self._off_frames = _OFF_MS // frame_ms
        self._run = 0

    def feed(self, pcm: bytes) -> bool:
        """Take a frame (s16le); return whether the gate has moved."""
        samples = np.frombuffer(pcm, "<i2").astype(np.float32)
        loud = samples.size > 0 and float(np.sqrt(np.mean(samples * samples))) >= SPEECH_RMS
        if loud == self.open:
            self._run = 0
            return False
        self._run += 1
        if self._run < (self._off_frames if self.open else self._on_frames):
            return False
        self.open, self._run = loud, 0
        return True
