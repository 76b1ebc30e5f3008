"""Traditional characters to simplified ones: Whisper mixes the two."""

from __future__ import annotations

import functools

from opencc import OpenCC


@functools.lru_cache(maxsize=1)
def _converter() -> OpenCC:
    return OpenCC("t2s")


def to_simplified(text: str) -> str:
    """Return ``text`` with traditional Chinese characters turned into simplified ones."""
    return str(_converter().convert(text))
