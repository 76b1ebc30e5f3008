"""Turns spoken by our voices, carried over a telephone line with noise, and understood by our recogniser."""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from voicebot.errors import ConfigError, ModelError
from voicebot.evaluation import telephone
from voicebot.evaluation.telephone import Audio
from voicebot.evaluation.turns import Heard, Turn
from voicebot.modelstore.store import ModelStore
from voicebot.settings import Settings
from voicebot.settings.section import Language
from voicebot.speech.clips import Clip, load_clips
from voicebot.speech.recognition.scoring import errors
from voicebot.speech.recognition.whisper import WhisperRecogniser
from voicebot.speech.synthesis.service import SynthesisService, open_shelf
from voicebot.speech.types import SpeechRequest, TranscriptionRequest

SNR_DB = 15.0
SPEEDS = (1.0, 0.93, 1.07)
_NOISES = ("noise", "office", "cafe", "babble (derived)")
_AT_A_TIME = 2
_SYNTHESIS_HZ = 16000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a caller is heard through: a noise of a clip folder; name "" for none."""

    name: str
    noise: Audio | None


_QUIET = Surroundings("", None)


def noises(folder: Path) -> list[Surroundings]:
    """Return the noises of a clip folder: rooms, cafés, other people.

    Raises:
        ConfigError: it has none.
    """
    clips = [clip for clip in load_clips(folder) if clip.kind in _NOISES]
    if not clips:
        raise ConfigError(f"{folder}: no clip in its manifest is of the kind {', '.join(_NOISES)}")
    return [Surroundings(clip.path.name, _noise(clip)) for clip in clips]


async def hear(
    turns: Sequence[Turn],
    language: Language,
    settings: Settings,
    folder: Path,
    tell: Callable[[int], None],
    hint: str = "",
) -> list[Heard]:
    """Speak each turn, send it over a quiet line and over one with noise, and transcribe it as calls are.

    Returns two transcripts for each turn. Voices, speeds and noises take turns, in the same way each time.

    Args:
        turns: what to speak.
        language: "zh" or "en".
        settings: models, voice activity and recogniser as calls have them.
        folder: clips with a manifest, for the noise.
        tell: called with the number of finished turns.
        hint: words that the bot's lines tell the recogniser to expect.

    Raises:
        ConfigError: the folder has no noise.
        ModelError: the recogniser or the voices of the language are missing.
        SynthesisError: a turn cannot be spoken.
    """
    store = ModelStore(settings)
    async with AsyncExitStack() as stack:
        mouth, voices = await _open_mouth(store, settings, language, stack)
        ears = await WhisperRecogniser.load(store.path(settings.speech.recogniser.model), settings.speech.recogniser)
        stack.push_async_callback(ears.close)
        surroundings = noises(folder)
        places = asyncio.Semaphore(_AT_A_TIME)
        done = itertools.count(1)

        async def one(number: int, turn: Turn) -> list[Heard]:
            async with places:
                voice, speed = voices[number % len(voices)], SPEEDS[number % len(SPEEDS)]
                spoken = [piece async for piece in mouth.synthesise(SpeechRequest(turn.said, voice, _SYNTHESIS_HZ))]
                quiet = _as_sent(b"".join(spoken), speed, settings)
                heard = []
                for around in (_QUIET, surroundings[number % len(surroundings)]):
                    pcm = telephone.to_pcm(telephone.over_the_line(_amid(quiet, around, number)))
                    transcript = await ears.transcribe(TranscriptionRequest(pcm, telephone.RATE_HZ, language, hint))
                    snr_db = SNR_DB if around.name else None
                    model = settings.speech.recogniser.model
                    heard.append(Heard(turn.id, turn.said, transcript.text, model, voice, speed, around.name, snr_db))
                tell(next(done))
                return heard

        pairs = await asyncio.gather(*(one(number, turn) for number, turn in enumerate(turns)))
        return [heard for pair in pairs for heard in pair]


def write_heard(file: Path, heard: Sequence[Heard]) -> None:
    """Write transcripts, one JSON object a line."""
    file.write_text("".join(json.dumps(asdict(entry), ensure_ascii=False) + "\n" for entry in heard), encoding="utf-8")


def error_rate(heard: Sequence[Heard], language: Language) -> float:
    """Return the share of wrong characters (Mandarin) or words (English) in transcripts."""
    counts = [errors(entry.said, entry.heard, language) for entry in heard]
    return sum(wrong for wrong, _ in counts) / max(1, sum(units for _, units in counts))


async def _open_mouth(
    store: ModelStore, settings: Settings, language: Language, stack: AsyncExitStack
) -> tuple[SynthesisService, list[str]]:
    """Return a synthesiser that leaves the prompt cache of the service alone, and the voices of a language."""
    models = [model.id for model in store.manifest.models if model.kind == "voice" and language in model.languages]
    shelf = open_shelf(settings, store.path, {language: store.voice(language)}, models)
    voices = [voice.id for voice in await asyncio.to_thread(shelf.voices) if voice.language == language]
    if not voices:
        raise ModelError(f"there is no voice for '{language}'; fetch one with: voicebot models pull")
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    elsewhere = settings.model_copy(update={"paths": settings.paths.model_copy(update={"data": Path(folder)})})
    mouth = SynthesisService(elsewhere, shelf)
    stack.push_async_callback(mouth.close)
    return mouth, voices


def _as_sent(pcm: bytes, speed: float, settings: Settings) -> Audio:
    """Return speech at 8 kHz with the pre-roll before the words and the pause after them, as the recogniser gets it."""
    clean = telephone.resampled(telephone.from_pcm(pcm), _SYNTHESIS_HZ, telephone.RATE_HZ)
    vad = settings.speech.vad
    return telephone.surrounded(telephone.at_speed(clean, speed), vad.pre_roll_ms, vad.speculate_after_ms)


def _amid(audio: Audio, around: Surroundings, seed: int) -> Audio:
    if around.noise is None:
        return audio
    start = int(np.random.default_rng(seed).integers(len(around.noise)))
    return telephone.with_noise(audio, around.noise, SNR_DB, start)


def _noise(clip: Clip) -> Audio:
    samples, rate_hz = clip.samples()
    audio = telephone.resampled(samples.astype(np.float64) / 32768, rate_hz, telephone.RATE_HZ)
    if not len(audio):
        raise ConfigError(f"{clip.path}: an empty clip")
    return audio
