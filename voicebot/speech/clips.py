"""Recorded clips with their texts, for tests and benches: where they lie, and how they sound over a telephone."""

from __future__ import annotations

import json
import os
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

REPOSITORY = Path(__file__).resolve().parents[2]
MANIFEST = "manifest.jsonl"
_MU = 255.0


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording.

    Attributes:
        path: WAV file, 16-bit mono.
        language: "zh" or "en"; "-" for what is not speech.
        text: what is said.
        kind: "sentence", "word", "digits", "noise", … as the manifest says.
    """

    path: Path
    language: str
    text: str
    kind: str

    def samples(self) -> tuple[npt.NDArray[np.int16], int]:
        """Return the samples and their rate in Hz."""
        with wave.open(str(self.path)) as file:
            data = file.readframes(file.getnframes())
            return np.frombuffer(data, dtype=np.int16), file.getframerate()

    def pcm(self, rate_hz: int, telephone: bool = True) -> bytes:
        """Return s16le PCM at ``rate_hz``, as it sounds over a G.711 line unless ``telephone`` is False."""
        samples, own_rate_hz = self.samples()
        if telephone:
            samples, own_rate_hz = telephone_band(samples, own_rate_hz), 8000
        return resample(samples, own_rate_hz, rate_hz).tobytes()


def clip_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of clips: VOICEBOT_SPEECH_DIR, or shared/speech beside the repository, or tests/data."""
    if environ.get("VOICEBOT_SPEECH_DIR"):
        return Path(environ["VOICEBOT_SPEECH_DIR"])
    shared = REPOSITORY.parent / "shared" / "speech"
    return shared if (shared / MANIFEST).is_file() else own_directory()


def own_directory() -> Path:
    """Return the folder of the few clips that the project carries."""
    return REPOSITORY / "tests" / "data"


def load_clips(directory: Path | None = None, language: str = "", kind: str = "") -> list[Clip]:
    """List the clips of a folder's manifest, of one language and kind if given."""
    directory = directory or clip_directory()
    clips = []
    for line in (directory / MANIFEST).read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        clip = Clip(directory / entry["file"], entry["lang"], entry.get("text") or "", entry.get("kind", ""))
        if (not language or clip.language == language) and (not kind or clip.kind == kind):
            clips.append(clip)
    return clips


def resample(samples: npt.NDArray[np.int16], from_hz: int, to_hz: int) -> npt.NDArray[np.int16]:
    """Return ``samples`` at another rate."""
    if from_hz == to_hz:
        return samples
    resampled: npt.NDArray[np.int16] = np.asarray(soxr.resample(samples, from_hz, to_hz), dtype=np.int16)
    return resampled


def telephone_band(samples: npt.NDArray[np.int16], rate_hz: int) -> npt.NDArray[np.int16]:
    """Return ``samples`` at 8 kHz after a round trip through the µ-law of G.711 (its continuous formula, 8 bits)."""
    narrow = resample(samples, rate_hz, 8000).astype(np.float64) / 32768
    compressed = np.sign(narrow) * np.log1p(_MU * np.abs(narrow)) / np.log1p(_MU)
    steps = np.round(compressed * 127) / 127
    expanded = np.sign(steps) * np.expm1(np.abs(steps) * np.log1p(_MU)) / _MU
    band: npt.NDArray[np.int16] = np.clip(np.round(expanded * 32768), -32768, 32767).astype(np.int16)
    return band
