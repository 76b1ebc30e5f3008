"""Whether somebody speaks."""

from __future__ import annotations

import numpy as np

from voicebot.supervision.voicegate import VoiceGate

QUIET = bytes(320)
LOUD = (3000 * np.sin(np.arange(160) / 3)).astype("<i2").tobytes()
HISS = np.resize(np.array([40, -40, 25, -60], "<i2"), 160).tobytes()


def moves(gate: VoiceGate, frames: list[bytes]) -> list[int]:
    return [number for number, frame in enumerate(frames) if gate.feed(frame)]


def test_it_opens_soon_and_stays_open_between_words() -> None:
    gate = VoiceGate(20)
    words = [*[LOUD] * 10, *[QUIET] * 20, *[LOUD] * 10, *[QUIET] * 60]
    assert moves(gate, words) == [2, 84]
    assert not gate.open


def test_a_click_or_a_hiss_is_no_voice() -> None:
    assert moves(VoiceGate(20), [LOUD, LOUD, *[QUIET] * 5, LOUD, *[HISS] * 50, b""]) == []
