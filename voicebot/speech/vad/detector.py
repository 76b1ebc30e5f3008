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

    def is_speech(self, frame: bytes) -> bool:
        """Judge the next frame: ``frame_samples`` samples, s16le mono."""
        ...


class Confirms(Protocol):
    """Knows a voice when it hears one.

    Attributes:
        lag_ms: how much later than a voice has ended this is noticed.
    """

    lag_ms: int

    def is_voice(self) -> bool:
        """Tell whether the last frame that it was given is surely a voice."""
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

    def note_quiet(self, frames: bytes) -> None:
        """Take frames that are no speech anyway: so the detector says, or another veto."""
        ...


class VetoedDetector:
    """A detector whose frames of speech must pass all vetoes.

    The vetoes cost many times what the detector does, the more so as each finds the caches of a busy machine cold. So
    frames without speech are only kept until there are enough of them, or speech begins; and once all vetoes have let
    speech pass for ``_SURE_MS``, they are asked every ``_HELD_MS``. Neither makes the beginning of speech, or its end
    by the detector, any later.

    Args:
        detector: judges first.
        vetoes: each of them sees every frame; the first one that denies a frame gives its name to ``verdict``.
        confirms: one of the vetoes, asked about frames that are speech tentatively; None: those are no speech.

    Attributes:
        verdict: what the last frame was: "speech", "quiet", or the name of a veto.
    """

    _QUIET_MS, _SURE_MS, _HELD_MS = 200, 200, 60

    def __init__(
        self, detector: VoiceActivityDetector, vetoes: Sequence[Veto], confirms: Confirms | None = None
    ) -> None:
        self.rate_hz = detector.rate_hz
        self.frame_samples = detector.frame_samples
        self.verdict = "quiet"
        self._detector = detector
        self._vetoes = tuple(vetoes)
        self._confirms = confirms
        self._frame_ms = detector.frame_samples * 1000 // detector.rate_hz
        self._waiting: list[bytes] = []
        self._sure_ms = 0
        self._late_ms: int | None = None

    @property
    def hangover_ms(self) -> int:
        """See ``VoiceActivityDetector``; a veto's is the frames that had passed without its being asked.

        Where speech is over because nobody confirms it, it is as long as they take to notice an end.
        """
        return self._detector.hangover_ms if self._late_ms is None else self._late_ms

    @property
    def tentative(self) -> bool:
        """See ``VoiceActivityDetector``; whatever was, is decided."""
        return False

    @property
    def stirring(self) -> bool:
        """See ``VoiceActivityDetector``; what a veto has just denied is none of the caller's."""
        return self._detector.stirring and self.verdict in ("speech", "quiet")

    def is_speech(self, frame: bytes) -> bool:
        """Judge the next frame."""
        self._waiting.append(frame)
        self._late_ms = None
        if not self._detector.is_speech(frame):
            self.verdict = "quiet"
            if len(self._waiting) * self._frame_ms >= self._QUIET_MS:
                self._sure_ms = 0
                frames = self._take()
                for veto in self._vetoes:
                    veto.note_quiet(frames)
            return False
        waiting_ms = len(self._waiting) * self._frame_ms
        tentative = self._detector.tentative
        if self._sure_ms >= self._SURE_MS and waiting_ms < self._HELD_MS and not tentative:
            self.verdict = "speech"
            return True
        frames = self._take()
        denying = self._denying(frames)
        if tentative and not denying and not (self._confirms is not None and self._confirms.is_voice()):
            self.verdict, self._sure_ms = "quiet", 0
            if self._confirms is not None:
                # The level has not told of the end, and who hears voices hears it late.
                self._late_ms = max(self._confirms.lag_ms, self._detector.hangover_ms)
            return False
        self.verdict = denying or "speech"
        if denying:
            self._late_ms = waiting_ms - self._frame_ms if self._sure_ms >= self._SURE_MS else 0
            self._sure_ms = 0
            return False
        self._sure_ms += self._frame_ms
        return True

    def _denying(self, frames: bytes) -> str:
        """Return the name of the first veto that denies the last of these frames; those behind it are not asked."""
        denying = ""
        for veto in self._vetoes:
            if denying:
                veto.note_quiet(frames)
            elif veto.denies(frames):
                denying = veto.name
        return denying

    def _take(self) -> bytes:
        frames = b"".join(self._waiting)
        self._waiting.clear()
        return frames
