"""Tell frames with speech from frames without: the seam."""

from __future__ import annotations

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

    @property
    def tentative(self) -> bool:
        """Whether the last judged frame is speech only if somebody else hears a voice in it."""
        ...

    @property
    def stirring(self) -> bool:
        """Whether the last judged frame stands out of the noise and of what was heard a moment ago, speech or not.

        Words may begin with 200 ms of soft consonants that no detector takes for speech.
        """
        ...

    @property
    def faint(self) -> bool:
        """Whether the last judged frame is below anything that could be speech, on any line."""
        ...

    def is_speech(self, frame: bytes) -> bool:
        """Judge the next frame: ``frame_samples`` samples, s16le mono."""
        ...


class Veto(Protocol):
    """Knows sounds that a detector takes for speech and that are none; one object a call.

    It is given all frames in order, several at a time where its verdict can wait.

    Attributes:
        name: what the sounds are, in a word, for timelines.
    """

    name: str

    def denies(self, frames: bytes) -> bool:
        """Tell whether the last of the next frames is no speech of the caller, whatever it sounds like."""
        ...

    def note_quiet(self, frames: bytes, faint: bool) -> None:
        """Take frames that are no speech anyway: so the detector says, or another veto.

        Args:
            frames: the next ones.
            faint: each of them is below anything that could be speech: there is little to learn.
        """
        ...


class Confirms(Veto, Protocol):
    """A veto that knows a voice when it hears one.

    Attributes:
        lag_ms: how much later than a voice has ended this is noticed.
    """

    lag_ms: int

    def is_voice(self) -> bool:
        """Tell whether the last frame that it was given is surely a voice."""
        ...
