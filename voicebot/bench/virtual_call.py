"""A call without a line: the conversation core on a virtual clock, with a caller, a voice and a brain that are scripts.

Everything that surrounds the core takes the time it would take on a line, but on a clock that jumps from one event to
the next: an hour of talk is a matter of seconds.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from voicebot.conversation.actions import (
    RESUME_BACK_MS,
    Action,
    Ask,
    HangUp,
    PauseSpeaking,
    ResumeSpeaking,
    Speak,
    StopSpeaking,
    Transcribe,
)
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.core import Conversation
from voicebot.conversation.events import (
    CallAnswered,
    CallEnded,
    CallerPartial,
    ChunkArrived,
    ClipFinished,
    ClipPaused,
    ClipStarted,
    ClipStopped,
    Event,
    SpeechGrew,
    SpeechPaused,
    Tick,
    TranscriptReady,
    UtteranceEnded,
)
from voicebot.conversation.leg import HangupCause
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.query import Query

FRAME_MS = 20
_SPECULATE_AFTER_MS = 200
_END_OF_SPEECH_MS = 800
_RECOGNITION_MS = 200
_PREVIEW_MS = 240
_BRAIN_MS = 30
_SYNTHESIS_MS = 60
_CHARACTER_MS = 200

BrainScript = Callable[[Query], Sequence[Chunk]]


@dataclass(slots=True)
class _Clip:
    clip_id: int
    length_ms: float
    played_ms: float = 0.0
    started: bool = False


class _Playout:
    """What the caller hears, by the clock."""

    def __init__(self) -> None:
        self.clips: list[_Clip] = []
        self.paused = False
        self._since_ms = 0.0

    def say(self, clip: _Clip, now_ms: float) -> None:
        if not self.clips:
            self._since_ms = now_ms + _SYNTHESIS_MS
        self.clips.append(clip)

    def next_ms(self) -> float:
        """Return when a clip starts or ends next."""
        if self.paused or not self.clips:
            return math.inf
        clip = self.clips[0]
        return self._since_ms + (clip.length_ms - clip.played_ms if clip.started else 0.0)

    def pass_next(self, now_ms: float) -> Event:
        """Let the clip start or end that does so now."""
        clip = self.clips[0]
        self._since_ms = now_ms
        if not clip.started:
            clip.started = True
            return ClipStarted(clip.clip_id)
        del self.clips[0]
        return ClipFinished(clip.clip_id, int(clip.length_ms))

    def pause(self, now_ms: float) -> list[Event]:
        self._advance(now_ms)
        self.paused = True
        return [ClipPaused(clip.clip_id, int(clip.played_ms), None) for clip in self.clips if clip.started]

    def resume(self, now_ms: float, *, from_start: bool) -> None:
        self.paused = False
        self._since_ms = now_ms
        for clip in self.clips[:1]:
            clip.played_ms = 0.0 if from_start else max(0.0, clip.played_ms - RESUME_BACK_MS)

    def stop(self, now_ms: float) -> list[Event]:
        self._advance(now_ms)
        stopped: list[Event] = [
            ClipStopped(clip.clip_id, int(clip.played_ms), None) for clip in self.clips if clip.started
        ]
        self.clips, self.paused = [], False
        return stopped

    def _advance(self, now_ms: float) -> None:
        if self.clips and self.clips[0].started and not self.paused:
            self.clips[0].played_ms += now_ms - self._since_ms
            self._since_ms = now_ms


class VirtualCall:
    """A call on a virtual clock.

    Args:
        config: of the conversation.
        brain: returns the answer to a query; it arrives all at once.
        voice: how long a text takes to be said; infinity: it never comes to an end.

    Attributes:
        now_ms: the virtual clock.
        events: how many events of each kind the core was fed.
        actions: how many actions of each kind it asked for.
        queries: what the brain was asked.
        over: the bot hung up.
    """

    def __init__(
        self,
        config: ConversationConfig,
        brain: BrainScript,
        voice: Callable[[str], float] = lambda text: len(text) * _CHARACTER_MS,
    ) -> None:
        self.core = Conversation(config)
        self.now_ms = 0.0
        self.events: Counter[str] = Counter()
        self.actions: Counter[str] = Counter()
        self.queries: list[Query] = []
        self.over = False
        self._brain = brain
        self._voice = voice
        self._playout = _Playout()
        self._agenda: list[tuple[float, int, Event]] = []
        self._order = itertools.count()
        self._texts: dict[int, str] = {}

    @property
    def speaking(self) -> bool:
        """The bot can be heard, or will be at once."""
        return bool(self._playout.clips) and not self._playout.paused

    def answered(self) -> None:
        """The call is up."""
        self.feed(CallAnswered())

    def at(self, at_ms: float, event: Event) -> None:
        """Let something happen later."""
        heapq.heappush(self._agenda, (at_ms, next(self._order), event))

    def says(self, text: str, speech_ms: int, at_ms: float | None = None) -> float:
        """Let the caller say something, now or later; return when his end of speech has passed."""
        begin_ms = self.now_ms if at_ms is None else at_ms
        utterance_id = len(self._texts) + 1
        self._texts[utterance_id] = text
        for grown_ms in range(FRAME_MS, speech_ms + 1, FRAME_MS):
            self.at(begin_ms + grown_ms, SpeechGrew(utterance_id, grown_ms))
        if text and speech_ms > _PREVIEW_MS + _RECOGNITION_MS:
            part = text[: max(1, len(text) * _PREVIEW_MS // speech_ms)]
            self.at(begin_ms + _PREVIEW_MS + _RECOGNITION_MS, CallerPartial(utterance_id, 0, part))
        end_ms = begin_ms + speech_ms
        self.at(end_ms + _SPECULATE_AFTER_MS, SpeechPaused(utterance_id, 1))
        self.at(end_ms + _END_OF_SPEECH_MS, UtteranceEnded(utterance_id, 1))
        return end_ms + _END_OF_SPEECH_MS

    def run(self, until_ms: float) -> None:
        """Let time pass until then, or until the bot has hung up."""
        while not self.over:
            deadline_ms = self.core.next_deadline_ms
            at_ms = min(
                self._agenda[0][0] if self._agenda else math.inf,
                self._playout.next_ms(),
                math.inf if deadline_ms is None else deadline_ms,
            )
            if at_ms > until_ms:
                break
            self.now_ms = max(self.now_ms, at_ms)
            self.feed(self._next_event())
        self.now_ms = max(self.now_ms, until_ms)

    def feed(self, event: Event) -> None:
        """Feed the core and do what it asks for."""
        waiting = [event]
        while waiting:
            item = waiting.pop(0)
            self.events[type(item).__name__] += 1
            for action in self.core.feed(item, self.now_ms):
                self.actions[type(action).__name__] += 1
                waiting += self._perform(action)

    def _next_event(self) -> Event:
        if self._agenda and self._agenda[0][0] <= self.now_ms:
            return heapq.heappop(self._agenda)[2]
        return self._playout.pass_next(self.now_ms) if self._playout.next_ms() <= self.now_ms else Tick()

    def _perform(self, action: Action) -> list[Event]:
        match action:
            case Speak(clip_id=clip_id, text=text):
                self._playout.say(_Clip(clip_id, self._voice(text)), self.now_ms)
            case PauseSpeaking():
                return self._playout.pause(self.now_ms)
            case ResumeSpeaking(from_start=from_start):
                self._playout.resume(self.now_ms, from_start=from_start)
            case StopSpeaking():
                return self._playout.stop(self.now_ms)
            case Transcribe(utterance_id=utterance_id, attempt=attempt):
                text = self._texts.get(utterance_id, "")
                self.at(self.now_ms + _RECOGNITION_MS, TranscriptReady(utterance_id, attempt, text))
            case Ask(turn_id=turn_id, query=query):
                self.queries.append(query)
                for chunk in self._brain(query):
                    self.at(self.now_ms + _BRAIN_MS, ChunkArrived(turn_id, chunk))
            case HangUp():
                self.over = True
                return [CallEnded(HangupCause.BOT)]
        return []
