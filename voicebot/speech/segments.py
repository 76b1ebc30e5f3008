"""What a segmenter tells: the events of utterances."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class EndReason(enum.Enum):
    """Why an utterance ended."""

    SILENCE = "silence"
    MAX_LENGTH = "max_length"
    FLUSHED = "flushed"


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The first frame of speech, at ``at_sample`` of the call's audio. May turn out to be too short."""

    utterance_id: int
    at_sample: int


@dataclass(frozen=True, slots=True)
class SpeechProgress:
    """The caller is speaking: one such event a frame.

    Attributes:
        speech_ms: speech in this utterance so far, pauses not counted.
    """

    utterance_id: int
    speech_ms: int


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """Silence for ``speculate_after_ms``: the transcription can start.

    Attributes:
        attempt: 1 for the first pause of the utterance, then counting.
        pcm: the utterance so far, with pre-roll and the silence of the pause.
    """

    utterance_id: int
    attempt: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """The caller goes on: what was transcribed at the pause is not the whole.

    Attributes:
        pause_ms: how long the pause was.
    """

    utterance_id: int
    pause_ms: int = 0


@dataclass(frozen=True, slots=True)
class UtteranceEnded:
    """The utterance is complete.

    Attributes:
        attempt: the pause whose ``pcm`` is this utterance's, the very same bytes; 0 if no pause has it.
        pcm: the whole utterance, with pre-roll.
        start_sample: first sample of speech in the call's audio (the pre-roll lies before).
        end_sample: where speech truly ended, the detector's hang-over taken off.
    """

    utterance_id: int
    attempt: int
    pcm: bytes
    start_sample: int
    end_sample: int
    reason: EndReason


@dataclass(frozen=True, slots=True)
class SpeechDiscarded:
    """What began as speech was shorter than ``min_speech_ms``."""

    utterance_id: int


SegmentEvent = SpeechStarted | SpeechProgress | SpeechPaused | SpeechResumed | UtteranceEnded | SpeechDiscarded
