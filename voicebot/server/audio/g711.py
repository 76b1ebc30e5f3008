"""G.711: 16-bit samples to 8-bit codes (ITU-T G.711, tables 1 and 2; codes as they go over the wire)."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

ULAW_SILENCE = 0xFF
ALAW_SILENCE = 0xD5
_CODES = 256


def to_ulaw(pcm: bytes) -> bytes:
    """Encode s16le samples as μ-law."""
    return np.take(_ulaw_codes(), np.frombuffer(pcm, "<u2")).tobytes()


def to_alaw(pcm: bytes) -> bytes:
    """Encode s16le samples as A-law."""
    return np.take(_alaw_codes(), np.frombuffer(pcm, "<u2")).tobytes()


@functools.cache
def _ulaw_codes() -> npt.NDArray[np.uint8]:
    negative, magnitude = _signs_and_magnitudes(bits=14)
    biased = np.minimum(magnitude + 33, 0x1FFF)
    segment = _bit_length(biased) - 6
    code = segment << 4 | (biased >> (segment + 1)) & 0xF
    return np.asarray(~(code | negative * 0x80) % _CODES, np.uint8)


@functools.cache
def _alaw_codes() -> npt.NDArray[np.uint8]:
    negative, magnitude = _signs_and_magnitudes(bits=12)
    segment = np.maximum(_bit_length(magnitude) - 4, 0)
    code = segment << 4 | (magnitude >> np.maximum(segment - 1, 0)) & 0xF
    return np.asarray((code | (1 - negative) * 0x80) ^ 0x55, np.uint8)


def _signs_and_magnitudes(bits: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return of each sample whether it is negative, and its size in ``bits`` bits; the samples as unsigned indices."""
    samples = np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.int32)
    negative = (samples < 0).astype(np.int32)
    return negative, np.where(negative == 1, ~samples, samples) >> (16 - bits)


def _bit_length(values: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    _, exponents = np.frexp(values.astype(np.float64))
    return exponents.astype(np.int32)
