"""What can happen to a conversation. The driver feeds these to ``Conversation.feed``; nothing else moves it."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.conversation.answeredby import Answerer
from voicebot.conversation.leg import HangupCause, TransferResult
from voicebot.conversation.orders import Order
from voicebot.protocol.chunk import Chunk
from voicebot.speech.types import WordEnds


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """The call is up."""


@dataclass(frozen=True, slots=True)
class CallHeld:
    """The far side put the call on hold, or took it back."""

    held: bool


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call is over."""

    cause: HangupCause


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """The caller pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True)
class SpeechGrew:
    """The caller is speaking; ``speech_ms`` of it so far."""

    utterance_id: int
    speech_ms: int


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """The caller paused: attempt ``attempt`` at transcribing the utterance can start."""

    utterance_id: int
    attempt: int


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """The caller went on after a pause of ``pause_ms``: what was transcribed so far is not the whole."""

    utterance_id: int
    pause_ms: int = 0


@dataclass(frozen=True, slots=True)
class UtteranceEnded:
    """The end-of-speech time passed. ``attempt`` names the audio that is the whole utterance."""

    utterance_id: int
    attempt: int


@dataclass(frozen=True, slots=True)
class SpeechDropped:
    """What began as speech was too short to be any."""

    utterance_id: int


@dataclass(frozen=True, slots=True)
class CallerPartial:
    """What was understood of an utterance that still goes on, or is in a short pause. Nothing to rely on.

    Attributes:
        attempt: the pause whose audio it is; 0 if the caller was in the middle of speaking.
        text: what was understood; "" for a noise, or for too little to make words of.
    """

    utterance_id: int
    attempt: int
    text: str


@dataclass(frozen=True, slots=True)
class TranscriptReady:
    """An attempt was transcribed; the text may be empty."""

    utterance_id: int
    attempt: int
    text: str


@dataclass(frozen=True, slots=True)
class TranscriptFailed:
    """An attempt could not be transcribed."""

    utterance_id: int
    attempt: int
    code: str


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """The brain was asked on trial with the words of a pause; ``complete`` is what its first chunk says."""

    utterance_id: int
    attempt: int
    complete: bool | None


@dataclass(frozen=True, slots=True)
class TurnEndJudged:
    """A model has listened to a pause; ``probability`` (0..1) is its belief that the caller has finished."""

    utterance_id: int
    attempt: int
    probability: float


@dataclass(frozen=True, slots=True)
class ChunkArrived:
    """The brain sent a chunk of the answer to turn ``turn_id``."""

    turn_id: int
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class AnswerFailed:
    """The brain did not answer turn ``turn_id``, or broke off."""

    turn_id: int
    code: str


@dataclass(frozen=True, slots=True)
class ClipTimed:
    """It is known when each word of a clip is over: the index behind it, and the moment in the clip."""

    clip_id: int
    word_ends: WordEnds


@dataclass(frozen=True, slots=True)
class ClipStarted:
    """The first sample of a clip left the playout."""

    clip_id: int


@dataclass(frozen=True, slots=True)
class ClipFinished:
    """The last sample of a clip left the playout."""

    clip_id: int
    heard_ms: int


@dataclass(frozen=True, slots=True)
class ClipStopped:
    """A clip was stopped before its end; ``total_ms`` is None while its synthesis was still under way."""

    clip_id: int
    heard_ms: int
    total_ms: int | None


@dataclass(frozen=True, slots=True)
class ClipPaused:
    """A clip was paused; it may go on. The fields are those of ``ClipStopped``."""

    clip_id: int
    heard_ms: int
    total_ms: int | None


@dataclass(frozen=True, slots=True)
class AnsweredBy:
    """It is known now, or known better, who answered."""

    kind: Answerer


@dataclass(frozen=True, slots=True)
class ClipFailed:
    """A clip could not be synthesised."""

    clip_id: int
    code: str


@dataclass(frozen=True, slots=True)
class TransferEnded:
    """A transfer came to its result."""

    result: TransferResult


@dataclass(frozen=True, slots=True)
class Tick:
    """A deadline passed."""


Happening = (
    CallAnswered
    | AnsweredBy
    | CallHeld
    | CallEnded
    | DigitPressed
    | SpeechGrew
    | SpeechPaused
    | SpeechResumed
    | UtteranceEnded
    | SpeechDropped
    | CallerPartial
    | TranscriptReady
    | TranscriptFailed
    | Rehearsed
    | TurnEndJudged
    | ChunkArrived
    | AnswerFailed
    | ClipTimed
    | ClipStarted
    | ClipFinished
    | ClipStopped
    | ClipPaused
    | ClipFailed
    | TransferEnded
    | Tick
)
Event = Happening | Order
