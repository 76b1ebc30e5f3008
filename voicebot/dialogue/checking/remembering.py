"""Vectors of the wordings that were checked, kept for the next check: most of them are the same then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.classifier.store import LearntStore, key_of
from voicebot.dialogue.vectors import Encoder

_NAME = "checked wordings"


class RememberingEncoder:
    """An encoder that is loaded only when there is something new to encode.

    Args:
        load: loads the encoder.
        identity: tells its weights from others.
        folder: where vectors are kept; None to keep none.
        name: of what is encoded (a bot): each has a file of its own, with the vectors of its last check.
    """

    def __init__(self, load: Callable[[], Encoder], identity: str, folder: Path | None, name: str) -> None:
        self._load = load
        self._store = LearntStore(folder)
        self._key = key_of(_NAME, identity, name)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row for each text; the texts are all that is kept for the next time.

        Raises:
            ModelError: the encoder cannot be loaded.
        """
        names = [key_of(text) for text in texts]
        known = self._known()
        new = {name: text for name, text in zip(names, texts, strict=True) if name not in known}
        if new:
            known.update(zip(new, self._load().encode(list(new.values())), strict=True))
            self._keep({name: known[name] for name in names})
        return np.stack([known[name] for name in names]) if names else np.zeros((0, 0), dtype=np.float32)

    def _known(self) -> dict[str, NDArray[np.float32]]:
        kept = self._store.load(self._key)
        return dict(zip(kept["names"].tolist(), kept["vectors"], strict=True)) if kept is not None else {}

    def _keep(self, vectors: dict[str, NDArray[np.float32]]) -> None:
        self._store.keep(self._key, {"names": np.array(list(vectors)), "vectors": np.stack(list(vectors.values()))})
