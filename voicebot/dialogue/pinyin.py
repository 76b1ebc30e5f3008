"""Likeness by sound: a recogniser writes 转员工 where the caller said 转人工.

Syllables are compared by initial and final without tones. What telephone-band recognition mixes up costs
little, anything else its whole share. A wording matches where it sounds like a stretch of the utterance.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pypinyin import Style, lazy_pinyin
from pypinyin.style import convert

MIN_SYLLABLES, MAX_SYLLABLES = 3, 8
MAX_UTTERANCE_SYLLABLES = 24
LEAST_LIKENESS = 0.7
"""Below this everything sounds a little like everything."""
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
    return [_parts(sound) for sound in lazy_pinyin(han, style=Style.TONE)]


@cache
def _parts(sound: str) -> Syllable:
    return convert(sound, Style.INITIALS, strict=True), convert(sound, Style.FINALS, strict=True)


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
        self._heard: dict[Syllable, NDArray[np.float64]] = {}  # at most one for each syllable of the language
        self._pairs: dict[tuple[Syllable, ...], list[int]] = {}
        rows: list[int] = []
        ids: list[list[int]] = []
        for row, wording in enumerate(wordings):
            sounds = syllables(wording)
            if len(sounds) == len(wording) == _PAIR:
                self._pairs.setdefault(tuple(sounds), []).append(row)
            if MIN_SYLLABLES <= len(sounds) <= MAX_SYLLABLES and len(sounds) == len(wording):
                rows.append(row)
                ids.append([self._syllables.setdefault(sound, len(self._syllables)) for sound in sounds])
        lengths = np.array([len(each) for each in ids], dtype=np.intp)
        order = np.argsort(lengths, kind="stable")  # shorter wordings first
        self._rows = np.array(rows, dtype=np.intp)[order]
        self._lengths = lengths[order]
        # Shorter wordings are filled up with a syllable of no distance to any.
        self._ids = np.full((MAX_SYLLABLES, len(ids)), len(self._syllables), dtype=np.intp)
        for place, wording_at in enumerate(order):
            self._ids[: len(ids[wording_at]), place] = ids[wording_at]

    def likeness(self, utterance: str) -> NDArray[np.float32]:
        """Return for each wording how much some stretch of the utterance sounds like it: LEAST_LIKENESS..1, or 0."""
        result = np.zeros(self._count, dtype=np.float32)
        sounds = syllables(utterance)[:MAX_UTTERANCE_SYLLABLES]
        if len(sounds) == _PAIR:
            result[self._pairs.get(tuple(sounds), [])] = 1.0
        if len(sounds) < MIN_SYLLABLES - 1 or not len(self._rows):
            return result
        # Distance of every syllable of the utterance (row) to every syllable of the index (column).
        table = np.stack([self._distances(heard) for heard in sounds])
        extra = np.maximum(0, len(sounds) - self._lengths) * _EXTRA
        # A syllable of a wording costs what the nearest one in the utterance does, or a gap. Most wordings are out of
        # reach by that alone, and the others are few.
        least_cost = np.minimum(table.min(axis=0), _GAP)[self._ids].sum(axis=0)
        near = np.flatnonzero(1.0 - least_cost / self._lengths - extra >= LEAST_LIKENESS)
        if len(near):
            lengths = self._lengths[near]
            likeness = 1.0 - _best_stretch(table, self._ids[:, near], lengths) / lengths - extra[near]
            result[self._rows[near]] = np.where(likeness >= LEAST_LIKENESS, likeness, 0.0)
        return result

    def _distances(self, heard: Syllable) -> NDArray[np.float64]:
        """Return the distance of every syllable of the index to one that was heard."""
        distances = self._heard.get(heard)
        if distances is None:
            distances = np.array([*(syllable_distance(known, heard) for known in self._syllables), 0.0])
            self._heard[heard] = distances
        return distances


def _best_stretch(table: NDArray[np.float64], ids: NDArray[np.intp], lengths: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the least edit cost of each wording against any stretch of the utterance.

    Sellers' approximate substring matching, for all wordings at a time and one of their syllables after the other. A
    cell is the least of coming straight, from the wording's syllable before, or from the utterance's, which adds a gap
    a step: a running minimum, once these gaps are taken off.

    Args:
        table: distances of the utterance's syllables × the index's syllables.
        ids: syllables of the wordings × wordings; a wording's column is filled up.
        lengths: syllables of each wording, the shorter ones first.
    """
    heard, wordings = len(table), ids.shape[1]
    gaps = np.arange(heard + 1)[:, None] * _GAP
    least = np.zeros(wordings)
    previous = np.zeros((heard + 1, wordings))
    start = 0
    for index in range(int(lengths[-1])):
        current = previous + _GAP
        np.minimum(current[1:], previous[:-1] + table[:, ids[index, start:]], out=current[1:])
        current -= gaps
        np.minimum.accumulate(current, axis=0, out=current)
        current += gaps
        ended = int(np.searchsorted(lengths, index + 1, side="right"))
        least[start:ended] = current[:, : ended - start].min(axis=0)
        previous, start = current[:, ended - start :], ended
    return least
