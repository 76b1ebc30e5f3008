"""The ears of a call: the segmenter's audio events as conversation events, the audio kept by attempt."""

from __future__ import annotations

from collections.abc import Iterable

from voicebot.conversation.ears import EarEvent
from voicebot.conversation.events import (
    SpeechDropped,
    SpeechGrew,
    SpeechPaused,
    SpeechResumed,
    UtteranceEnded,
)
from voicebot.settings.model import VadSettings
from voicebot.speech import segmenter as audio
from voicebot.speech.framing import Framer
from voicebot.speech.level import is_faint
from voicebot.speech.segments import SegmentEvent
from voicebot.speech.vad import VoiceActivityDetector, WebRtcDetector


class SegmenterEars:
    """VAD and segmenter behind the ``Ears`` seam.

    Args:
        settings: ``settings.speech.vad``.
        rate_hz: sample rate of the line.
        detector: tells speech from the rest; None for what the settings say.
    """

    def __init__(self, settings: VadSettings, rate_hz: int, detector: VoiceActivityDetector | None = None) -> None:
        if detector is None:
            detector = WebRtcDetector(rate_hz, settings.frame_ms, settings.aggressiveness)
        self._segmenter = audio.Segmenter(audio.SegmenterConfig.from_settings(settings), detector)
        self._framer = Framer(detector.frame_samples)
        self._rate_hz = rate_hz
        self._audio: dict[tuple[int, int], bytes] = {}
        self.since_speech_ms = 0.0

    @property
    def end_of_speech_ms(self) -> int:
        """Silence that ends an utterance."""
        return self._segmenter.end_of_speech_ms

    def set_end_of_speech(self, duration_ms: int) -> None:
        """Change the silence that ends an utterance."""
        self._segmenter.set_end_of_speech(duration_ms)

    def audio(self, utterance_id: int, attempt: int) -> bytes:
        """Hand over the audio of an attempt; it is not kept any longer."""
        return self._audio.pop((utterance_id, attempt), b"")

    def forget(self, utterance_id: int) -> None:
        """Free the audio of an utterance."""
        for key in [key for key in self._audio if key[0] == utterance_id]:
            del self._audio[key]

    def audio_so_far(self, utterance_id: int) -> bytes:
        """Return the audio of the utterance under way."""
        return self._segmenter.audio_so_far(utterance_id)

    def end_after(self, utterance_id: int, attempt: int, silence_ms: int) -> list[EarEvent]:
        """Let a pause end the utterance sooner."""
        return self._translated(self._segmenter.end_after(utterance_id, attempt, silence_ms))

    def can_wait(self, pcm: bytes) -> bool:
        """Tell whether a frame changes nothing, so that it may be fed later, with others. For any thread.

        Between utterances what is too faint for speech brings nothing about.
        """
        return not self._segmenter.in_utterance and is_faint(pcm)

    def feed(self, pcm: bytes) -> list[EarEvent]:
        """Take audio of any length; return what it brought about."""
        events: list[EarEvent] = []
        for frame in self._framer.feed(pcm):
            events += self._translated(self._segmenter.feed(frame))
        return events

    def _translated(self, events: Iterable[SegmentEvent]) -> list[EarEvent]:
        return [translated for event in events if (translated := self._translate(event)) is not None]

    def _translate(self, event: SegmentEvent) -> EarEvent | None:
        match event:
            case audio.SpeechProgress(utterance_id=utterance_id, speech_ms=speech_ms):
                return SpeechGrew(utterance_id, speech_ms)
            case audio.SpeechPaused(utterance_id=utterance_id, attempt=attempt, pcm=pcm):
                self._audio[utterance_id, attempt] = pcm
                return SpeechPaused(utterance_id, attempt)
            case audio.SpeechResumed(utterance_id=utterance_id, pause_ms=pause_ms):
                return SpeechResumed(utterance_id, pause_ms)
            case audio.UtteranceEnded(utterance_id=utterance_id, attempt=attempt, pcm=pcm):
                self._audio[utterance_id, attempt] = pcm
                silent_samples = self._segmenter.position_samples - event.end_sample
                self.since_speech_ms = silent_samples * 1000 / self._rate_hz
                return UtteranceEnded(utterance_id, attempt)
            case audio.SpeechDiscarded(utterance_id=utterance_id):
                return SpeechDropped(utterance_id)
            case _:
                return None
