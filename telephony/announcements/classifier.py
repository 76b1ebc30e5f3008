"""What answers a dialled call, judged frame by frame. No I/O and no clock: time is that of the audio."""

from __future__ import annotations

from collections.abc import Sequence

from telephony.announcements.answered import Answered
from telephony.announcements.early import EarlyMedia
from telephony.announcements.events import Event
from telephony.announcements.looks import FRAME_MS, RATE_HZ, Looker
from telephony.announcements.runs import Runs
from voicebot.speech.vad import WebRtcDetector


class Classifier:
    """Listens to one dialled call from its first early media on.

    Args:
        languages: what may be spoken, the likeliest first.
    """

    def __init__(self, languages: Sequence[str] = ("zh", "en")) -> None:
        self._languages = tuple(languages)
        self._start(EarlyMedia(self._languages))

    def _start(self, phase: EarlyMedia | Answered) -> None:
        self._phase: EarlyMedia | Answered = phase
        self._looker = Looker()
        self._runs = Runs()
        self._detector = WebRtcDetector(RATE_HZ, FRAME_MS)

    @property
    def is_answered(self) -> bool:
        """The call was answered."""
        return isinstance(self._phase, Answered)

    def answered(self) -> None:
        """The call was answered: what was heard before is over, and what was asked about it is not waited for."""
        self._start(Answered(self._languages))

    def feed(self, frame: bytes) -> list[Event]:
        """Take the next 20 ms of audio (s16le at 8 kHz); return what it brought about."""
        look = self._looker.look(frame)
        self._runs.feed(look)
        voiced = self._detector.is_speech(frame) and not look.is_tone
        runs = self._runs.all
        if isinstance(self._phase, Answered):
            return self._phase.feed(frame, voiced, runs)
        return self._phase.feed(frame, look, voiced, runs)

    def transcribed(self, request_id: int, text: str | None) -> list[Event]:
        """Take the words that a ``TranscriptWanted`` asked for, None if they are not to be had.

        Those asked for before the answer must not be given any more after it.
        """
        return self._phase.transcribed(request_id, text)
