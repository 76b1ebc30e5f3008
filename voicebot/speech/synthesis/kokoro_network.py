"""Kokoro's network at work: phoneme ids in, samples out, in one piece or several."""

from __future__ import annotations

import hashlib
import itertools
import logging
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from zipfile import BadZipFile

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from voicebot.errors import SynthesisError
from voicebot.speech.synthesis.engine import Samples, open_session
from voicebot.speech.synthesis.kokoro_frames import (
    CONTEXT_FRAMES,
    FADE_SAMPLES,
    FRAME_SAMPLES,
    joined,
    speech_cuts,
)
from voicebot.speech.synthesis.kokoro_graph import ENERGY, PITCH, SOUNDS, Parts, calibrator

Style = NDArray[np.float32]
"""Style vectors of a voice, one for each number of phonemes: (510, 1, 256)."""

# The row whose style the decoder gets for every clause, since its normalisations were measured with it. Of rows
# 12, 25 and 40 the last came closest to the whole network, in spectrum and in what Whisper understood.
_DECODER_ROW = 40

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class VoiceTuning:
    """What a network knows of a voice besides its style.

    Attributes:
        norms: the decoder's normalisations by input name.
        loudness: RMS of the voice's speech; 0 if not known.
    """

    norms: dict[str, NDArray[np.float32]]
    loudness: float


class Network(Protocol):
    """A loaded Kokoro network."""

    def tune(self, ids: list[int], style: Style) -> VoiceTuning:
        """Measure a voice on a sentence."""
        ...

    def pieces(
        self, ids: list[int], style: Style, tuning: VoiceTuning, ends: list[int] | None = None
    ) -> Iterator[Samples]:
        """Render phonemes, at most 510; ``ends`` gets the sample behind each of them, if the network tells."""
        ...


class WholeNetwork:
    """A network that was not made for cutting: renders a clause at once, with its silence around it."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session

    def tune(self, ids: list[int], style: Style) -> VoiceTuning:
        """Do a first run, which allocates: not in a caller's turn."""
        run(self._session, prosody_inputs(ids, style))
        return VoiceTuning({}, 0.0)

    def pieces(
        self, ids: list[int], style: Style, tuning: VoiceTuning, ends: list[int] | None = None
    ) -> Iterator[Samples]:
        """Render phonemes in one piece."""
        yield run(self._session, prosody_inputs(ids, style))[0].reshape(-1)


class SplitNetwork:
    """A network in two halves: the second renders speech in pieces, and no silence.

    Args:
        model: the whole model, for measuring voices.
        parts: its halves.
        threads: cores for one piece.
    """

    def __init__(self, model: Path, parts: Parts, threads: int) -> None:
        self._model = model
        self._folder = parts.decoder.parent
        self._name = parts.decoder.stem
        self._prosody = open_session(parts.prosody, threads)
        self._decoder = open_session(parts.decoder, threads)

    def tune(self, ids: list[int], style: Style) -> VoiceTuning:
        """Measure a voice, or read what was measured before.

        Raises:
            SynthesisError: the model failed.
        """
        file = self._folder / f"{self._name}-{_digest(style, ids)}.npz"
        tuning = _read_tuning(file)
        if tuning is None:
            tuning = self._measure(ids, style)
            _write_tuning(file, tuning)
        next(self.pieces(ids, style, tuning), None)  # the first runs allocate: not in a caller's turn
        return tuning

    def pieces(
        self, ids: list[int], style: Style, tuning: VoiceTuning, ends: list[int] | None = None
    ) -> Iterator[Samples]:
        """Render phonemes, the first half second first.

        Raises:
            SynthesisError: the model failed.
        """
        sounds, pitch, energy, lengths = run(self._prosody, prosody_inputs(ids, style))
        cuts = speech_cuts(energy[0])
        if ends is not None:
            # The padding in front of the first phoneme counts, too; what is cut off at both ends does not.
            frames = np.clip(np.cumsum(lengths)[1 : len(ids) + 1], cuts[0], cuts[-1]) - cuts[0]
            ends += [int(frame) * FRAME_SAMPLES for frame in frames]
        tail = np.zeros(0, np.float32)
        for start, end in itertools.pairwise(cuts):
            low = max(cuts[0], start - CONTEXT_FRAMES)
            high = min(cuts[-1], end + CONTEXT_FRAMES)
            part = {SOUNDS: sounds[:, :, low:high], PITCH: pitch[:, 2 * low : 2 * high]}
            part[ENERGY] = energy[:, 2 * low : 2 * high]
            samples = run(self._decoder, part | tuning.norms)[0].reshape(-1)
            joint = (end - low) * FRAME_SAMPLES
            is_last = end == cuts[-1]
            fade = slice(joint - FADE_SAMPLES, joint + FADE_SAMPLES)
            body = samples if is_last else samples[: fade.start]
            if len(tail):
                body = joined(tail, body, (start - low) * FRAME_SAMPLES)
            tail = samples[fade]
            yield body

    def _measure(self, ids: list[int], style: Style) -> VoiceTuning:
        try:
            network, names = calibrator(self._model)
        except OSError as error:
            raise SynthesisError(f"{self._model}: cannot be read: {error.strerror}") from error
        frames = dict(zip((SOUNDS, PITCH, ENERGY), run(self._prosody, prosody_inputs(ids, style)), strict=False))
        measured = run(open_session(network, 1), frames | {"style": style[_DECODER_ROW]})
        # Copied: what a session gives out keeps all its memory.
        norms = {name: value.copy() for name, value in zip(names, measured, strict=True)}
        samples = np.concatenate(list(self.pieces(ids, style, VoiceTuning(norms, 0.0))))
        return VoiceTuning(norms, speech_loudness(samples))


def speech_loudness(samples: Samples) -> float:
    """Return the RMS of those parts of a clip that are not pauses."""
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    power = np.mean(frames**2, axis=1)
    return float(np.sqrt(np.mean(power[power > power.max() * 1e-3])))


def prosody_inputs(ids: list[int], style: Style) -> dict[str, NDArray[Any]]:
    """Return the inputs of the whole network, which are those of its first half."""
    return {
        "tokens": np.array([[0, *ids, 0]], np.int64),  # 0 pads both ends, as in training
        "style": style[len(ids) - 1],
        "speed": np.ones(1, np.float32),
    }


def run(session: onnxruntime.InferenceSession, inputs: dict[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
    """Run a session.

    Raises:
        SynthesisError: it failed.
    """
    try:
        return [np.asarray(output, np.float32) for output in session.run(None, inputs)]
    except Exception as error:  # onnxruntime raises bare C++ exception types of its own
        raise SynthesisError(f"Kokoro could not speak a clause ({type(error).__name__})") from error


def _digest(style: Style, ids: list[int]) -> str:
    return hashlib.sha256(style.tobytes() + np.array([_DECODER_ROW, *ids], np.int64).tobytes()).hexdigest()[:16]


def _read_tuning(file: Path) -> VoiceTuning | None:
    try:
        # Opened here: numpy would leave a damaged file open.
        with file.open("rb") as stream, np.load(stream) as stored:
            values = {name: np.asarray(stored[name], np.float32) for name in stored.files}
        loudness = float(values.pop("loudness"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        logger.warning("%s is damaged and is made again", file.name)
        return None
    return VoiceTuning(values, loudness)


def _write_tuning(file: Path, tuning: VoiceTuning) -> None:
    handle, temporary = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez(stream, loudness=np.float32(tuning.loudness), **tuning.norms)  # type: ignore[arg-type]
        os.replace(temporary, file)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        logger.warning("what was measured of a voice cannot be kept: %s", error.strerror)
