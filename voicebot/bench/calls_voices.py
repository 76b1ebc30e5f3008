"""What the callers of the calls bench say: recorded sentences end to end, or nothing but the noise of a line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.caller.analysis import levels, read_recording
from voicebot.errors import ConfigError
from voicebot.server.audio.g711 import to_alaw

RATE_HZ = 8000
_SPEECH_S = 40
_LONGEST_PAUSE_MS = 40
_WINDOW_MS = 5  # that of ``levels``
_QUIET_DB = -30.0  # below the loudest window
_SPEECH_DBFS, _NOISE_DBFS = -22.0, -65.0
_NOISE_S = 10

Signal = npt.NDArray[np.float64]


TALKING_SHARE = 4
"""One caller in so many talks, about as much as callers do; the others listen."""


def write_voices(speech: Path, folder: Path) -> list[Path]:
    """Write what callers let be heard as PCMA files, one for each in a group of ``TALKING_SHARE``.

    Args:
        speech: folder of recorded speech with a ``manifest.jsonl``.
        folder: where the files go.

    Raises:
        ConfigError: there is no speech of 8 or 16 kHz in that folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(1).normal(0.0, _amplitude(_NOISE_DBFS), _NOISE_S * RATE_HZ)
    files = []
    for name, signal in (("talking", _sentences(speech)), ("listening", noise)):
        file = folder / f"{name}.al"
        file.write_bytes(to_alaw(signal.clip(-32768, 32767).astype("<i2").tobytes()))
        files.append(file)
    talking, listening = files
    return [talking, *[listening] * (TALKING_SHARE - 1)]


def _sentences(speech: Path) -> Signal:
    """Return sentences of the folder without their pauses, in the order of the manifest."""
    pieces: list[Signal] = []
    seconds = 0.0
    for line in (speech / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        clip = json.loads(line)
        if clip.get("kind") != "sentence" or clip.get("sample_rate") not in (RATE_HZ, 2 * RATE_HZ):
            continue
        piece = _without_pauses(_at_rate(speech / clip["file"]))
        pieces.append(piece)
        seconds += len(piece) / RATE_HZ
        if seconds > _SPEECH_S:
            break
    if not pieces:
        raise ConfigError(f"{speech}: no sentences of 8 or 16 kHz; name another folder with --speech")
    return np.concatenate(pieces)


def _at_rate(file: Path) -> Signal:
    samples, rate_hz = read_recording(file)
    mono: Signal = samples[:, 0].astype(np.float64)
    return mono if rate_hz == RATE_HZ else (mono[0 : len(mono) // 2 * 2 : 2] + mono[1::2][: len(mono) // 2]) / 2


def _without_pauses(signal: Signal) -> Signal:
    """Return speech at one level whose pauses are cut to ``_LONGEST_PAUSE_MS``."""
    size = RATE_HZ * _WINDOW_MS // 1000
    dbfs = levels(signal.astype(np.int16), RATE_HZ)
    loud = dbfs > dbfs.max() + _QUIET_DB
    kept, quiet = [], _LONGEST_PAUSE_MS
    for number, sounds in enumerate(loud):
        quiet = 0 if sounds else quiet + _WINDOW_MS
        if quiet <= _LONGEST_PAUSE_MS:
            kept.append(signal[number * size : (number + 1) * size])
    speech = np.concatenate(kept)
    return speech * (_amplitude(_SPEECH_DBFS) / float(np.sqrt(np.mean(speech**2))))


def _amplitude(dbfs: float) -> float:
    return float(32768 * 10 ** (dbfs / 20))
