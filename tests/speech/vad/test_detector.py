from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.vad import VetoedDetector

FRAME = bytes(320)


class Scripted:
    rate_hz = 8000
    frame_samples = 160
    hangover_ms = 60

    def __init__(self, flags: list[bool]) -> None:
        self._flags = iter(flags)

    def is_speech(self, frame: bytes) -> bool:
        return next(self._flags)


class Denying:
    def __init__(self, name: str, flags: list[bool]) -> None:
        self.name = name
        self._flags = iter(flags)

    def denies(self, frame: bytes) -> bool:
        return next(self._flags)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans())))
def test_speech_is_what_the_detector_says_and_no_veto_denies(rows: list[tuple[bool, bool, bool]]) -> None:
    speech, echo, noise = ([row[at] for row in rows] for at in range(3))
    detector = VetoedDetector(Scripted(speech), [Denying("echo", echo), Denying("noise", noise)])
    # Every veto sees every frame, else the scripts would run out of step.
    for said, returned, noisy in rows:
        assert detector.is_speech(FRAME) == (said and not returned and not noisy)
        verdict = "quiet" if not said else "echo" if returned else "noise" if noisy else "speech"
        assert detector.verdict == verdict


def test_what_is_denied_has_no_hangover() -> None:
    detector = VetoedDetector(Scripted([True, True, False]), [Denying("echo", [False, True, False])])
    detector.is_speech(FRAME)
    detector.is_speech(FRAME)
    assert detector.hangover_ms == 0
    detector.is_speech(FRAME)
    assert detector.hangover_ms == 60
