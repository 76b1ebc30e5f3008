"""A detector whose speech must pass vetoes, which are asked as seldom as that can be."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.speech.vad.detector import Confirms, Veto, VoiceActivityDetector


class VetoedDetector:
    """A detector whose frames of speech must pass all vetoes.

    The vetoes cost many times what the detector does, the more so as each finds the caches of a busy machine cold. So
    frames are kept for each veto until there are enough of them, or its verdict is wanted: it is not for frames without
    speech, nor behind another veto that denies; and once all vetoes have let speech pass for ``_SURE_MS``, they are
    asked every ``_HELD_MS``. Neither makes the beginning of speech, or its end by the detector, any later.

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
        self._asked = [_Asked(veto) for veto in vetoes]
        self._confirms = confirms
        self._confirming = next((asked for asked in self._asked if asked.veto is confirms), None)
        self._frame_ms = detector.frame_samples * 1000 // detector.rate_hz
        self._unasked_ms = 0
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
    def faint(self) -> bool:
        """See ``VoiceActivityDetector``."""
        return self._detector.faint

    @property
    def stirring(self) -> bool:
        """See ``VoiceActivityDetector``; what a veto has just denied is none of the caller's."""
        return self._detector.stirring and self.verdict in ("speech", "quiet")

    def is_speech(self, frame: bytes) -> bool:
        """Judge the next frame."""
        self._unasked_ms += self._frame_ms
        self._late_ms = None
        likely = self._detector.is_speech(frame)
        for asked in self._asked:
            asked.add(frame, self._detector.faint)
        speech = self._judge() if likely else self._is_quiet()
        for asked in self._asked:
            if len(asked.waiting) * self._frame_ms >= self._QUIET_MS:
                asked.tell()
        return speech

    def _is_quiet(self) -> bool:
        self.verdict = "quiet"
        if self._unasked_ms >= self._QUIET_MS:
            self._unasked_ms = self._sure_ms = 0
        return False

    def _judge(self) -> bool:
        tentative = self._detector.tentative
        if self._sure_ms >= self._SURE_MS and self._unasked_ms < self._HELD_MS:
            if tentative and self._confirming is not None:
                self._confirming.denies()
        else:
            denying = self._denying()
            if denying:
                return self._deny(denying)
            self._unasked_ms = 0
            self._sure_ms += self._frame_ms
        if tentative and (self._confirms is None or not self._confirms.is_voice()):
            return self._miss()
        self.verdict = "speech"
        return True

    def _denying(self) -> str:
        """Return the name of the first veto that denies the last frame; those behind it are not asked."""
        return next((asked.veto.name for asked in self._asked if asked.denies()), "")

    def _deny(self, name: str) -> bool:
        self._late_ms = self._unasked_ms - self._frame_ms if self._sure_ms >= self._SURE_MS else 0
        self.verdict, self._sure_ms, self._unasked_ms = name, 0, 0
        return False

    def _miss(self) -> bool:
        """Nobody confirms what was speech tentatively."""
        if self._confirms is not None and self._sure_ms >= self._SURE_MS:
            # The level has not told of the end, and who hears voices hears it late. Of a short word, too little would
            # be left.
            self._late_ms = max(self._confirms.lag_ms, self._detector.hangover_ms)
        self.verdict, self._sure_ms, self._unasked_ms = "quiet", 0, 0
        return False


class _Asked:
    """A veto, and the frames that it has not been given yet."""

    def __init__(self, veto: Veto) -> None:
        self.veto = veto
        self.waiting: list[bytes] = []
        self._faint = True

    def add(self, frame: bytes, faint: bool) -> None:
        """Keep a frame until it is wanted."""
        self.waiting.append(frame)
        self._faint = self._faint and faint

    def denies(self) -> bool:
        """Ask about the last frame."""
        return self.veto.denies(self._take())

    def tell(self) -> None:
        """Let the veto learn from what nobody asks it about."""
        faint = self._faint
        self.veto.note_quiet(self._take(), faint)

    def _take(self) -> bytes:
        frames = b"".join(self.waiting)
        self.waiting.clear()
        self._faint = True
        return frames
