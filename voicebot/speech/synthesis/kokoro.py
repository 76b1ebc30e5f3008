"""Kokoro-82M by ONNX: one model, many voices, Mandarin phonemes in, 24 kHz out.

The directory holds ``model.onnx``, ``vocab.json`` and ``voices/<name>.bin`` (float32, 510 x 1 x 256: one
style vector for each number of phonemes; hexgrad/Kokoro-82M, Apache-2.0).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from voicebot.errors import SynthesisError
from voicebot.speech.synthesis.engine import Phone, Samples, open_session
from voicebot.speech.synthesis.kokoro_graph import split
from voicebot.speech.synthesis.kokoro_network import Network, SplitNetwork, Style, VoiceTuning, WholeNetwork

RATE_HZ = 24_000
MAX_PHONEMES = 510
_STYLE_SHAPE = (510, 1, 256)
_PAUSES = frozenset(" ,.!?;:—…")
# Long enough for the voice's averages, with a pause in it as most sentences have.
_SAMPLE_TEXT = "您好，这里是客户服务中心，请问有什么可以帮您？"


class Phonemiser(Protocol):
    """Text in, phonemes of the model's vocabulary out."""

    def __call__(self, text: str) -> str:
        """Return the phonemes."""
        ...

    def words(self, ideographs: str) -> list[str]:
        """Cut a run of Han characters into words."""
        ...


class KokoroModel:
    """The network and its vocabulary, shared by all voices of a directory.

    Args:
        directory: where the model lies.
        work_directory: where the network is kept as it is run, cut in two (90 MB).
        threads: cores for one clause.

    Raises:
        SynthesisError: a file is missing or not what it should be.
    """

    def __init__(self, directory: Path, work_directory: Path, threads: int = 1) -> None:
        self._directory = directory
        vocabulary = directory / "vocab.json"
        try:
            loaded = json.loads(vocabulary.read_text(encoding="utf-8"))
            self._ids: dict[str, int] = {str(k): int(v) for k, v in loaded.get("vocab", loaded).items()}
        except OSError as error:
            raise SynthesisError(f"{error.filename}: cannot be read: {error.strerror}") from error
        except (ValueError, AttributeError, TypeError) as error:
            raise SynthesisError(f"{vocabulary}: is not the vocabulary of a Kokoro model") from error
        model = directory / "model.onnx"
        parts = split(model, work_directory)
        self._signs = {number: sign for sign, number in self._ids.items()}
        self._network: Network
        if parts is None:
            self._network = WholeNetwork(open_session(model, threads))
        else:
            self._network = SplitNetwork(model, parts, threads)

    def style(self, voice: str) -> Style:
        """Read the style vectors of a voice.

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

    def tune(self, phonemes: str, style: Style) -> VoiceTuning:
        """Get a voice ready: measure it on a sentence, at its first use on this machine, and warm up.

        Raises:
            SynthesisError: the model failed.
        """
        return self._network.tune(self.encode(phonemes), style)

    def pieces(
        self, phonemes: str, style: Style, tuning: VoiceTuning, phones: list[Phone] | None = None
    ) -> Iterator[Samples]:
        """Render phonemes piece by piece; those that the vocabulary lacks are left out.

        Raises:
            SynthesisError: the model failed.
        """
        samples = 0
        for ids in fitting(self.encode(phonemes), self._pause_ids()):
            ends: list[int] = []
            begin = samples
            for piece in self._network.pieces(ids, style, tuning, ends):
                samples += len(piece)
                yield piece
            if phones is not None:
                phones += [Phone(self._signs[number], begin + end) for number, end in zip(ids, ends, strict=False)]

    def encode(self, phonemes: str) -> list[int]:
        """Return the ids of the phonemes that the vocabulary has."""
        return [self._ids[phoneme] for phoneme in phonemes if phoneme in self._ids]

    def _pause_ids(self) -> frozenset[int]:
        return frozenset(self._ids[pause] for pause in _PAUSES if pause in self._ids)


class KokoroEngine:
    """One Mandarin voice of a Kokoro model."""

    language = "zh"
    rate_hz = RATE_HZ

    def __init__(self, model: KokoroModel, voice: str, phonemes: Phonemiser) -> None:
        self._model = model
        self._style = model.style(voice)
        self._phonemes = phonemes
        self._tuning = model.tune(phonemes(_SAMPLE_TEXT), self._style)
        self.loudness = self._tuning.loudness

    def synthesise_clause(self, text: str, phones: list[Phone] | None = None) -> Iterator[Samples]:
        """Render one clause, piece by piece.

        Raises:
            SynthesisError: the model failed.
        """
        phonemes = self._phonemes(text)
        if any(character.isalpha() for character in phonemes):
            yield from self._model.pieces(phonemes, self._style, self._tuning, phones)

    def phonemes(self, text: str) -> str:
        """Return the phonemes of a text by itself."""
        return self._phonemes(text)

    def words(self, ideographs: str) -> list[str]:
        """Cut a run of Han characters into words."""
        return self._phonemes.words(ideographs)


def fitting(ids: list[int], pauses: frozenset[int]) -> list[list[int]]:
    """Cut ids to parts of ``MAX_PHONEMES`` at most, each at its last pause if it has one."""
    parts = []
    while len(ids) > MAX_PHONEMES:
        cut = next((i for i in range(MAX_PHONEMES, 1, -1) if ids[i - 1] in pauses), MAX_PHONEMES)
        parts.append(ids[:cut])
        ids = ids[cut:]
    return [*parts, ids] if ids else parts
