"""What the bot says in one turn: its clips, which of them play, and what the caller heard of them."""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass, field

from voicebot.assembler import SentenceAssembler
from voicebot.conversation.actions import Action, Speak, StopSpeaking
from voicebot.protocol.instruction import Instruction


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
        audio_url: where its audio is; "" to have the text spoken by our voice.
    """

    clip_id: int
    text: str
    interruptible: bool
    audio_url: str = ""
    state: ClipState = ClipState.WAITING


@dataclass(slots=True)
class Turn:
    """One query and its answer.

    Attributes:
        turn_id: counts from 1 in a call.
        local: said by the line itself (an apology, a goodbye), not by the brain.
        complete: the answer has come to its end.
        held: the caller has the floor; clips wait.
        allow_interrupt: what the latest chunk allowed.
        apologised: an apology for a clip that failed was said already.
        last_file: the clip whose audio file the brain named last, unless text without a file followed.
        asked_anew: the brain had lost the session, and was asked again without one.
        instructions: what to do once everything was heard.
        heard: the texts the caller heard, the last one perhaps in part.
    """

    turn_id: int
    local: bool = False
    complete: bool = False
    held: bool = False
    apologised: bool = False
    asked_anew: bool = False
    last_file: Clip | None = None
    allow_interrupt: bool = True
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
        """The caller may take the floor: nothing plays, or what plays may be interrupted."""
        clip = self.playing
        return clip is None or clip.interruptible

    @property
    def finished(self) -> bool:
        """The whole answer was said."""
        return self.complete and not self.clips

    def find(self, clip_id: int) -> Clip | None:
        """Return the clip of that id if it is still on its way."""
        return next((clip for clip in self.clips if clip.clip_id == clip_id), None)

    def add(self, clip: Clip) -> list[Action]:
        """Append a clip; it plays at once unless the caller has the floor."""
        self.clips.append(clip)
        return self.release() if not self.held else []

    def release(self) -> list[Action]:
        """Give the floor back to the bot: send all waiting clips to the playout, in order."""
        self.held = False
        actions: list[Action] = []
        for clip in self.clips:
            if clip.state is ClipState.WAITING:
                clip.state = ClipState.QUEUED
                actions.append(Speak(clip.clip_id, clip.text, clip.audio_url))
        return actions

    def hold(self) -> list[Action]:
        """Give the floor to the caller: stop the playout and keep what was not heard for later."""
        self.held = True
        stopping = self.playing is not None
        for clip in self.clips:
            clip.state = ClipState.WAITING
        return [StopSpeaking()] if stopping else []

    def drop(self, clip_id: int) -> Clip | None:
        """Take a clip off the list; return it, or None if it is not there."""
        clip = self.find(clip_id)
        if clip is not None:
            self.clips.remove(clip)
        return clip
