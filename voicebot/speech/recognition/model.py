"""Whisper on CTranslate2 with an encoder window as long as the utterance needs. Blocking; thread-safe."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2 import StorageView
from ctranslate2.models import Whisper
from tokenizers import Tokenizer

from voicebot.errors import ModelError, RecognitionError
from voicebot.settings.model import RecogniserSettings
from voicebot.speech.level import level_dbfs
from voicebot.speech.recognition import guards
from voicebot.speech.recognition.chinese import to_simplified
from voicebot.speech.recognition.features import FRAMES_PER_S, MAX_FRAMES, RATE_HZ, Array, LogMel, pcm_to_float
from voicebot.speech.recognition.hints import MIN_PROMPTED_S, hint_words, only_hinted, prompt_of
from voicebot.speech.recognition.soundalike import soundalike
from voicebot.speech.types import BYTES_PER_SAMPLE, Transcript, TranscriptionRequest

logger = logging.getLogger(__name__)

LANGUAGES = ("zh", "en")
FULL_WINDOW_S = 30.0
WINDOW_MARGIN_S = 2.0
# No 100 ms of the utterance louder than this: nothing was said, and Whisper would make something up.
QUIET_DBFS = -58.0
# Under this a transcript of hot words alone is believed only if it comes without them in the prompt, too.
_SURE_CONFIDENCE = 0.6
_MAX_PROMPT_TOKENS = 100
# Put before the hint. Nothing: on 34 AISHELL sentences "以下是普通话的句子。" made the character error rate
# 16.7 % instead of 15.8 %, and characters are simplified afterwards anyway.
DEFAULT_PROMPTS: Mapping[str, str] = {}
_MAX_TOKENS = 448  # the decoder's context, prompt included


@dataclass(frozen=True, slots=True)
class _Guess:
    text: str
    log_probability: float
    no_speech_probability: float


_NOTHING = _Guess("", 0.0, 1.0)


class WhisperModel:
    """A Whisper model in CTranslate2's format.

    ``transcribe`` may be called by as many threads at a time as ``settings.parallel`` says; it releases the GIL.
    """

    def __init__(self, directory: Path, settings: RecogniserSettings, prompts: Mapping[str, str] | None = None) -> None:
        """Load the model.

        Args:
            directory: holds model.bin, config.json, tokenizer.json and the vocabulary.
            settings: device, threads, beam, window.
            prompts: what precedes the hint, by language; None for DEFAULT_PROMPTS.

        Raises:
            ModelError: the files are missing or cannot be loaded.
        """
        try:
            self._model = Whisper(
                str(directory),
                device=settings.device,
                compute_type=settings.compute_type,
                inter_threads=settings.parallel,
                intra_threads=settings.threads,
            )
            self._tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
        except Exception as error:  # both libraries raise bare RuntimeError and Exception
            raise ModelError(f"the Whisper model in {directory} cannot be loaded: {error}") from error
        self._settings = settings
        self._prompts = DEFAULT_PROMPTS if prompts is None else prompts
        self._features = LogMel(self._model.n_mels)
        self._text_tokens_end = self._token("<|endoftext|>")

    def transcribe(self, request: TranscriptionRequest, given_up: Callable[[], bool] = lambda: False) -> Transcript:
        """Transcribe an utterance.

        Args:
            request: what to transcribe.
            given_up: tells, from another thread, that nobody wants the transcript any more; the work then ends with an
                empty one as soon as it can: the library cannot be stopped while it encodes or decodes.

        Raises:
            RecognitionError: the language is not supported, or the model failed.
        """
        if request.language not in LANGUAGES:
            raise RecognitionError(f"language must be one of {', '.join(LANGUAGES)}, got {request.language!r}")
        began = time.perf_counter()
        samples = len(request.pcm) // BYTES_PER_SAMPLE
        guess = _NOTHING
        if loudest_dbfs(request.pcm, request.rate_hz) > QUIET_DBFS:
            audio = pcm_to_float(request.pcm, request.rate_hz)
            try:
                guess = self._understand(audio, request, given_up)
            except (RuntimeError, ValueError) as error:
                raise RecognitionError(f"Whisper failed: {error}") from error
        return Transcript(
            text=guess.text,
            language=request.language,
            duration_ms=samples * 1000 // request.rate_hz,
            confidence=math.exp(min(0.0, guess.log_probability)) if guess.text else 0.0,
            no_speech_probability=guess.no_speech_probability,
            inference_ms=(time.perf_counter() - began) * 1000,
        )

    def warm_up(self) -> None:
        """Run once per worker thread of the model, so that the first caller does not pay for the first run."""
        noise = np.random.default_rng(0).normal(0, 0.01, RATE_HZ).astype(np.float32)
        if self._settings.hot_words != "off":
            soundalike(("热词",)).correct("热词")  # reads the dictionary of readings
        for _ in range(self._settings.parallel):
            self._decode(noise, "en", self._prompt("en", ""), self._settings.min_window_s)

    def _understand(self, audio: Array, request: TranscriptionRequest, given_up: Callable[[], bool]) -> _Guess:
        words = hint_words(request.hint) if self._settings.hot_words != "off" else ()
        prompted = self._settings.hot_words == "prompt" and len(audio) >= MIN_PROMPTED_S * RATE_HZ
        hint = request.context or (prompt_of(words, request.language, self._count_tokens) if prompted else "")
        guess = self._listen(audio, request.language, hint, given_up)
        if hint and only_hinted(guess.text, words) and math.exp(min(0.0, guess.log_probability)) < _SURE_CONFIDENCE:
            guess = self._listen(audio, request.language, "", given_up)
        if words and request.language == "zh" and guess.text:
            return replace(guess, text=soundalike(words).correct(guess.text))
        return guess

    def _listen(self, audio: Array, language: str, hint: str, given_up: Callable[[], bool]) -> _Guess:
        """Decode, and take out what Whisper made up."""
        duration_s = len(audio) / RATE_HZ
        window_s = min(FULL_WINDOW_S, max(self._settings.min_window_s, duration_s + WINDOW_MARGIN_S))
        prompt = self._prompt(language, hint)
        guess = self._decode(audio, language, prompt, window_s, given_up)
        if window_s < FULL_WINDOW_S and is_suspicious(guess.text, duration_s):
            logger.debug("window of %.1f s gave a loop, trying %.0f s", window_s, FULL_WINDOW_S)
            guess = self._decode(audio, language, prompt, FULL_WINDOW_S, given_up)
        text = guess.text
        if guards.is_made_up(text, guess.no_speech_probability, guess.log_probability) or self._echoes(text, language):
            text = ""
        elif is_suspicious(text, duration_s):
            text = guards.without_loop(text)
        return replace(guess, text=text)

    def _echoes(self, text: str, language: str) -> bool:
        # Noise after a prompt tempts Whisper to say the prompt again. The hint may be what the caller says: not that.
        plain = guards.skeleton(text)
        return len(plain) > 4 and plain in guards.skeleton(self._prompts.get(language, ""))

    def _decode(
        self,
        audio: Array,
        language: str,
        prompt: list[int],
        window_s: float,
        given_up: Callable[[], bool] = lambda: False,
    ) -> _Guess:
        frames = min(MAX_FRAMES, round(window_s * FRAMES_PER_S))
        features = StorageView.from_array(self._features.window(audio, frames))
        encoded = self._model.encode(features)
        if given_up():
            return _NOTHING
        # A loop runs until the limit: bound it by what can be said, 12 tokens a second.
        limit = len(prompt) + 24 + round(12 * len(audio) / RATE_HZ)
        result: Any = self._model.generate(
            encoded,
            [prompt],
            beam_size=self._settings.beam_size,
            max_length=min(_MAX_TOKENS, limit),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = [token for token in result.sequences_ids[0] if token < self._text_tokens_end]
        text = self._tokenizer.decode(tokens).strip()
        if language == "zh":
            text = to_simplified(text)
        return _Guess(text, float(result.scores[0]), float(result.no_speech_prob))

    def _prompt(self, language: str, hint: str) -> list[int]:
        lead = self._prompts.get(language, "") + hint
        prompt = []
        if lead:
            before = self._encode(lead)
            prompt = [self._token("<|startofprev|>"), *before[-_MAX_PROMPT_TOKENS:]]
        names = ("<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>", "<|notimestamps|>")
        return prompt + [self._token(name) for name in names]

    def _encode(self, text: str) -> list[int]:
        tokens: list[int] = self._tokenizer.encode(" " + text.strip(), add_special_tokens=False).ids
        return tokens

    def _count_tokens(self, text: str) -> int:
        return len(self._encode(text))

    def _token(self, name: str) -> int:
        token = self._tokenizer.token_to_id(name)
        if token is None:
            raise ModelError(f"the tokenizer has no {name}: this is not a multilingual Whisper model")
        return int(token)


def is_suspicious(text: str, duration_s: float) -> bool:
    """Tell whether ``text`` looks like a loop rather than like ``duration_s`` seconds of speech."""
    return guards.has_loop(text) or guards.is_too_dense(text, duration_s)


def loudest_dbfs(pcm: bytes, rate_hz: int) -> float:
    """Return the level of the loudest 100 ms of ``pcm``."""
    size = rate_hz // 10 * BYTES_PER_SAMPLE
    whole = len(pcm) & ~1
    return max((level_dbfs(pcm[at : min(at + size, whole)]) for at in range(0, whole, size)), default=-120.0)
