"""Kokoro-82M by ONNX: one model, many voices, Mandarin phonemes in, 24 kHz out.

The directory holds ``model.onnx``, ``vocab.json`` and ``voices/<name>.bin`` (float32, 510 x 1 x 256: one
style vector for each number of phonemes; hexgrad/Kokoro-82M, Apache-2.0).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from voicebot.errors import SynthesisError
from voicebot.speech.synthesis.engine import Samples, open_session

RATE_HZ = 24_000
MAX_PHONEMES = 510
_STYLE_SHAPE = (510, 1, 256)
_PAUSES = frozenset(" ,.!?;:—…")


class Phonemiser(Protocol):
    """Text in, phonemes of the model's vocabulary out."""

    def __call__(self, text: str) -> str:
        """Return the phonemes."""
        ...


class KokoroModel:
    """The network and its vocabulary, shared by all voices of a directory.

    Args:
        directory: where the model lies.
        threads: cores for one clause.

    Raises:
        SynthesisError: a file is missing or not what it should be.
    """

    def __init__(self, directory: Path, threads: int = 1) -> None:
        self._directory = directory
        vocabulary = directory / "vocab.json"
        try:
            loaded = json.loads(vocabulary.read_text(encoding="utf-8"))
            self._ids: dict[str, int] = {str(k): int(v) for k, v in loaded.get("vocab", loaded).items()}
        except OSError as error:
            raise SynthesisError(f"{error.filename}: cannot be read: {error.strerror}") from error
        except (ValueError, AttributeError, TypeError) as error:
            raise SynthesisError(f"{vocabulary}: is not the vocabulary of a Kokoro model") from error
        self._session = open_session(directory / "model.onnx", threads)

    def style(self, voice: str) -> NDArray[np.float32]:
        """Read the style vectors of a voice, shape (510, 1, 256).

        Raises:
            SynthesisError: there is no such voice, or its file is not whole.
        """
        file = self._directory / "voices" / f"{voice}.bin"
        try:
            return np.fromfile(file, np.float32).reshape(_STYLE_SHAPE)
        except OSError as error:
            raise SynthesisError(f"{file}: cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise SynthesisError(f"{file}: is not a Kokoro voice") from error

    def render(self, phonemes: str, style: NDArray[np.float32]) -> Samples:
        """Render phonemes; those that the vocabulary lacks are left out.

        Raises:
            SynthesisError: the model failed.
        """
        parts = [self._render_ids(ids, style) for ids in fitting(self.encode(phonemes), self._pause_ids())]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def encode(self, phonemes: str) -> list[int]:
        """Return the ids of the phonemes that the vocabulary has."""
        return [self._ids[phoneme] for phoneme in phonemes if phoneme in self._ids]

    def _pause_ids(self) -> frozenset[int]:
        return frozenset(self._ids[pause] for pause in _PAUSES if pause in self._ids)

    def _render_ids(self, ids: list[int], style: NDArray[np.float32]) -> Samples:
        # The model renders 0.4 s of silence in front and 0.7 s behind, which costs half the time of a short
        # clause. Shorter durations for the outer tokens were tried (by an input "speed" of one value a
        # phoneme): the silence goes, and the first and last syllables with it ("您好" was heard as "以后").
        inputs = {
            "tokens": np.array([[0, *ids, 0]], np.int64),  # 0 pads both ends, as in training
            "style": style[len(ids) - 1],
            "speed": np.ones(1, np.float32),
        }
        try:
            audio = self._session.run(None, inputs)[0]
        except Exception as error:  # onnxruntime raises bare C++ exception types of its own
            raise SynthesisError(f"Kokoro could not speak a clause ({type(error).__name__})") from error
        return np.asarray(audio, np.float32).reshape(-1)


class KokoroEngine:
    """One Mandarin voice of a Kokoro model."""

    language = "zh"
    rate_hz = RATE_HZ

    def __init__(self, model: KokoroModel, voice: str, phonemes: Phonemiser) -> None:
        self._model = model
        self._style = model.style(voice)
        self._phonemes = phonemes
        self.synthesise_clause("好。")  # the first run allocates: not in a caller's turn

    def synthesise_clause(self, text: str) -> Samples:
        """Render one clause.

        Raises:
            SynthesisError: the model failed.
        """
        phonemes = self._phonemes(text)
        if not any(character.isalpha() for character in phonemes):
            return np.zeros(0, np.float32)
        return self._model.render(phonemes, self._style)


def fitting(ids: list[int], pauses: frozenset[int]) -> list[list[int]]:
    """Cut ids to parts of ``MAX_PHONEMES`` at most, each at its last pause if it has one."""
    parts = []
    while len(ids) > MAX_PHONEMES:
        cut = next((i for i in range(MAX_PHONEMES, 1, -1) if ids[i - 1] in pauses), MAX_PHONEMES)
        parts.append(ids[:cut])
        ids = ids[cut:]
    return [*parts, ids] if ids else parts
