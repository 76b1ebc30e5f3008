"""The seam of a voice: one clause of text in, samples out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from voicebot.errors import SynthesisError
from voicebot.speech.synthesis.stopping import StoppableSession

Samples = NDArray[np.float32]
"""Mono audio, -1..1, one value a sample."""

_FINGERPRINT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Phone:
    """One phoneme in a rendered clause.

    Attributes:
        sign: as the engine writes it; pauses and marks are signs, too.
        end_sample: the sample behind its last one, of those that the engine gave out for the clause.
    """

    sign: str
    end_sample: int


class SynthesisEngine(Protocol):
    """A loaded voice. Its methods block and may be called from several threads at a time."""

    @property
    def language(self) -> str:
        """What it speaks: "zh" or "en"."""
        ...

    @property
    def rate_hz(self) -> int:
        """Sample rate of what it renders."""
        ...

    @property
    def loudness(self) -> float:
        """RMS of the voice's speech, -1..1; 0 if it varies from clause to clause."""
        ...

    def synthesise_clause(self, text: str, phones: list[Phone] | None = None) -> Iterator[Samples]:
        """Render one clause of normalised text, in pieces that follow each other; none when it is silent.

        Args:
            text: the clause.
            phones: gets the phonemes as they are rendered, complete behind the last piece; nothing where the model
                does not tell.

        Raises:
            SynthesisError: the model failed.
        """
        ...

    def phonemes(self, text: str) -> str:
        """Return the phonemes of a normalised text by itself, in the signs of ``Phone``."""
        ...

    def words(self, ideographs: str) -> list[str]:
        """Cut a run of Han characters into words, or into characters where the engine knows no words."""
        ...


def open_session(model: Path | bytes, threads: int) -> onnxruntime.InferenceSession:
    """Load an ONNX model for the CPU with a fixed number of threads; a ``StopSwitch`` can stop its work.

    Raises:
        SynthesisError: the model cannot be read.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads would take the cores from the calls between two clauses.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Every clause has other shapes: what a pattern remembers of one is of no use for the next, and costs memory.
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    source = str(model) if isinstance(model, Path) else model
    try:
        return StoppableSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises bare C++ exception types of its own
        name = model.name if isinstance(model, Path) else "model"
        raise SynthesisError(f"the voice model {name} cannot be loaded: {error}") from error


def fingerprint(files: Iterable[Path]) -> str:
    """Tell model files apart without reading them whole: by name, size, first and last 64 KiB.

    A full hash of 90 MB would delay the first cached prompt after a start; the model store has
    verified the full checksums before.

    Raises:
        SynthesisError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for file in sorted(files):
        try:
            size = file.stat().st_size
            digest.update(f"{file.name}\0{size}\0".encode())
            with file.open("rb") as stream:
                digest.update(stream.read(_FINGERPRINT_BYTES))
                stream.seek(max(0, size - _FINGERPRINT_BYTES))
                digest.update(stream.read(_FINGERPRINT_BYTES))
        except OSError as error:
            raise SynthesisError(f"the voice file {file.name} cannot be read: {error.strerror}") from error
    return digest.hexdigest()[:16]
