"""Values and seams of the speech side: what a recogniser and a synthesiser are to the rest.

Audio is always signed 16-bit little-endian mono PCM in ``bytes``; its rate stands beside it.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

BYTES_PER_SAMPLE = 2
UNKNOWN_WORDS = "\ufffc"
"""Stands for words that are not known yet in a text to be rendered ahead (Unicode's object replacement character)."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a caller said, as text.

    Attributes:
        text: simplified characters for Mandarin; "" when there was nothing to understand.
        language: "zh" or "en".
        duration_ms: length of the audio that was transcribed.
        confidence: 0..1, the recogniser's own belief (exp of the mean token log-probability).
        no_speech_probability: 0..1, how much it looked like noise.
        inference_ms: time the model took, for metrics.
    """

    text: str
    language: str
    duration_ms: int
    confidence: float = 0.0
    no_speech_probability: float = 0.0
    inference_ms: float = 0.0


class Urgency(enum.IntEnum):
    """How much a transcription is waited for; the lower goes first."""

    FINAL = 0
    """The caller has ended."""
    SPECULATIVE = 1
    """The caller paused, and may still go on."""
    PREVIEW = 2
    """The caller is speaking. Refused where the recogniser has other things to do."""


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """One utterance to transcribe.

    Attributes:
        pcm: the audio, s16le mono.
        rate_hz: 8000 or 16000.
        language: "zh" or "en".
        hint: words to expect, one a line, those that matter most first; "" for none.
        urgency: how much it is waited for.
        context: text of the kind that is to be expected, where next to nothing else is said on such a line.
    """

    pcm: bytes
    rate_hz: int
    language: str
    hint: str = ""
    urgency: Urgency = Urgency.FINAL
    context: str = ""


@dataclass(frozen=True, slots=True)
class TurnEndRequest:
    """A pause of a caller, to be judged by its sound.

    Attributes:
        pcm: the turn so far, up to and with the pause, s16le mono; of no use beyond the last 8 s.
        rate_hz: 8000 or 16000.
    """

    pcm: bytes
    rate_hz: int


class TurnEndModel(Protocol):
    """Hears whether a caller has finished. Cancelling the coroutine gives the work up."""

    async def turn_end(self, request: TurnEndRequest) -> float:
        """Return how probable it is that the caller has finished, 0..1.

        Raises:
            SpeechError: the model failed, or there is none.
            SpeechWorkerLostError: the process that holds the model went away.
        """
        ...


class Recogniser(Protocol):
    """Turns an utterance into text. Cancelling the coroutine gives the work up."""

    async def transcribe(self, request: TranscriptionRequest) -> Transcript:
        """Transcribe one utterance.

        Raises:
            RecognitionError: the model failed.
            RecogniserBusyError: it is a preview, and the recogniser is needed for other things.
            SpeechWorkerLostError: the process that holds the model went away.
        """
        ...

    def promote(self, request: TranscriptionRequest) -> None:
        """Make a request that is under way, this very object, as urgent as a final one; others are ignored."""
        ...


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """One text to speak.

    Attributes:
        text: what to say, as a person would write it (numbers and symbols allowed).
        voice: a voice id of the model manifest ("zh", "en" pick the default voice of the language).
        rate_hz: 8000 or 16000.
        speculative: it may never be said; left out where the synthesiser is busy with what callers wait for.
    """

    text: str
    voice: str
    rate_hz: int = 16000
    speculative: bool = False


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that can be asked for: id, language ("zh", "en") and the engine behind it."""

    id: str
    language: str
    engine: str
    aliases: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class AudioRequest:
    """One audio file to fetch.

    Attributes:
        url: where it is, as somebody else's engine said: not to be trusted.
        rate_hz: sample rate to bring it to, 8000 or 16000.
        engine_url: the engine's own address; files may come from there even if that is an internal one.
    """

    url: str
    rate_hz: int
    engine_url: str = ""


WordEnds = tuple[tuple[int, int], ...]
"""When the words of a text are over in its audio: the index behind each of them, and the moment in ms."""


class Aligner(Protocol):
    """Knows when the words of a spoken text are over."""

    async def word_ends(self, request: SpeechRequest) -> WordEnds:
        """Return when each word of a text that was spoken is over in its audio; nothing if that is not known.

        Raises:
            SynthesisError: the text cannot be spoken.
            SpeechWorkerLostError: the process that holds the model went away.
        """
        ...


class AudioFetcher(Protocol):
    """Turns the address of an audio file into audio. Closing the iterator gives the work up."""

    def fetch(self, request: AudioRequest) -> AsyncIterator[bytes]:
        """Yield PCM (s16le mono at ``request.rate_hz``) as soon as it is there, in pieces of any length.

        Raises:
            AudioBlockedError: no file may be fetched from there.
            AudioFileError: the file cannot be fetched or decoded, or is too long.
            SpeechWorkerLostError: the process that fetches went away.
        """
        ...


class Synthesiser(Protocol):
    """Turns a text into audio, clause by clause. Closing the iterator gives the work up."""

    def synthesise(self, request: SpeechRequest) -> AsyncIterator[bytes]:
        """Yield PCM (s16le mono at ``request.rate_hz``) as soon as it exists, in pieces of any length.

        Raises:
            SynthesisError: the text cannot be spoken.
            SpeechWorkerLostError: the process that holds the model went away.
        """
        ...
