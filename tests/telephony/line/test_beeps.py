"""Beeps."""

from __future__ import annotations

import numpy as np

from telephony.line.beeps import BEEP_HZ, BEEP_MS, GAP_MS, beeps
from tests.support.spectrum import loudest_hz


def test_there_are_as_many_as_wanted_with_silence_between() -> None:
    pcm = beeps(8000, 3)
    assert len(pcm) == 3 * 2 * 8 * (BEEP_MS + GAP_MS)
    frames = np.frombuffer(pcm, "<i2").reshape(3, -1)
    loud = np.abs(frames).max(axis=1)
    assert (loud > 3000).all()
    assert not frames[:, 8 * BEEP_MS :].any()
    assert abs(loudest_hz(pcm, 8000)[0] - BEEP_HZ) < 20
