"""Texts as bags of short pieces: characters or words, and, in Mandarin, what they sound like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from voicebot.dialogue.pinyin import Syllable, syllables

_ZH_PIECE = re.compile(r"[一-鿿]|[a-z]+|\d")
_START, _END = "^", "$"
_ZH_LONGEST, _EN_LONGEST, _SOUND_LONGEST = 3, 2, 2
_LETTERS = 4
# What a recogniser mixes up on a telephone line counts as the same sound.
_MERGED_INITIALS = {"zh": "z", "ch": "c", "sh": "s", "l": "n", "f": "h", "r": "n"}
_NASAL = re.compile(r"ng$")


def pieces(plain: str, language: str) -> list[str]:
    """Return the runs of one to three characters of a normalised Mandarin text.

    In English: of one or two words, and of four letters within words, so that "cancelling" is like "cancel".
    """
    if language == "zh":
        return _runs(_ZH_PIECE.findall(plain), _ZH_LONGEST)
    words = plain.split()
    letters = [run for word in words for run in _letters(_START + word + _END)]
    return _runs(words, _EN_LONGEST) + letters


def sounds(plain: str) -> list[str]:
    """Return the runs of one or two syllables of a Mandarin text, without tones."""
    return _runs([_sound(syllable) for syllable in syllables(plain)], _SOUND_LONGEST)


def _runs(items: Sequence[str], longest: int) -> list[str]:
    """Return all runs of up to ``longest`` items; the ends of the text count as items of longer runs."""
    marked = [_START, *items, _END]
    runs = list(items)
    for count in range(2, longest + 1):
        runs += [" ".join(marked[place : place + count]) for place in range(len(marked) - count + 1)]
    return runs


def _letters(word: str) -> list[str]:
    return ["#" + word[place : place + _LETTERS] for place in range(max(1, len(word) - _LETTERS + 1))]


@lru_cache(maxsize=1024)  # a language has some four hundred
def _sound(syllable: Syllable) -> str:
    initial, final = syllable
    return _MERGED_INITIALS.get(initial, initial) + _NASAL.sub("n", final)
