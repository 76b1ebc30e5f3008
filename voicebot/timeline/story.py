"""A call as a timeline shows it. All times are milliseconds since the call was answered."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Utterance:
    """A stretch of the caller's speech, as the bot's ears took it.

    Attributes:
        start_ms: the first speech.
        speech_end_ms: the last speech; None while it is not known.
        end_ms: the pause after it had lasted long enough; None if the call ended before.
        dropped: it was too short to be speech.
        pauses_ms: pauses in it that were long enough to begin a transcription on trial.
    """

    utterance_id: int
    start_ms: float
    speech_end_ms: float | None = None
    end_ms: float | None = None
    dropped: bool = False
    pauses_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Understood:
    """What the recogniser made of the caller's words; ``final`` unless the caller was still speaking."""

    at_ms: float
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment with a name: a decision, a key, a failure.

    Attributes:
        kind: "ask", "stop", "go", "failure" or "plain"; how it is coloured.
    """

    at_ms: float
    text: str
    kind: str = "plain"


@dataclass(slots=True)
class Clip:
    """One sentence of the bot on its way to the caller's ear.

    Attributes:
        asked_ms: it was handed to the voice.
        ready_ms: its first audio was there.
        start_ms, end_ms: its first and last sound for the caller.
        pauses_ms: when it fell silent and went on again; the end is None if it never did.
        heard: the words that the caller heard, "" if none or not known.
        complete: it was heard to the end; None while it is not known.
    """

    clip_id: int
    text: str
    asked_ms: float
    turn_id: int
    ready_ms: float | None = None
    start_ms: float | None = None
    end_ms: float | None = None
    pauses_ms: list[tuple[float, float | None]] = field(default_factory=list)
    heard: str = ""
    complete: bool | None = None

    @property
    def sounding_ms(self) -> list[tuple[float, float | None]]:
        """When it was heard: from where to where, None for a part that has not ended."""
        if self.start_ms is None:
            return []
        parts: list[tuple[float, float | None]] = []
        begin_ms: float | None = self.start_ms
        for paused_ms, resumed_ms in self.pauses_ms:
            if begin_ms is not None:
                parts.append((begin_ms, paused_ms))
            begin_ms = resumed_ms
        return parts if begin_ms is None else [*parts, (begin_ms, self.end_ms)]


@dataclass(slots=True)
class Turn:
    """One query and its answer.

    Attributes:
        text: what the caller said; "" where the bot began.
        silence: it was asked because nobody spoke.
        asked_ms: the query left.
        speech_end_ms: the caller's last sound before it; None where the bot began.
        end_of_turn_ms: the pause that was to end it was over; what follows is waiting for the transcript.
        understood_ms: the transcript was there.
        first_chunk_ms, done_ms: first and last piece of the answer.
        first_audio_ms: its first audio was there.
        playing_ms: its first sound for the caller.
    """

    turn_id: int
    text: str
    asked_ms: float
    silence: bool = False
    speech_end_ms: float | None = None
    end_of_turn_ms: float | None = None
    understood_ms: float | None = None
    first_chunk_ms: float | None = None
    done_ms: float | None = None
    first_audio_ms: float | None = None
    playing_ms: float | None = None

    @property
    def gap_ms(self) -> float | None:
        """From the caller's last sound to the bot's first; None if either is not known."""
        if self.speech_end_ms is None or self.playing_ms is None:
            return None
        return self.playing_ms - self.speech_end_ms


@dataclass(slots=True)
class Timer:
    """A timer of the conversation.

    Attributes:
        start_ms: it was started.
        due_ms: when it was to go off.
        end_ms: it went off or was no longer needed; None if it still ran at the end.
        fired: it went off.
    """

    name: str
    start_ms: float
    due_ms: float
    end_ms: float | None = None
    fired: bool = False


@dataclass(slots=True)
class Story:
    """All of a call.

    Attributes:
        recording_ms: where in the recording the call was answered.
        content: what was said is known.
        damaged: lines of the log that could not be read.
        length_ms: the last thing that happened.
    """

    call: str
    line: str
    started_at: str
    recording: str = ""
    recording_ms: float = 0.0
    content: bool = True
    damaged: int = 0
    length_ms: float = 0.0
    utterances: list[Utterance] = field(default_factory=list)
    understood: list[Understood] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    clips: list[Clip] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
