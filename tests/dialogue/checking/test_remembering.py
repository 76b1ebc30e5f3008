"""Vectors of a check are those of the encoder, and what is known is not encoded again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.dialogue.shared import encoder
from voicebot.dialogue.checking.remembering import RememberingEncoder
from voicebot.dialogue.vectors import Encoder

TEXTS = ["where is my order", "when are you open", "where is my order"]


class Counting:
    """The real encoder; notes what it is given."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def load(self) -> Encoder:
        return self

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.given += texts
        return encoder().encode(texts)


def remembering(counting: Counting, folder: Path | None, identity: str = "weights") -> RememberingEncoder:
    return RememberingEncoder(counting.load, identity, folder, "bot")


def test_only_new_wordings_are_encoded_and_old_ones_forgotten(tmp_path: Path) -> None:
    counting = Counting()
    first = remembering(counting, tmp_path).encode(TEXTS)
    assert np.allclose(first, encoder().encode(TEXTS), atol=1e-5)
    assert counting.given == TEXTS[:2]
    again = remembering(counting, tmp_path).encode([*TEXTS[1:], "tell me the price"])
    assert np.array_equal(again[:2], first[1:])
    assert counting.given == [*TEXTS[:2], "tell me the price"]


def test_other_weights_and_no_folder_know_nothing(tmp_path: Path) -> None:
    counting = Counting()
    remembering(counting, tmp_path).encode(TEXTS)
    remembering(counting, tmp_path, "other weights").encode(TEXTS)
    remembering(counting, None).encode(TEXTS)
    assert len(counting.given) == 6
    assert remembering(counting, None).encode([]).shape[0] == 0
