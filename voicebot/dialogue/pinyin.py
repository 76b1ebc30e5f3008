"""Likeness by sound: a recogniser writes 转员工 where the caller said 转人工.

Syllables are compared by initial and final without tones. What telephone-band recognition mixes up costs
little, anything else its whole share. A wording matches where it sounds like a stretch of the utterance.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pypinyin import Style, lazy_pinyin

MIN_SYLLABLES, MAX_SYLLABLES = 3, 8
MAX_UTTERANCE_SYLLABLES = 24
_PAIR = 2
_HAN = re.compile(r"[一-鿿]+")
_GAP = 0.7
# Each syllable of the utterance outside the matched stretch: a wording inside a long sentence is less certain.
_EXTRA = 0.02
_ALIKE_INITIALS = [{"z", "zh"}, {"c", "ch"}, {"s", "sh"}, {"n", "l"}, {"h", "f"}, {"r", "y", ""}, {"r", "l"}]
_ALIKE_INITIALS += [{"b", "p"}, {"d", "t"}, {"g", "k"}, {"h", ""}, {"j", "zh"}, {"q", "ch"}, {"x", "sh"}]
_ALIKE_FINALS = [{"in", "ing"}, {"en", "eng"}, {"an", "ang"}, {"ian", "iang"}, {"uan", "uang"}, {"ian", "an"}]
_ALIKE_FINALS += [{"van", "en"}, {"van", "an"}, {"uan", "en"}, {"uen", "en"}, {"uo", "ou"}, {"e", "uo"}, {"ong", "eng"}]
_SAME_PART, _ALIKE_PART, _OTHER_PART = 0.0, 0.2, 0.5

Syllable = tuple[str, str]


def syllables(text: str) -> list[Syllable]:
    """Return initial and final of every Han character of a text."""
    han = "".join(_HAN.findall(text))
    initials = lazy_pinyin(han, style=Style.INITIALS, strict=True)
    finals = lazy_pinyin(han, style=Style.FINALS, strict=True)
    return list(zip(initials, finals, strict=True))


def syllable_distance(one: Syllable, other: Syllable) -> float:
    """Return how far apart two syllables sound: 0 the same, 1 nothing alike."""
    return _part(one[0], other[0], _ALIKE_INITIALS) + _part(one[1], other[1], _ALIKE_FINALS)


def _part(one: str, other: str, alike: Sequence[set[str]]) -> float:
    if one == other:
        return _SAME_PART
    return _ALIKE_PART if any(one in group and other in group for group in alike) else _OTHER_PART


class SoundIndex:
    """Wordings by their sound.

    Those longer than MAX_SYLLABLES are left out. A wording of two syllables is too short to be looked for inside an
    utterance: it counts only where it is the whole utterance and sounds just like it (价格 heard as 嫁哥).
    """

    def __init__(self, wordings: Sequence[str]) -> None:
        self._count = len(wordings)
        self._syllables: dict[Syllable, int] = {}
        self._columns: dict[Syllable, NDArray[np.float64]] = {}  # at most one for each syllable of the language
        self._pairs: dict[tuple[Syllable, ...], list[int]] = {}
        by_length: dict[int, tuple[list[int], list[list[int]]]] = {}
        for row, wording in enumerate(wordings):
            sounds = syllables(wording)
            if len(sounds) == len(wording) == _PAIR:
                self._pairs.setdefault(tuple(sounds), []).append(row)
            if MIN_SYLLABLES <= len(sounds) <= MAX_SYLLABLES and len(sounds) == len(wording):
                rows, ids = by_length.setdefault(len(sounds), ([], []))
                rows.append(row)
                ids.append([self._syllables.setdefault(sound, len(self._syllables)) for sound in sounds])
        self._groups = [(np.array(rows), np.array(ids)) for rows, ids in by_length.values()]

    def likeness(self, utterance: str) -> NDArray[np.float32]:
        """Return for each wording how much some stretch of the utterance sounds like it, 0..1."""
        result = np.zeros(self._count, dtype=np.float32)
        sounds = syllables(utterance)[:MAX_UTTERANCE_SYLLABLES]
        if len(sounds) == _PAIR:
            result[self._pairs.get(tuple(sounds), [])] = 1.0
        if len(sounds) < MIN_SYLLABLES - 1 or not self._groups:
            return result
        # Distance of every syllable of the index (row) to every syllable of the utterance (column).
        table = np.stack([self._column(heard) for heard in sounds], axis=1)
        for rows, ids in self._groups:
            cost = _best_stretch(table[ids])
            extra = max(0, len(sounds) - ids.shape[1]) * _EXTRA
            result[rows] = np.maximum(0.0, 1.0 - cost / ids.shape[1] - extra)
        return result

    def _column(self, heard: Syllable) -> NDArray[np.float64]:
        """Return the distance of every syllable of the index to one that was heard."""
        column = self._columns.get(heard)
        if column is None:
            column = np.array([syllable_distance(known, heard) for known in self._syllables])
            self._columns[heard] = column
        return column


def _best_stretch(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the least edit cost of each wording against any stretch of the utterance.

    Sellers' approximate substring matching, for all wordings of one length at a time.

    Args:
        distances: wordings × syllables of the wording × syllables of the utterance.
    """
    wordings, length, heard = distances.shape
    previous = np.zeros((wordings, heard + 1))
    for index in range(length):
        current = np.empty_like(previous)
        current[:, 0] = (index + 1) * _GAP
        straight = previous[:, :-1] + distances[:, index, :]
        better = np.minimum(straight, previous[:, 1:] + _GAP)
        for column in range(heard):
            current[:, column + 1] = np.minimum(better[:, column], current[:, column] + _GAP)
        previous = current
    least: NDArray[np.float64] = previous.min(axis=1)
    return least
