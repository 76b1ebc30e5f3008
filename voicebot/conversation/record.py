"""The record of a call: who said what, what was heard, how long everything took."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from voicebot.conversation.leg import CallInfo, HangupCause
from voicebot.protocol.understanding import Understanding


@dataclass(slots=True)
class Heard:
    """A text the caller heard, or the part of it that left before the caller cut in."""

    text: str
    complete: bool
    at_ms: float


@dataclass(slots=True)
class TurnRecord:
    """One query and its answer. All times are milliseconds since the call was answered.

    Attributes:
        caller_text: what the caller said; "" for a turn the bot began.
        speech_end_ms: the last sound of the caller, None for a turn the bot began.
        utterance_end_ms: the end-of-speech time had passed.
        transcript_ms: the transcript was there (before ``utterance_end_ms`` when speculation paid off).
        asked_ms: the query left for the brain.
        first_chunk_ms: the first chunk was back.
        first_audio_ms: the first audio of the answer was in the playout.
        playing_ms: the first sample left for the caller.
        understood: what the brain took the caller's words for; None if it does not tell.
        interruptible: the caller could stop all of the answer.
    """

    turn_id: int
    caller_text: str = ""
    end_of_speech_ms: int = 0
    speech_end_ms: float | None = None
    utterance_end_ms: float | None = None
    transcript_ms: float | None = None
    asked_ms: float | None = None
    first_chunk_ms: float | None = None
    first_audio_ms: float | None = None
    playing_ms: float | None = None
    source: str = ""
    interruptible: bool = True
    heard: list[Heard] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    instructions: list[str] = field(default_factory=list)
    understood: Understanding | None = None

    @property
    def overhead_ms(self) -> float | None:
        """From the caller's last sound to the bot's first, less the end-of-speech time; None if unknown."""
        if self.speech_end_ms is None or self.playing_ms is None:
            return None
        return self.playing_ms - self.speech_end_ms - self.end_of_speech_ms


@dataclass(slots=True)
class CallRecord:
    """One call from the answer to the end."""

    info: CallInfo
    line: str
    started_at: str
    turns: list[TurnRecord] = field(default_factory=list)
    barge_ins: int = 0
    resumptions: int = 0
    """How often the bot went on after it had fallen silent: the caller had said nothing that stops it."""
    session_id: str = ""
    """The brain's own name for the conversation; stored turns have it, too."""
    answered_by: str = ""
    announcement: str = ""
    """What was heard in place of a person, before or after the answer of a call that the bot made."""
    transfer: str = ""
    supervision: list[dict[str, str]] = field(default_factory=list)
    """Who listened or stepped in: what was done, when and by which key."""
    cause: HangupCause | None = None
    duration_ms: float = 0.0
    underrun_frames: int = 0
    audio: dict[str, float | int | str] = field(default_factory=dict)
    """Codec, packet and frame counts, as the line tells them."""
    cdr: dict[str, Any] = field(default_factory=dict)
    """The call detail record."""
    recording: dict[str, Any] = field(default_factory=dict)
    """Its file, bytes, SHA-256, and what is silence in it (hidden_ms); empty if the call was not recorded."""

    def turn(self, turn_id: int) -> TurnRecord:
        """Return the record of a turn, making it if it is new."""
        for record in reversed(self.turns):
            if record.turn_id == turn_id:
                return record
        record = TurnRecord(turn_id)
        self.turns.append(record)
        return record

    def was_heard(self, text: str) -> bool:
        """Tell whether a text that was said as one was heard to its end."""
        return any(one.complete and one.text == text for turn in self.turns for one in turn.heard)

    def as_dict(self) -> dict[str, Any]:
        """Return the record as plain values, ready for JSON."""
        values = asdict(self)
        values["info"] = {
            "call_id": self.info.call_id,
            "caller": self.info.caller,
            "called": self.info.called,
            "headers": dict(self.info.headers),
        }
        values["cause"] = self.cause.value if self.cause else None
        for turn, record in zip(values["turns"], self.turns, strict=True):
            turn["overhead_ms"] = record.overhead_ms
        return values
