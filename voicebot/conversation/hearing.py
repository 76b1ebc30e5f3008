"""What the caller said: utterances, the attempts at transcribing them, and when a whole saying is complete.

Pure bookkeeping. Transcription is speculative: it starts at a short pause and counts only if the
caller stays silent until the end-of-speech time. Utterances that follow each other while transcripts
are still under way belong to one saying, so that no words get lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from voicebot.conversation.actions import Action, DropTranscription, EndAfter, HurryTranscription, Transcribe
from voicebot.conversation.endpointing.endpointer import Endpointer, Grasp
from voicebot.conversation.events import (
    CallerPartial,
    Rehearsed,
    SpeechDropped,
    SpeechGrew,
    SpeechPaused,
    SpeechResumed,
    TranscriptFailed,
    TranscriptReady,
    TurnEndJudged,
    UtteranceEnded,
)

HearingEvent = (
    SpeechGrew
    | SpeechPaused
    | SpeechResumed
    | UtteranceEnded
    | SpeechDropped
    | CallerPartial
    | TranscriptReady
    | TranscriptFailed
    | Rehearsed
    | TurnEndJudged
)


@dataclass(frozen=True, slots=True)
class Saying:
    """What came of the caller's speech.

    Attributes:
        text: what was understood; "" for a noise.
        failed: code of the failure if nothing could be transcribed, else "".
    """

    text: str
    failed: str = ""


@dataclass(slots=True)
class _Utterance:
    ended_attempt: int | None = None
    asked_attempt: int | None = None
    transcripts: dict[int, str] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)
    grasps: dict[int, Grasp] = field(default_factory=dict)
    finished_probabilities: dict[int, float] = field(default_factory=dict)

    def paused_at(self, attempt: int) -> bool:
        """Tell whether the utterance is in the pause that an attempt was made at."""
        return self.ended_attempt is None and self.asked_attempt == attempt


class Hearing:
    """Collects what the caller says until it can be answered.

    Args:
        language: "zh" or "en".
        endpointer: says how long to wait at a pause; None: always for the end-of-speech time.
    """

    def __init__(self, language: str, endpointer: Endpointer | None = None) -> None:
        self._endpointer = endpointer
        self._joint = "" if language == "zh" else " "
        self._utterances: dict[int, _Utterance] = {}
        self._parts: list[str] = []
        self._failed = ""
        self.speech_ms = 0

    @property
    def busy(self) -> bool:
        """The caller is speaking, or a transcript is being waited for."""
        return bool(self._utterances)

    @property
    def waiting(self) -> bool:
        """All utterances have ended and at least one transcript is missing."""
        return self.busy and all(item.ended_attempt is not None for item in self._utterances.values())

    def feed(self, event: HearingEvent) -> tuple[list[Action], Saying | None]:
        """Take an event; return what to do, and the saying if it is complete now."""
        if isinstance(event, CallerPartial):
            return [], None  # a preview: what counts comes as a transcript
        if isinstance(event, SpeechGrew):
            self._utterances.setdefault(event.utterance_id, _Utterance())
            self.speech_ms = event.speech_ms
            return [], None
        utterance = self._utterances.get(event.utterance_id)
        if utterance is None:
            return [], None  # a transcript of speech that no longer matters
        if isinstance(event, TranscriptReady | TranscriptFailed | Rehearsed | TurnEndJudged):
            actions = self._understand(event, utterance)
        else:
            actions = self._follow(event, utterance)
        return actions, self._settle()

    def _follow(
        self, event: SpeechPaused | SpeechResumed | UtteranceEnded | SpeechDropped, utterance: _Utterance
    ) -> list[Action]:
        if isinstance(event, SpeechPaused):
            utterance.asked_attempt = event.attempt
            return [Transcribe(event.utterance_id, event.attempt, speculative=True)]
        if isinstance(event, SpeechResumed):
            utterance.asked_attempt = None
            if self._endpointer is not None:
                self._endpointer.habits.note(event.pause_ms)
            return [DropTranscription(event.utterance_id)]
        if isinstance(event, SpeechDropped):
            return self._close(event.utterance_id, utterance)
        return self._end(event, utterance)

    def _understand(
        self, event: TranscriptReady | TranscriptFailed | Rehearsed | TurnEndJudged, utterance: _Utterance
    ) -> list[Action]:
        if isinstance(event, TranscriptFailed):
            utterance.failures[event.attempt] = event.code
            return []
        if isinstance(event, Rehearsed):
            utterance.grasps[event.attempt] = Grasp.of(event.complete)
        elif isinstance(event, TurnEndJudged):
            utterance.finished_probabilities[event.attempt] = event.probability
        else:
            utterance.transcripts[event.attempt] = event.text
        return self._end_sooner(event.utterance_id, event.attempt, utterance)

    def so_far(self, utterance_id: int, attempt: int) -> str:
        """Return all that the saying would be if the caller had ended with this pause.

        "" if that is not known, or if the pause is over.
        """
        utterance = self._utterances.get(utterance_id)
        if utterance is None or len(self._utterances) > 1 or not utterance.paused_at(attempt):
            return ""
        text = utterance.transcripts.get(attempt, "").strip()
        return self._joint.join([*self._parts, text]) if text else ""

    def give_up(self) -> tuple[list[Action], Saying]:
        """Stop waiting for transcripts that do not come; return what was understood so far."""
        actions: list[Action] = [DropTranscription(utterance_id) for utterance_id in self._utterances]
        self._utterances.clear()
        self._failed = self._failed or "speech_recognition"
        saying = self._settle()
        assert saying is not None, "nothing is being waited for, so the saying is complete"
        return actions, saying

    def reset(self) -> list[Action]:
        """Forget all that was being said."""
        actions: list[Action] = [DropTranscription(utterance_id) for utterance_id in self._utterances]
        self._utterances.clear()
        self._parts.clear()
        self._failed = ""
        self.speech_ms = 0
        return actions

    def _end(self, event: UtteranceEnded, utterance: _Utterance) -> list[Action]:
        utterance.ended_attempt = event.attempt
        self.speech_ms = 0
        failed_before = event.attempt in utterance.failures
        if utterance.asked_attempt == event.attempt and not failed_before:
            return [HurryTranscription(event.utterance_id)] if event.attempt not in utterance.transcripts else []
        # A failed speculation is worth a second try: now it counts.
        utterance.failures.pop(event.attempt, None)
        utterance.asked_attempt = event.attempt
        return [Transcribe(event.utterance_id, event.attempt, speculative=False)]

    def _end_sooner(self, utterance_id: int, attempt: int, utterance: _Utterance) -> list[Action]:
        """Return how much silence ends the utterance, by what is known of the pause; nothing before its words are."""
        text = self.so_far(utterance_id, attempt)
        if self._endpointer is None or not text:
            return []
        grasp, probability = utterance.grasps.get(attempt), utterance.finished_probabilities.get(attempt)
        wait_ms = self._endpointer.wait_ms(text, grasp, probability)
        return [EndAfter(utterance_id, attempt, wait_ms)] if wait_ms is not None else []

    def _close(self, utterance_id: int, utterance: _Utterance) -> list[Action]:
        del self._utterances[utterance_id]
        self.speech_ms = 0
        return [DropTranscription(utterance_id)] if utterance.asked_attempt is not None else []

    def _settle(self) -> Saying | None:
        """Move finished utterances, oldest first, into the saying; return it when none is left."""
        for utterance_id, utterance in sorted(self._utterances.items()):
            attempt = utterance.ended_attempt
            if attempt is None:
                return None
            if attempt in utterance.transcripts:
                text = utterance.transcripts[attempt].strip()
                if text:
                    self._parts.append(text)
            elif attempt in utterance.failures:
                self._failed = utterance.failures[attempt]
            else:
                return None
            del self._utterances[utterance_id]
        saying = Saying(self._joint.join(self._parts), "" if self._parts else self._failed)
        self._parts.clear()
        self._failed = ""
        return saying
