"""The sample values of G.711's codes (ITU-T G.711, tables 1a to 2b), scaled to 16 bits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]


def _a_law() -> Samples:
    codes = np.arange(256) ^ 0x55
    segment, step = (codes & 0x70) >> 4, (codes & 0x0F) << 4
    value = np.where(segment == 0, step + 8, (step + 0x108) << np.maximum(segment - 1, 0))
    return np.where(codes & 0x80, value, -value).astype(np.int16)


def _u_law() -> Samples:
    codes = ~np.arange(256) & 0xFF
    value = ((((codes & 0x0F) << 3) + 0x84) << ((codes & 0x70) >> 4)) - 0x84
    return np.where(codes & 0x80, -value, value).astype(np.int16)


A_LAW: Samples = _a_law()
U_LAW: Samples = _u_law()
