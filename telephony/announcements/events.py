"""What a classifier tells."""

from __future__ import annotations

from dataclasses import dataclass

from telephony.announcements.outcome import Category


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was heard, as far as it is known.

    Attributes:
        category: what it is.
        at_ms: audio time since the first frame, or since the answer once the call was answered.
        final: more words will not change it; a verdict that is not may be followed by another.
        by: what told it: "tone", "words", "beep", "length" or "time".
    """

    category: Category
    at_ms: int
    final: bool
    by: str


@dataclass(frozen=True, slots=True)
class Beep:
    """A voicemail's beep has ended: what is said now is recorded."""

    at_ms: int
    frequency_hz: float


@dataclass(frozen=True, slots=True)
class TranscriptWanted:
    """Words would help; ``Classifier.transcribed`` takes them.

    Attributes:
        request_id: to be given back with the words.
        pcm: s16le at 8 kHz.
        language: "zh" or "en".
        context: what is likely to be said, as text; "" if anything may be.
    """

    request_id: int
    pcm: bytes
    language: str
    context: str = ""


Event = Verdict | Beep | TranscriptWanted
