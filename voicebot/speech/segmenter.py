"""Cut a caller's audio into utterances. Counts audio time only: no clock, no thread, no I/O."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from voicebot.settings.model import VadSettings
from voicebot.speech.segments import (
    EndReason,
    SegmentEvent,
    SpeechDiscarded,
    SpeechPaused,
    SpeechProgress,
    SpeechResumed,
    SpeechStarted,
    UtteranceEnded,
)
from voicebot.speech.types import BYTES_PER_SAMPLE
from voicebot.speech.vad import VoiceActivityDetector

__all__ = [
    "EndReason",
    "SegmentEvent",
    "Segmenter",
    "SegmenterConfig",
    "SpeechDiscarded",
    "SpeechPaused",
    "SpeechProgress",
    "SpeechResumed",
    "SpeechStarted",
    "UtteranceEnded",
]


@dataclass(frozen=True, slots=True)
class SegmenterConfig:
    """When speech begins, pauses and ends. See ``settings.speech.vad`` for the first five.

    Attributes:
        resume_ms: speech needed after a pause to go on with the utterance; less is a click or a breath, which
            neither restarts the end-of-speech time nor makes the transcript of the pause void.
        stir_ms: sounds that may begin a word put off an end before ``end_of_speech_ms`` for so long at most
            (``VoiceActivityDetector.stirring``).
    """

    min_speech_ms: int = 100
    pre_roll_ms: int = 300
    end_of_speech_ms: int = 800
    speculate_after_ms: int = 200
    max_utterance_s: float = 25.0
    resume_ms: int = 80
    stir_ms: int = 200

    @classmethod
    def from_settings(cls, settings: VadSettings) -> SegmenterConfig:
        """Take over the settings of the same names."""
        return cls(
            min_speech_ms=settings.min_speech_ms,
            pre_roll_ms=settings.pre_roll_ms,
            end_of_speech_ms=settings.end_of_speech_ms,
            speculate_after_ms=settings.speculate_after_ms,
            max_utterance_s=settings.max_utterance_s,
        )


class Segmenter:
    """Turns frames of a call into utterances.

    Per utterance: ``SpeechStarted``, then ``SpeechProgress`` with every frame of speech, ``SpeechPaused`` and
    ``SpeechResumed`` in turn, and one of ``UtteranceEnded`` and ``SpeechDiscarded``. Ids count from 1.

    All silence is measured from the true end of speech: ``VoiceActivityDetector.hangover_ms`` is counted as silence.
    """

    def __init__(self, config: SegmenterConfig, detector: VoiceActivityDetector) -> None:
        self._config = config
        self._detector = detector
        self._rate_hz = detector.rate_hz
        self._frame_samples = detector.frame_samples
        self._min_speech_samples = self._samples(config.min_speech_ms)
        self._speculate_samples = self._samples(config.speculate_after_ms)
        self._resume_samples = self._samples(config.resume_ms)
        self._stir_samples = self._samples(config.stir_ms)
        self._max_bytes = int(config.max_utterance_s * self._rate_hz) * BYTES_PER_SAMPLE
        self._pre_roll_frames = -(-self._samples(config.pre_roll_ms) // self._frame_samples)
        self._pre_roll: deque[bytes] = deque(maxlen=self._pre_roll_frames)
        self.set_end_of_speech(config.end_of_speech_ms)
        self._position = 0
        self._last_id = 0
        self._continues = False  # the last utterance was cut in mid-speech, and the speech goes on
        # Of the utterance under way, all lengths in samples:
        self._open = False
        self._pcm = bytearray()
        self._paused_pcm: bytes | None = None  # what the last pause gave out; None while the caller speaks
        self._attempt = 0
        self._start = 0
        self._speech_end = 0
        self._run = 0  # called speech without a gap, up to now
        self._speech = 0  # speech in all
        self._silence = 0  # since the true end of speech
        self._burst = 0  # speech since the pause, not yet enough to resume
        self._pause_end_samples: int | None = None  # silence that ends it in this pause, if that is less

    @property
    def position_samples(self) -> int:
        """Samples fed so far."""
        return self._position

    @property
    def in_utterance(self) -> bool:
        """Whether an utterance is open: begun, and neither ended nor discarded."""
        return self._open

    @property
    def end_of_speech_ms(self) -> int:
        """Silence that ends an utterance."""
        return self._end_of_speech_ms

    def set_end_of_speech(self, duration_ms: int) -> None:
        """Change the silence that ends an utterance, from the next frame on, also for the utterance under way."""
        if duration_ms <= 0:
            raise ValueError(f"end of speech must be more than 0 ms, got {duration_ms}")
        self._end_of_speech_ms = duration_ms
        self._end_samples = self._samples(duration_ms)

    def end_after(self, utterance_id: int, attempt: int, silence_ms: int) -> list[SegmentEvent]:
        """Let a pause that is under way end the utterance after less silence than usual, if it lasts that long.

        A pause that is over, or that belongs to another utterance, is left alone; so is a caller who may just be
        going on. ``set_end_of_speech`` remains the most that is waited for.

        Returns:
            What comes of it at once: the end of the utterance, if it has been silent long enough.
        """
        if not self._open or self._paused_pcm is None or (utterance_id, attempt) != (self._last_id, self._attempt):
            return []
        self._pause_end_samples = self._samples(silence_ms)
        return self._end(EndReason.SILENCE) if self._silent_enough and not self._run and not self._burst else []

    def audio_so_far(self, utterance_id: int) -> bytes:
        """Return the audio of the utterance under way, b"" if that is another one."""
        return bytes(self._pcm) if self._open and utterance_id == self._last_id else b""

    def feed(self, frame: bytes) -> list[SegmentEvent]:
        """Take the next frame of the call (``detector.frame_samples`` samples) and tell what it means."""
        speech = self._detector.is_speech(frame)
        self._position += self._frame_samples
        if not self._open:
            if not speech:
                self._continues = False
                self._pre_roll.append(frame)
                return []
            return self._begin(frame)
        self._pcm += frame
        events = self._hear_speech() if speech else self._hear_silence()
        if self._open and len(self._pcm) >= self._max_bytes:
            events += self._end(EndReason.MAX_LENGTH)
        return events

    def flush(self) -> list[SegmentEvent]:
        """End the utterance under way at once: the call ends, or is put on hold."""
        if not self._open:
            return []
        if self._too_short():
            return self._discard()
        return self._end(EndReason.FLUSHED)

    def _begin(self, frame: bytes) -> list[SegmentEvent]:
        self._last_id += 1
        self._open = True
        self._start = self._position - self._frame_samples
        self._pcm = bytearray(b"".join(self._pre_roll))
        self._pcm += frame
        self._pre_roll.clear()
        self._run = self._speech = self._frame_samples
        return [SpeechStarted(self._last_id, self._start), self._progress()]

    def _hear_speech(self) -> list[SegmentEvent]:
        self._run += self._frame_samples
        if self._paused_pcm is None:
            self._speech += self._frame_samples
            self._silence = 0
            return [self._progress()]
        self._burst += self._frame_samples
        if self._burst < self._resume_samples:
            self._silence += self._frame_samples
            return []
        self._speech += self._burst
        pause_ms = max(0, self._silence + self._frame_samples - self._burst) * 1000 // self._rate_hz
        self._silence = self._burst = 0
        self._paused_pcm = self._pause_end_samples = None
        return [SpeechResumed(self._last_id, pause_ms), self._progress()]

    def _hear_silence(self) -> list[SegmentEvent]:
        if self._run:
            # The last part of the run was hang-over: silence that had been called speech.
            late = min(self._run, self._samples(self._detector.hangover_ms))
            self._run = 0
            if self._paused_pcm is None:
                self._speech -= late
                self._silence = late
            else:
                self._burst -= min(self._burst, late)
        self._silence += self._frame_samples
        if self._paused_pcm is None and self._silence >= min(self._speculate_samples, self._end_samples):
            return self._pause()
        return self._end(EndReason.SILENCE) if self._silent_enough else []

    @property
    def _silent_enough(self) -> bool:
        shorter = self._pause_end_samples
        if shorter is None or self._silence >= self._end_samples:
            return self._silence >= self._end_samples
        put_off = self._stir_samples if self._detector.stirring else 0
        return self._silence >= shorter + put_off

    def _pause(self) -> list[SegmentEvent]:
        if self._too_short():
            return self._discard()
        self._attempt += 1
        self._paused_pcm = bytes(self._pcm)
        events: list[SegmentEvent] = [SpeechPaused(self._last_id, self._attempt, self._paused_pcm)]
        self._speech_end = self._position - self._silence
        if self._silence >= self._end_samples:
            events += self._end(EndReason.SILENCE)
        return events

    def _end(self, reason: EndReason) -> list[SegmentEvent]:
        paused = self._paused_pcm
        # A run that the hang-over prolongs still counts as speech here: nothing else is known of it yet.
        end = self._speech_end if paused is not None else self._position - self._silence
        # Of a piece cut off by the longest utterance, all may be hang-over; it has begun all the same.
        end = max(end, self._start + self._frame_samples)
        ended = UtteranceEnded(
            utterance_id=self._last_id,
            attempt=self._attempt if paused is not None else 0,
            pcm=bytes(self._pcm) if paused is None else paused,
            start_sample=self._start,
            end_sample=end,
            reason=reason,
        )
        # Cut in mid-speech: whatever follows without a gap is speech, however short.
        self._continues = reason is EndReason.MAX_LENGTH and self._silence == 0
        self._keep_pre_roll(self._position - end)
        self._reset()
        return [ended]

    def _discard(self) -> list[SegmentEvent]:
        self._keep_pre_roll(len(self._pcm) // BYTES_PER_SAMPLE)
        self._reset()
        return [SpeechDiscarded(self._last_id)]

    def _keep_pre_roll(self, samples: int) -> None:
        """Let the last ``samples`` of the closed utterance lead the next one: its soft onset may lie there."""
        size = self._frame_samples * BYTES_PER_SAMPLE
        frames = min(samples // self._frame_samples, self._pre_roll_frames)
        for index in range(frames, 0, -1):
            at = len(self._pcm) - index * size
            self._pre_roll.append(bytes(self._pcm[at : at + size]))

    def _too_short(self) -> bool:
        return self._speech < self._min_speech_samples and not self._continues

    def _progress(self) -> SpeechProgress:
        return SpeechProgress(self._last_id, self._speech * 1000 // self._rate_hz)

    def _reset(self) -> None:
        self._open = False
        self._pcm = bytearray()
        self._paused_pcm = self._pause_end_samples = None
        self._attempt = self._start = self._speech_end = 0
        self._run = self._speech = self._silence = self._burst = 0

    def _samples(self, duration_ms: int) -> int:
        return duration_ms * self._rate_hz // 1000
