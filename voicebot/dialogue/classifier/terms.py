"""How alike texts are by the pieces they share, rare pieces counting more (tf-idf and cosine)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Bag = tuple[NDArray[np.intp], NDArray[np.float32]]
"""Places of pieces in the vocabulary, and their weights; pieces that nobody knows only make the others lighter."""
# A piece that stands in no example is half as telling as a rare one.
_UNKNOWN_SHARE = 0.5


class Vocabulary:
    """The pieces of a language's examples and how rare they are.

    Args:
        texts: the pieces of each text.
    """

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(set(text))
        total = len(texts)
        self._places = {piece: place for place, piece in enumerate(counts)}
        self._rarity = [math.log((1 + total) / (1 + count)) + 1 for count in counts.values()]
        self._unknown = math.log(1 + total) + 1

    def extended(self, texts: Sequence[Sequence[str]]) -> Vocabulary:
        """Return a vocabulary that has the pieces of some more texts as well, all of them as rare as can be."""
        larger = Vocabulary(())
        larger._places, larger._rarity, larger._unknown = dict(self._places), list(self._rarity), self._unknown
        for piece in dict.fromkeys(piece for text in texts for piece in text):
            if piece not in larger._places:
                larger._places[piece] = len(larger._places)
                larger._rarity.append(self._unknown)
        return larger

    def bag(self, text: Iterable[str]) -> Bag:
        """Return the pieces of a text with weights whose squares add up to 1 or, with unknown pieces, to less."""
        places: list[int] = []
        weights: list[float] = []
        rest = 0.0
        for piece, count in Counter(text).items():
            often = 1 + math.log(count)
            place = self._places.get(piece)
            if place is None:
                rest += (often * self._unknown) ** 2 * _UNKNOWN_SHARE
            else:
                places.append(place)
                weights.append(often * self._rarity[place])
        length = math.sqrt(sum(weight * weight for weight in weights) + rest) or 1.0
        return np.array(places, dtype=np.intp), np.array(weights, dtype=np.float32) / np.float32(length)

    def __len__(self) -> int:
        return len(self._places)


class TermIndex:
    """Texts by their pieces.

    Args:
        bags: one for each text.
        pieces: size of the vocabulary.
    """

    def __init__(self, bags: Sequence[Bag], pieces: int) -> None:
        self._count = len(bags)
        rows = np.repeat(np.arange(len(bags), dtype=np.intp), [len(places) for places, _ in bags])
        places = np.concatenate([bag[0] for bag in bags]) if bags else np.zeros(0, dtype=np.intp)
        weights = np.concatenate([bag[1] for bag in bags]) if bags else np.zeros(0, dtype=np.float32)
        order = np.argsort(places, kind="stable")
        self._rows, self._weights = rows[order], weights[order]
        self._begins = np.searchsorted(places[order], np.arange(pieces + 1))

    def likeness(self, bag: Bag) -> NDArray[np.float32]:
        """Return how alike a text is to each: 0..1."""
        result = np.zeros(self._count, dtype=np.float32)
        for place, weight in zip(bag[0].tolist(), bag[1].tolist(), strict=True):
            if place + 1 < len(self._begins):
                run = slice(self._begins[place], self._begins[place + 1])
                result[self._rows[run]] += self._weights[run] * weight  # a text has a piece once
        return result

    def table(self, bags: Sequence[Bag]) -> NDArray[np.float32]:
        """Return the likeness of some texts (rows) to each of the index (columns)."""
        return np.stack([self.likeness(bag) for bag in bags]) if bags else np.zeros((0, self._count), dtype=np.float32)
