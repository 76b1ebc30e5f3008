"""The seam between a call's audio and its conversation: frames in, speech events out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from voicebot.conversation.events import (
    SpeechDropped,
    SpeechGrew,
    SpeechPaused,
    SpeechResumed,
    UtteranceEnded,
)

EarEvent = SpeechGrew | SpeechPaused | SpeechResumed | UtteranceEnded | SpeechDropped


class Ears(Protocol):
    """VAD and segmenter of one call."""

    @property
    def end_of_speech_ms(self) -> int:
        """Silence that ends an utterance, the longest there is."""
        ...

    @property
    def since_speech_ms(self) -> float:
        """Audio time since the last speech of the utterance that ended last."""
        ...

    def feed(self, pcm: bytes) -> Iterable[EarEvent]:
        """Take a frame of the caller's audio; return what it brought about."""
        ...

    def audio(self, utterance_id: int, attempt: int) -> bytes:
        """Return the audio of an attempt at transcribing an utterance."""
        ...

    def forget(self, utterance_id: int) -> None:
        """Free the audio of an utterance whose transcripts nobody waits for."""
        ...

    def audio_so_far(self, utterance_id: int) -> bytes:
        """Return the audio of the utterance under way, b"" if that is another one."""
        ...

    def end_after(self, utterance_id: int, attempt: int, silence_ms: int) -> Iterable[EarEvent]:
        """Let the pause that ``attempt`` names end the utterance after less silence; return what that brings about.

        Nothing happens if that pause is over.
        """
        ...

    def set_end_of_speech(self, duration_ms: int) -> None:
        """Change the silence that ends an utterance, also in the middle of one."""
        ...
