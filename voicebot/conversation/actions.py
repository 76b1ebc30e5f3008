"""What a conversation wants done. The driver carries these out, in order."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.conversation.leg import HangupCause, TransferRequest
from voicebot.protocol.instruction import Blacklist, ShortMessage, ToCustomerService
from voicebot.protocol.query import Query

RESUME_BACK_MS = 300
"""After a pause a clip goes on this far before the place where it was paused: about a word is heard again."""


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Transcribe the audio of an attempt; speculative ones give way to the others."""

    utterance_id: int
    attempt: int
    speculative: bool


@dataclass(frozen=True, slots=True)
class DropTranscription:
    """Nobody waits for these transcripts any more."""

    utterance_id: int


@dataclass(frozen=True, slots=True)
class HurryTranscription:
    """The utterance has ended: what is being transcribed of it is not speculative any more."""

    utterance_id: int


@dataclass(frozen=True, slots=True)
class EndAfter:
    """Let the pause that ``attempt`` names end the utterance after ``silence_ms``, sooner than it would."""

    utterance_id: int
    attempt: int
    silence_ms: int


@dataclass(frozen=True, slots=True)
class Rehearse:
    """Ask the brain on trial, as if the caller had ended with the pause that ``attempt`` names."""

    utterance_id: int
    attempt: int
    query: Query


@dataclass(frozen=True, slots=True)
class Ask:
    """Put a query to the brain."""

    turn_id: int
    query: Query


@dataclass(frozen=True, slots=True)
class CancelAsk:
    """Close the brain's answer to a turn: the caller moved on."""

    turn_id: int


@dataclass(frozen=True, slots=True)
class Speak:
    """Append a clip to the playout: the audio at ``audio_url``, or the text by our own voice if there is none."""

    clip_id: int
    text: str
    audio_url: str = ""


@dataclass(frozen=True, slots=True)
class PauseSpeaking:
    """Fade the playout out and keep its place. The clip that had begun answers with ``ClipPaused``.

    Attributes:
        why: what the caller did, for the log: "voice", "words", "longest" or "keys".
    """

    why: str = ""


@dataclass(frozen=True, slots=True)
class ResumeSpeaking:
    """Go on after a pause, ``RESUME_BACK_MS`` before the place it was at.

    Attributes:
        from_start: say the clip that was paused once more, from its beginning.
        why: what the caller's speech turned out to be, for the log.
    """

    from_start: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class StopSpeaking:
    """Fade the playout out and empty it. Every clip that had begun answers with ``ClipStopped``."""


@dataclass(frozen=True, slots=True)
class SetEndOfSpeech:
    """Change the silence that ends an utterance (``identifyDuration``)."""

    duration_ms: int


@dataclass(frozen=True, slots=True)
class SetRingback:
    """Let the caller hear a ringing tone, or stop it: silence on a line sounds like a dropped call."""

    on: bool


@dataclass(frozen=True, slots=True)
class StartTransfer:
    """Hand the call over.

    Attributes:
        instruction: whom to, as the brain has it.
        session_id: the brain's own name for the conversation; "" if it never gave one.
        request: whom to in the end, if somebody else than the brain has said it; then ``instruction`` says nothing.
    """

    instruction: ToCustomerService
    session_id: str = ""
    request: TransferRequest | None = None


@dataclass(frozen=True, slots=True)
class StoreInstruction:
    """Keep an instruction for whoever carries it out later: a text message, a blacklist entry.

    Attributes:
        instruction: what to do.
        session_id: the brain's own name for the conversation; "" if it never gave one.
    """

    instruction: ShortMessage | Blacklist
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class PressKeys:
    """Press keys towards the far end."""

    digits: str


@dataclass(frozen=True, slots=True)
class HideCaller:
    """From now on (or no longer) nobody is to see or hear what the caller gives: pause the recording."""

    on: bool


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""

    cause: HangupCause


@dataclass(frozen=True, slots=True)
class RecordCaller:
    """The caller said something that became a query (or pressed keys); for the call record."""

    turn_id: int
    text: str


@dataclass(frozen=True, slots=True)
class RecordHeard:
    """The caller heard (part of) a text; for the call record and the session."""

    turn_id: int
    text: str
    complete: bool


@dataclass(frozen=True, slots=True)
class RecordFailure:
    """Something failed in a turn, and the caller was told about it; for the log."""

    turn_id: int
    code: str


Action = (
    Transcribe
    | DropTranscription
    | HurryTranscription
    | EndAfter
    | Rehearse
    | Ask
    | CancelAsk
    | Speak
    | PauseSpeaking
    | ResumeSpeaking
    | StopSpeaking
    | SetEndOfSpeech
    | SetRingback
    | StartTransfer
    | PressKeys
    | HideCaller
    | StoreInstruction
    | HangUp
    | RecordCaller
    | RecordHeard
    | RecordFailure
)
