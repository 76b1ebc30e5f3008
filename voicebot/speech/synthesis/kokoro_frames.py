"""Where a clause of Kokoro's frames is cut for rendering in pieces, and how the pieces are put together again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voicebot.speech.synthesis.engine import Samples

FRAME_SAMPLES = 600
"""Samples a frame: 25 ms at 24 kHz."""
CONTEXT_FRAMES = 3
"""Frames rendered beyond a cut and thrown away: the decoder hears its neighbourhood."""
FADE_SAMPLES = 240
"""Half of what two pieces overlap: 10 ms at 24 kHz."""

Floats = NDArray[np.float32]

# Lengths of the pieces in frames, at least and at most: the first is heard soon, and each plays for longer than
# the next one takes to render, on a busy machine too.
_LENGTHS = ((16, 28), (16, 28), (24, 44), (40, 72))
_LEAST_LAST = 12
_LEAD_FRAMES, _TAIL_FRAMES = 2, 3
# Between the energy of silence and that of the loudest frame. Silence varies by 0.5 of about 18.
_SPEECH_PART = 0.1
_LEAST_RANGE = 3.0
_SEARCH_SAMPLES = 120  # half a period of a low voice: 5 ms


def speech_cuts(energy: Floats) -> list[int]:
    """Return the frames at which to cut: the first of speech, those between pieces, and the one behind the last.

    Cuts lie where the energy is lowest, so mostly between syllables.

    Args:
        energy: predicted loudness, two values a frame.
    """
    level = energy.reshape(-1, 2).min(axis=1)
    first, end = _speech(energy.reshape(-1, 2).max(axis=1))
    cuts = [first]
    for piece in range(end):
        least, most = _LENGTHS[min(piece, len(_LENGTHS) - 1)]
        start = cuts[-1]
        latest = min(start + most, end - _LEAST_LAST)
        if end - start <= most or latest <= start + least:
            break
        cuts.append(start + least + int(np.argmin(level[start + least : latest])))
    return [*cuts, end]


def _speech(level: Floats) -> tuple[int, int]:
    floor, peak = float(level.min()), float(level.max())
    if peak - floor < _LEAST_RANGE:
        return 0, len(level)
    loud = np.flatnonzero(level > floor + _SPEECH_PART * (peak - floor))
    return max(0, int(loud[0]) - _LEAD_FRAMES), min(len(level), int(loud[-1]) + _TAIL_FRAMES)


def joined(tail: Samples, samples: Samples, at: int) -> Samples:
    """Return ``samples`` from the joint on, faded in over the tail of the piece before.

    The voice's pulses start anew in each piece. The piece is moved by up to 5 ms so that they fall together.

    Args:
        tail: the last 2 * FADE_SAMPLES of the piece before, the joint in their middle.
        samples: the next piece.
        at: where the joint lies in it; FADE_SAMPLES of it come before that at least.
    """
    overlap = len(tail)
    earliest = max(0, at - FADE_SAMPLES - _SEARCH_SAMPLES)
    latest = min(len(samples) - overlap, at - FADE_SAMPLES + _SEARCH_SAMPLES)
    windows = np.lib.stride_tricks.sliding_window_view(samples[earliest : latest + overlap], overlap)
    likeness = (windows @ tail) / np.sqrt(np.einsum("ij,ij->i", windows, windows) + 1e-9)
    begin = earliest + int(np.argmax(likeness))
    result: Samples = samples[begin:].copy()
    fade = np.linspace(0.0, 1.0, overlap, dtype=np.float32)
    result[:overlap] = result[:overlap] * fade + tail * (1.0 - fade)
    return result
