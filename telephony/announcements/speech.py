"""Stretches of speech, with short pauses inside them, and the audio to transcribe them from."""

from __future__ import annotations

from collections.abc import Sequence

from telephony.announcements.events import TranscriptWanted
from telephony.announcements.looks import FRAME_BYTES, FRAME_MS
from telephony.announcements.understanding import Understood, understand
from telephony.announcements.wordings import CONTEXTS

_PRE_ROLL_MS = 200
_LONGEST_AUDIO_MS = 12_000
# A pause this long ends a stretch: what follows is transcribed by itself.
_STRETCH_PAUSE_MS = 1200
_OTHER_LANGUAGE_AFTER = 2


class Stretch:
    """The stretch of speech that is under way, or was the last one.

    Attributes:
        voiced_ms: speech in it.
        pause_ms: silence since its last speech.
        number: which stretch of the call it is, from 1; 0 before the first.
    """

    def __init__(self) -> None:
        self.voiced_ms = 0
        self.pause_ms = 0
        self.number = 0
        self._audio = bytearray()

    @property
    def span_ms(self) -> int:
        """From its first speech to its last, pauses included."""
        return max(0, len(self._audio) // FRAME_BYTES * FRAME_MS - self.pause_ms - _PRE_ROLL_MS) if self.number else 0

    @property
    def pcm(self) -> bytes:
        """Its audio so far, the last of it if it is a long one."""
        return bytes(self._audio[-(_LONGEST_AUDIO_MS // FRAME_MS * FRAME_BYTES) :])

    def feed(self, frame: bytes, voiced: bool) -> None:
        """Take the next frame."""
        if voiced and (self.number == 0 or self.pause_ms >= _STRETCH_PAUSE_MS):
            self.number += 1
            self.voiced_ms = 0
            self._keep_pre_roll()
        self._audio += frame
        if voiced:
            self.voiced_ms += FRAME_MS
            self.pause_ms = 0
        elif self.number:
            self.pause_ms += FRAME_MS
        if self.number == 0 or self.pause_ms >= _STRETCH_PAUSE_MS:
            self._keep_pre_roll()

    def _keep_pre_roll(self) -> None:
        del self._audio[: -(_PRE_ROLL_MS // FRAME_MS * FRAME_BYTES)]


class Words:
    """Asks for transcripts of stretches of speech, and knows what they came to.

    Args:
        languages: what may be spoken, the likeliest first.
        most: how many transcripts may be asked for.
        machine: only machines speak.
    """

    def __init__(self, languages: Sequence[str], most: int, *, machine: bool = False) -> None:
        self._languages = languages
        self._machine = machine
        self._left = most
        self._ids = 0
        self._waiting: tuple[int, int, int] | None = None
        self._in_vain = 0
        self._asked: TranscriptWanted | None = None
        self._asked_stretch = 0
        self._asked_ms = 0
        self.covered: tuple[int, int] = (0, 0)
        """Number of the stretch that was transcribed last, and how much of its speech."""

    def new_ms(self, stretch: Stretch) -> int:
        """How much speech there is that no transcript was asked for."""
        asked_ms = self._asked_ms if stretch.number == self._asked_stretch else 0
        return stretch.voiced_ms - asked_ms

    def ask(self, stretch: Stretch) -> TranscriptWanted | None:
        """Ask for the words of a stretch; one at a time."""
        if self._waiting is not None or self._left == 0:
            return None
        self._left -= 1
        self._ids += 1
        self._waiting = (self._ids, stretch.number, stretch.voiced_ms)
        self._asked_stretch, self._asked_ms = stretch.number, stretch.voiced_ms
        other = self._in_vain >= _OTHER_LANGUAGE_AFTER and self._in_vain % 2 == 0
        language = self._languages[-1] if other else self._languages[0]
        self._asked = TranscriptWanted(self._ids, stretch.pcm, language)
        return self._asked

    def ask_again(self) -> TranscriptWanted | None:
        """Ask once more for the words that were given last, which are an announcement's, as one.

        What is expected bends the words towards it: a person's, and even music, would become an announcement.
        """
        asked = self._asked
        if asked is None or asked.context or self._waiting is not None or self._left == 0:
            return None
        self._left -= 1
        self._ids += 1
        self._waiting = (self._ids, *self.covered)
        self._asked = TranscriptWanted(self._ids, asked.pcm, asked.language, CONTEXTS[asked.language])
        return self._asked

    @property
    def waiting(self) -> bool:
        """A transcript was asked for and is not there yet."""
        return self._waiting is not None

    @property
    def exhausted(self) -> bool:
        """No further transcript may be asked for."""
        return self._left == 0

    def take(self, request_id: int, text: str | None) -> Understood | None:
        """Take a transcript, None if there is none to be had; return which announcement it is."""
        if self._waiting is None or self._waiting[0] != request_id:
            return None
        _, number, voiced_ms = self._waiting
        self._waiting = None
        self.covered = (number, voiced_ms)
        understood = understand(text, machine=self._machine) if text else None
        self._in_vain = self._in_vain + 1 if understood is None else 0
        return understood
