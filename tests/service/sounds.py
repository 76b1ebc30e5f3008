"""Speech for callers, and what can be told of the sound they got."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.caller.audio import load_clip

CLIPS = Path(__file__).parents[1] / "data"
GO_FORWARD = CLIPS / "en" / "goforward.wav"
QUEEN_OF_CLUBS = CLIPS / "en" / "cards_002.wav"
VERY_TASTY = CLIPS / "zh" / "aishell3_SSB02670376.wav"

WINDOW_MS = 10
AUDIBLE_RMS = 200.0  # -44 dBFS: far below speech, far above the noise of a codec

Samples = npt.NDArray[np.int16]


def _alaw_table() -> Samples:
    """Sample values of the 256 A-law codes (ITU-T G.711)."""
    codes = np.arange(256) ^ 0x55
    segment = (codes & 0x70) >> 4
    value = ((codes & 0x0F) << 4) + np.where(segment == 0, 8, 0x108)
    value = np.where(segment > 1, value << np.maximum(segment - 1, 0), value)
    return np.where(codes & 0x80, value, -value).astype(np.int16)


def _ulaw_table() -> Samples:
    """Sample values of the 256 µ-law codes (ITU-T G.711)."""
    codes = ~np.arange(256) & 0xFF
    value = ((((codes & 0x0F) << 3) + 0x84) << ((codes & 0x70) >> 4)) - 0x84
    return np.where(codes & 0x80, -value, value).astype(np.int16)


G711 = {"PCMA": _alaw_table(), "PCMU": _ulaw_table()}


def encode(samples: Samples, codec: str) -> bytes:
    """Encode as G.711: each sample becomes the nearest code."""
    table = G711[codec].astype(np.int32)
    order = np.argsort(table, kind="stable")
    middles = (table[order][1:] + table[order][:-1]) / 2
    return order[np.searchsorted(middles, samples)].astype(np.uint8).tobytes()


def decode(payload: bytes, codec: str) -> Samples:
    """Decode G.711."""
    return G711[codec][np.frombuffer(payload, np.uint8)]


def tape(*parts: Path | float, rate_hz: int = 8000) -> Samples:
    """Return clips and silences (in seconds) as one piece of audio."""
    pieces = [
        np.frombuffer(load_clip(part, rate_hz), np.int16)
        if isinstance(part, Path)
        else np.zeros(round(part * rate_hz), np.int16)
        for part in parts
    ]
    return np.concatenate(pieces)


def write_wav(path: Path, samples: Samples, rate_hz: int = 8000) -> Path:
    """Write a mono WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return path


def read_wav(path: Path) -> tuple[npt.NDArray[np.int16], int]:
    """Read a WAV file as (samples × channels, rate)."""
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return samples.reshape(-1, file.getnchannels()), file.getframerate()


def audible_ms(samples: Samples, rate_hz: int) -> list[float]:
    """Return the beginnings of all windows with sound in them, in milliseconds."""
    window = rate_hz * WINDOW_MS // 1000
    whole = samples[: len(samples) // window * window].reshape(-1, window).astype(np.float64)
    loud = np.flatnonzero(np.sqrt(np.mean(whole**2, axis=1)) > AUDIBLE_RMS)
    return [float(index) * WINDOW_MS for index in loud]
