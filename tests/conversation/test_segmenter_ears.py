from __future__ import annotations

import numpy as np

from tests.speech.vad.test_webrtc import vowel
from voicebot.conversation.segmenter_ears import SegmenterEars
from voicebot.settings.model import VadSettings

RATE_HZ = 8000
FRAME_BYTES = 320


def noise(dbfs: float) -> bytes:
    amplitude = 32768 * 10 ** (dbfs / 20)
    return np.random.default_rng(1).normal(0, amplitude, FRAME_BYTES // 2).astype("<i2").tobytes()


def test_between_utterances_what_is_too_faint_for_speech_can_wait() -> None:
    ears = SegmenterEars(VadSettings(), RATE_HZ)
    assert ears.can_wait(bytes(FRAME_BYTES))
    assert ears.can_wait(noise(-65))
    assert not ears.can_wait(noise(-52))


def test_within_an_utterance_no_frame_can_wait() -> None:
    ears = SegmenterEars(VadSettings(), RATE_HZ)
    assert ears.feed(vowel(RATE_HZ, 400))
    assert not ears.can_wait(bytes(FRAME_BYTES))
    ears.feed(bytes(FRAME_BYTES * 100))
    assert ears.can_wait(bytes(FRAME_BYTES))
