"""Tell frames with speech from frames without: the seam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

RATES_HZ = (8000, 16000)
FRAMES_MS = (10, 20, 30)


class VoiceActivityDetector(Protocol):
    """Judges frames in the order they come; one detector a call, since it adapts to the line."""

    @property
    def rate_hz(self) -> int:
        """Sample rate of the frames."""
        ...

    @property
    def frame_samples(self) -> int:
        """Samples in a frame."""
        ...

    @property
    def hangover_ms(self) -> int:
        """Time before the last judged frame that was called speech though it was silent already.

        To be read when a frame without speech follows one with speech: real detectors go on reporting speech for
        a while after its end, and whoever times silence must count from the true end.
        """
        ...

    def is_speech(self, frame: bytes) -> bool:
        """Judge the next frame: ``frame_samples`` samples, s16le mono."""
        ...


class Veto(Protocol):
    """Knows sounds that a detector takes for speech and that are none; one object a call.

    Attributes:
        name: what the sounds are, in a word, for timelines.
    """

    name: str

    def denies(self, frame: bytes) -> bool:
        """Tell whether the next frame is no speech of the caller, whatever it sounds like. Sees all frames in order."""
        ...


class VetoedDetector:
    """A detector whose frames of speech must pass all vetoes.

    Args:
        detector: judges first.
        vetoes: each of them sees every frame; the first one that denies a frame gives its name to ``verdict``.

    Attributes:
        verdict: what the last frame was: "speech", "quiet", or the name of a veto.
    """

    def __init__(self, detector: VoiceActivityDetector, vetoes: Sequence[Veto]) -> None:
        self.rate_hz = detector.rate_hz
        self.frame_samples = detector.frame_samples
        self.verdict = "quiet"
        self._detector = detector
        self._vetoes = tuple(vetoes)
        self._denied = False

    @property
    def hangover_ms(self) -> int:
        """See ``VoiceActivityDetector``; a veto has none, it names the very frame that is no speech."""
        return 0 if self._denied else self._detector.hangover_ms

    def is_speech(self, frame: bytes) -> bool:
        """Judge the next frame."""
        speech = self._detector.is_speech(frame)
        denying = [veto.name for veto in self._vetoes if veto.denies(frame)]
        self._denied = speech and bool(denying)
        self.verdict = "quiet" if not speech else denying[0] if denying else "speech"
        return speech and not denying
