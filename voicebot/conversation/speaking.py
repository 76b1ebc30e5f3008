"""What the bot says in one turn: its clips, which of them play, and what the caller heard of them."""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass, field

from voicebot.assembler import SentenceAssembler
from voicebot.conversation.actions import RESUME_BACK_MS, Action, PauseSpeaking, ResumeSpeaking, Speak, StopSpeaking
from voicebot.conversation.heard import heard_text
from voicebot.conversation.interrupting import is_question
from voicebot.protocol.instruction import Instruction
from voicebot.speech.types import WordEnds

_MOSTLY = 0.6


class ClipState(enum.Enum):
    """Where a clip is on its way to the caller's ear."""

    WAITING = "waiting"
    QUEUED = "queued"
    PLAYING = "playing"


@dataclass(slots=True)
class Clip:
    """One sentence, or one audio file of the brain, on its way to the caller.

    Attributes:
        text: what is said; "" if it is known to the audio file alone.
        interruptible: the caller may stop it at all.
        semantic: only words that mean something may.
        audio_url: where its audio is; "" to have the text spoken by our voice.
        heard_ms: how much of it was heard when it was paused last.
        total_ms: its length, if that is known.
        word_ends: when each word is over, if the voice told; see ``ClipTimed``.
        since_ms: since when more than that is heard; None while it does not play.
    """

    clip_id: int
    text: str
    interruptible: bool
    semantic: bool = False
    audio_url: str = ""
    state: ClipState = ClipState.WAITING
    heard_ms: float = 0.0
    total_ms: int | None = None
    word_ends: WordEnds = ()
    since_ms: float | None = None

    def heard_words(self, heard_ms: float, total_ms: int | None) -> str:
        """Return the words that are over after so much of it."""
        return heard_text(self.text, int(heard_ms), total_ms, self.word_ends)

    def heard_by(self, now_ms: float) -> float:
        """Return how much of it was heard: as reported after a pause, by the clock while it plays."""
        return self.heard_ms + (max(0.0, now_ms - self.since_ms) if self.since_ms is not None else 0.0)


@dataclass(slots=True)
class Turn:
    """One query and its answer.

    Attributes:
        turn_id: counts from 1 in a call.
        local: said by the line itself (an apology, a goodbye), not by the brain.
        silent: begun by a silence, or by the call's beginning: the caller has said nothing for it.
        complete: the answer has come to its end.
        held: the caller has the floor; clips wait.
        paused: the playout was paused for that.
        spoke: there was something to say.
        allow_interrupt: what the latest chunk allowed.
        semantic: what the latest chunk said of semantic interruption; before the first one, what was in force.
        apologised: an apology for a clip that failed was said already.
        last_file: the clip whose audio file the brain named last, unless text without a file followed.
        asked_anew: the brain had lost the session, and was asked again without one.
        instructions: what to do once everything was heard.
        heard: the texts the caller heard, the last one perhaps in part.
    """

    turn_id: int
    local: bool = False
    silent: bool = False
    complete: bool = False
    held: bool = False
    paused: bool = False
    spoke: bool = False
    apologised: bool = False
    asked_anew: bool = False
    last_file: Clip | None = None
    allow_interrupt: bool = True
    semantic: bool = False
    instructions: tuple[Instruction, ...] = ()
    heard: list[str] = field(default_factory=list)
    clips: deque[Clip] = field(default_factory=deque)
    assembler: SentenceAssembler = field(default_factory=SentenceAssembler)

    @property
    def playing(self) -> Clip | None:
        """The clip the caller hears now, or will hear next; None when the playout is empty."""
        if self.clips and self.clips[0].state is not ClipState.WAITING:
            return self.clips[0]
        return None

    @property
    def interruptible(self) -> bool:
        """The caller may take the floor: he has it, nothing plays, or what plays may be interrupted."""
        clip = self.playing
        return self.held or clip is None or clip.interruptible

    @property
    def finished(self) -> bool:
        """The whole answer was said."""
        return self.complete and not self.clips

    @property
    def unheard(self) -> bool:
        """Nothing of it was heard yet."""
        return not self.heard and not (self.clips and self.clips[0].state is ClipState.PLAYING)

    def find(self, clip_id: int) -> Clip | None:
        """Return the clip of that id if it is still on its way."""
        return next((clip for clip in self.clips if clip.clip_id == clip_id), None)

    def add(self, clip: Clip) -> list[Action]:
        """Append a clip; it plays at once unless the caller has the floor."""
        self.spoke = True
        self.clips.append(clip)
        return [] if self.held else self._send()

    def started(self, clip: Clip, now_ms: float) -> None:
        """Note that a clip has begun to play."""
        clip.state = ClipState.PLAYING
        clip.since_ms = now_ms

    def hold(self, now_ms: float, why: str) -> list[Action]:
        """Give the floor to the caller: pause the playout, and let what comes wait."""
        self.held = True
        clip = self.playing
        if clip is None:
            return []
        self.paused = True
        clip.heard_ms, clip.since_ms = clip.heard_by(now_ms), None
        return [PauseSpeaking(why)]

    def release(self, now_ms: float, why: str, *, from_start: bool = False) -> list[Action]:
        """Give the floor back to the bot: go on where the playout was paused, then with what has waited."""
        self.held = False
        actions: list[Action] = []
        if self.paused:
            self.paused = False
            actions.append(ResumeSpeaking(from_start, why))
            clip = self.playing
            if clip is not None and clip.state is ClipState.PLAYING:
                clip.since_ms = now_ms + (clip.heard_ms if from_start else RESUME_BACK_MS)
        return actions + self._send()

    def stop(self) -> list[Action]:
        """Give up what was not heard: empty the playout, and let the clips wait for good."""
        stopping = self.playing is not None or self.paused
        self.held, self.paused = True, False
        for clip in self.clips:
            clip.state = ClipState.WAITING
        return [StopSpeaking()] if stopping else []

    def drop(self, clip_id: int) -> Clip | None:
        """Take a clip off the list; return it, or None if it is not there."""
        clip = self.find(clip_id)
        if clip is not None:
            self.clips.remove(clip)
        return clip

    def heard_so_far(self, now_ms: float) -> list[str]:
        """Return the texts that were heard, with what was heard of the clip that plays."""
        clip = self.clips[0] if self.clips else None
        part = clip.heard_words(clip.heard_by(now_ms), clip.total_ms) if clip is not None else ""
        return [*self.heard, part] if part else list(self.heard)

    def asked(self, now_ms: float) -> bool:
        """Tell whether what was heard so far ended in a question."""
        clip = self.clips[0] if self.clips else None
        if clip is not None and clip.text:
            part = clip.heard_words(clip.heard_by(now_ms), clip.total_ms)
            if len(part) >= _MOSTLY * len(clip.text):
                return is_question(clip.text)
        return bool(self.heard) and is_question(self.heard[-1])

    def _send(self) -> list[Action]:
        actions: list[Action] = []
        for clip in self.clips:
            if clip.state is ClipState.WAITING:
                clip.state = ClipState.QUEUED
                actions.append(Speak(clip.clip_id, clip.text, clip.audio_url))
        return actions
