"""What the caller said: utterances, the attempts at transcribing them, and when a whole saying is complete.

Pure bookkeeping. Transcription is speculative: it starts at a short pause and counts only if the
caller stays silent until the end-of-speech time. Utterances that follow each other while transcripts
are still under way belong to one saying, so that no words get lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from voicebot.conversation.actions import Action, DropTranscription, Transcribe
from voicebot.conversation.events import (
    CallerPartial,
    SpeechDropped,
    SpeechGrew,
    SpeechPaused,
    SpeechResumed,
    TranscriptFailed,
    TranscriptReady,
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


class Hearing:
    """Collects what the caller says until it can be answered."""

    def __init__(self, language: str) -> None:
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
        actions: list[Action] = []
        if isinstance(event, CallerPartial):
            return [], None  # a preview: what counts comes as a transcript
        if isinstance(event, SpeechGrew):
            self._utterances.setdefault(event.utterance_id, _Utterance())
            self.speech_ms = event.speech_ms
            return [], None
        utterance = self._utterances.get(event.utterance_id)
        if utterance is None:
            return [], None  # a transcript of speech that no longer matters
        if isinstance(event, SpeechPaused):
            utterance.asked_attempt = event.attempt
            actions.append(Transcribe(event.utterance_id, event.attempt, speculative=True))
        elif isinstance(event, SpeechResumed):
            utterance.asked_attempt = None
            actions.append(DropTranscription(event.utterance_id))
        elif isinstance(event, SpeechDropped):
            actions.extend(self._close(event.utterance_id, utterance))
        elif isinstance(event, UtteranceEnded):
            actions.extend(self._end(event, utterance))
        elif isinstance(event, TranscriptReady):
            utterance.transcripts[event.attempt] = event.text
        else:
            utterance.failures[event.attempt] = event.code
        return actions, self._settle()

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
            return []
        # A failed speculation is worth a second try: now it counts.
        utterance.failures.pop(event.attempt, None)
        utterance.asked_attempt = event.attempt
        return [Transcribe(event.utterance_id, event.attempt, speculative=False)]

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
