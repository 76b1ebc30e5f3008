"""A scripted call for the conversation core: events in, actions out, on a virtual clock."""

from __future__ import annotations

from typing import TypeVar

from voicebot.conversation.actions import Action, Ask, Speak
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.core import Conversation
from voicebot.conversation.events import (
    CallAnswered,
    ChunkArrived,
    ClipFinished,
    ClipStarted,
    ClipStopped,
    Event,
    SpeechGrew,
    SpeechPaused,
    Tick,
    TranscriptReady,
    UtteranceEnded,
)
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.instruction import Instruction
from voicebot.protocol.reply import Reply

A = TypeVar("A", bound=Action)


class ScriptedCall:
    """Feeds a conversation and remembers what it wanted done."""

    def __init__(self, config: ConversationConfig | None = None) -> None:
        self.core = Conversation(config or ConversationConfig())
        self.now_ms = 1_000.0
        self.actions: list[Action] = []
        self.utterance_id = 0

    def feed(self, event: Event) -> list[Action]:
        actions = self.core.feed(event, self.now_ms)
        self.actions += actions
        return actions

    def wait(self, duration_ms: float) -> list[Action]:
        """Let time pass, ticking at every deadline."""
        end_ms, actions = self.now_ms + duration_ms, []
        while (deadline := self.core.next_deadline_ms) is not None and deadline <= end_ms:
            self.now_ms = max(self.now_ms, deadline)
            actions += self.feed(Tick())
        self.now_ms = end_ms
        return actions

    def answer(
        self,
        *sentences: str,
        instructions: tuple[Instruction, ...] = (),
        interruptible: bool = True,
        semantic: bool = False,
        identify_ms: int | None = None,
        silent_s: int | None = None,
    ) -> list[Action]:
        """The brain answers the query in progress: one chunk a sentence, then an empty one."""
        actions: list[Action] = []
        texts = [*sentences, ""]
        for number, text in enumerate(texts):
            done = number == len(texts) - 1
            chunk = Chunk(
                session_id="s1",
                query_id="q1",
                chunk_id=number,
                done=done,
                reply=Reply(text, allow_interrupt=interruptible, allow_semantic_interruption=semantic),
                instructions=instructions if done else (),
                identify_duration_ms=identify_ms if number == 0 else None,
                node_silent_duration_s=silent_s if number == 0 else None,
            )
            actions += self.feed(ChunkArrived(self.core.turn_id, chunk))
        return actions

    def greeted(self, *sentences: str) -> None:
        """The call is answered, the greeting said and heard."""
        self.feed(CallAnswered())
        self.hear(self.answer(*(sentences or ("您好。",))))

    def hear(self, actions: list[Action]) -> list[Action]:
        """The caller hears all that was to be spoken, to the end."""
        after: list[Action] = []
        for speak in only(actions, Speak):
            self.feed(ClipStarted(speak.clip_id))
            after += self.feed(ClipFinished(speak.clip_id, 1000))
        return after

    def speak(self, speech_ms: int = 400) -> list[Action]:
        """The caller speaks for that long and pauses; the transcript is not there yet."""
        self.utterance_id += 1
        actions: list[Action] = []
        for grown_ms in range(20, speech_ms + 1, 20):
            actions += self.feed(SpeechGrew(self.utterance_id, grown_ms))
        return actions + self.feed(SpeechPaused(self.utterance_id, 1))

    def understood(self, text: str) -> list[Action]:
        """The speculative transcript arrives, then the end-of-speech time passes."""
        self.feed(TranscriptReady(self.utterance_id, 1, text))
        return self.feed(UtteranceEnded(self.utterance_id, 1))

    def say(self, text: str) -> list[Action]:
        """The caller says something."""
        return [*self.speak(), *self.understood(text)]

    def mid_answer(
        self,
        *sentences: str,
        heard: int = 0,
        played_ms: int = 900,
        interruptible: bool = True,
        semantic: bool = True,
        instructions: tuple[Instruction, ...] = (),
    ) -> int:
        """The caller was greeted and has said something, and hears the answer: return the clip that plays.

        Args:
            sentences: of the answer.
            heard: how many of them were heard to the end.
            played_ms: how long the next one has been playing.
            interruptible: as the answer says.
            semantic: as the answer says.
            instructions: at the end of the answer.
        """
        self.greeted()
        self.now_ms += 3_000
        self.say("我要改时间")
        spoken = only(
            self.answer(*sentences, interruptible=interruptible, semantic=semantic, instructions=instructions), Speak
        )
        self.hear([*spoken[:heard]])
        clip_id = spoken[heard].clip_id
        self.feed(ClipStarted(clip_id))
        self.now_ms += played_ms
        self.actions.clear()
        return clip_id

    def talks(self, speech_ms: int, since_ms: int = 0) -> list[Action]:
        """The caller goes on speaking, in real time, from ``since_ms`` of speech to ``speech_ms``."""
        actions: list[Action] = []
        for grown_ms in range(since_ms + 20, speech_ms + 1, 20):
            self.now_ms += 20
            actions += self.feed(SpeechGrew(self.utterance_id, grown_ms))
        return actions

    def stop_clip(self, clip_id: int, heard_ms: int, total_ms: int | None) -> list[Action]:
        """The playout reports a clip that was stopped."""
        return self.feed(ClipStopped(clip_id, heard_ms, total_ms))


def only(actions: list[Action], kind: type[A]) -> list[A]:
    """Return the actions of one kind."""
    return [action for action in actions if isinstance(action, kind)]


def one(actions: list[Action], kind: type[A]) -> A:
    """Return the only action of a kind."""
    found = only(actions, kind)
    assert len(found) == 1, f"expected one {kind.__name__} in {actions}"
    return found[0]


def asked(actions: list[Action]) -> str:
    """Return the text of the only query."""
    return one(actions, Ask).query.query_text
