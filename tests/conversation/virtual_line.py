"""A caller on a line without sound: the real segmenter and the real core, frame by frame on the audio's own clock."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

from voicebot.conversation.actions import (
    Action,
    Ask,
    DropTranscription,
    EndAfter,
    Rehearse,
    SetEndOfSpeech,
    Speak,
    Transcribe,
)
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.core import Conversation
from voicebot.conversation.endpointing.endpointer import EndpointingConfig
from voicebot.conversation.events import (
    CallAnswered,
    ChunkArrived,
    ClipFinished,
    ClipStarted,
    Event,
    Rehearsed,
    Tick,
    TranscriptReady,
    TurnEndJudged,
)
from voicebot.conversation.segmenter_ears import SegmenterEars
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.expectation import Expectation
from voicebot.protocol.reply import Reply
from voicebot.settings.model import VadSettings

FRAME_MS = 20
RECOGNITION_MS = 130
REHEARSAL_MS = 10
RATE_HZ = 1000
"""One sample a millisecond keeps the arithmetic in sight."""


class _Marked:
    """Takes the verdict from the frame itself."""

    rate_hz = RATE_HZ
    frame_samples = FRAME_MS * RATE_HZ // 1000
    hangover_ms = 0
    tentative = False
    stirring = False
    faint = False

    def is_speech(self, frame: bytes) -> bool:
        return frame[0] == 1


@dataclass(frozen=True, slots=True)
class Taken:
    """One turn of the caller as the line took it.

    Attributes:
        text: the query.
        waited_ms: from the caller's last sound to the query.
    """

    text: str
    waited_ms: int


class VirtualLine:
    """A conversation that has been greeted, with a caller who says words and pauses.

    Args:
        expects: what the greeting asks for; None for a brain that does not tell.
        identify_ms: what the greeting wants as ``identifyDuration``.
        endpointing: how turns end; None for fixed.
        complete: what the brain makes of words on trial; None: it is never asked.
        language: "zh" or "en".
        finished_probability: what the audio model makes of a pause after these words; None: there is no model.
        judging_ms: how long it takes.
    """

    def __init__(
        self,
        expects: Expectation | None = None,
        identify_ms: int = 1200,
        endpointing: EndpointingConfig | None = None,
        complete: Callable[[str], bool | None] | None = None,
        language: str = "en",
        finished_probability: Callable[[str], float] | None = None,
        judging_ms: int = 60,
    ) -> None:
        own = endpointing is not None
        config = ConversationConfig(
            language=language, endpointing=endpointing, own_brain=own, rehearse=complete is not None
        )
        self.core = Conversation(config)
        self.ears = SegmenterEars(VadSettings(), RATE_HZ, _Marked())
        self.now_ms = 0
        self.taken: list[Taken] = []
        self.rehearsed: list[str] = []
        self.actions: list[Action] = []
        self._complete = complete
        self._finished_probability = finished_probability
        self._judging_ms = judging_ms
        self._words: list[str] = []
        self._last_sound_ms = 0
        self._joint = "" if language == "zh" else " "
        self._due: list[tuple[int, int, Event]] = []
        self._order = itertools.count()
        self._feed(CallAnswered())
        self._answer(self.core.turn_id, Chunk("s", "q", 0, reply=Reply("Hello?"), expects=expects), identify_ms)

    def say(self, words: str, ms: int = 400) -> VirtualLine:
        """Say words; they are in the transcript of every pause from then on."""
        for at in range(0, ms, FRAME_MS):
            if at + FRAME_MS >= ms:
                self._words.append(words)
            self._frame(1)
            self._last_sound_ms = self.now_ms
        return self

    def pause(self, ms: int) -> VirtualLine:
        """Say nothing."""
        for _ in range(0, ms, FRAME_MS):
            self._frame(0)
        return self

    def _frame(self, mark: int) -> None:
        self.now_ms += FRAME_MS
        while self._due and self._due[0][0] <= self.now_ms:
            self._feed(heapq.heappop(self._due)[2])
        deadline_ms = self.core.next_deadline_ms
        if deadline_ms is not None and deadline_ms <= self.now_ms:
            self._feed(Tick())
        frame = bytes([mark]) + bytes(2 * FRAME_MS * RATE_HZ // 1000 - 1)
        for event in self.ears.feed(frame):
            self._feed(event)

    def _feed(self, event: Event) -> None:
        for action in self.core.feed(event, self.now_ms):
            self.actions.append(action)
            self._perform(action)

    def _perform(self, action: Action) -> None:
        match action:
            case Transcribe(utterance_id=utterance_id, attempt=attempt):
                text = self._joint.join(self._words)
                self._later(RECOGNITION_MS, TranscriptReady(utterance_id, attempt, text))
                if self._finished_probability is not None:
                    judged = TurnEndJudged(utterance_id, attempt, self._finished_probability(text))
                    self._later(self._judging_ms, judged)
            case DropTranscription(utterance_id=utterance_id):
                self._due = [each for each in self._due if getattr(each[2], "utterance_id", 0) != utterance_id]
                heapq.heapify(self._due)
            case EndAfter(utterance_id=utterance_id, attempt=attempt, silence_ms=silence_ms):
                for event in self.ears.end_after(utterance_id, attempt, silence_ms):
                    self._later(0, event)
            case SetEndOfSpeech(duration_ms=duration_ms):
                self.ears.set_end_of_speech(duration_ms)
            case Rehearse(utterance_id=utterance_id, attempt=attempt, query=query):
                assert self._complete is not None
                self.rehearsed.append(query.query_text)
                self._later(REHEARSAL_MS, Rehearsed(utterance_id, attempt, self._complete(query.query_text)))
            case Speak(clip_id=clip_id):
                self._later(FRAME_MS, ClipStarted(clip_id))
                self._later(2 * FRAME_MS, ClipFinished(clip_id, FRAME_MS))
            case Ask(turn_id=turn_id, query=query) if query.query_text:
                self.taken.append(Taken(query.query_text, self.now_ms - self._last_sound_ms))
                self._words.clear()
                self._later(FRAME_MS, ChunkArrived(turn_id, Chunk("s", "q", 0, done=True, reply=Reply("Good."))))

    def _answer(self, turn_id: int, chunk: Chunk, identify_ms: int) -> None:
        self._feed(ChunkArrived(turn_id, replace(chunk, identify_duration_ms=identify_ms, done=True)))
        self.pause(4 * FRAME_MS)

    def _later(self, after_ms: int, event: Event) -> None:
        heapq.heappush(self._due, (self.now_ms + after_ms, next(self._order), event))
