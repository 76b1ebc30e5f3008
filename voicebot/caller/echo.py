"""The far end of a bad line: part of what the caller hears goes back with what the caller says."""

from __future__ import annotations

import numpy as np

from voicebot.speech.types import BYTES_PER_SAMPLE


class Echo:
    """A single reflection, as an analogue line's hybrid or a speakerphone makes it.

    Args:
        level_db: of the reflection, relative to what arrived.
        delay_ms: between what arrived and what goes back.
        rate_hz: sample rate of the call.
    """

    def __init__(self, level_db: float, delay_ms: int, rate_hz: int) -> None:
        self._gain = 10 ** (level_db / 20)
        self._delay_bytes = delay_ms * rate_hz // 1000 * BYTES_PER_SAMPLE

    def add_to(self, frame: bytes, position: int, received: bytearray) -> bytes:
        """Return a frame with the reflection in it.

        Args:
            frame: what the caller says.
            position: bytes sent before this frame.
            received: all that arrived so far, lined up with what was sent. What is not there yet reflects nothing.
        """
        start = position - self._delay_bytes
        lead = min(len(frame), max(0, -start))
        back = bytes(received[max(0, start) : max(0, start + len(frame))])
        padded = bytes(lead) + back + bytes(len(frame) - lead - len(back))
        mixed = np.frombuffer(frame, "<i2") + self._gain * np.frombuffer(padded, "<i2")
        return np.clip(np.round(mixed), -32768, 32767).astype("<i2").tobytes()
