"""Hot words by their sound: the recogniser wrote 安心口强 where the bot knows 安心口腔.

Whisper's own way, words in the prompt, makes it err more elsewhere, above all in short answers (see
``scripts/bench_hot_words.py``). A stretch of the transcript that sounds like a hot word can be put right afterwards,
at no cost to the rest.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from pypinyin import Style, lazy_pinyin

_HAN = re.compile(r"[\u3400-\u9fff]+")
_LEAST_CHARACTERS = 2
# From here on syllables may differ as accents and the telephone make them differ, and tones do not count.
_LOOSE_CHARACTERS = 3
_INITIALS = {"zh": "z", "ch": "c", "sh": "s", "l": "n", "f": "h"}
_ALIKE = re.compile(r"^(zh|ch|sh|l|f)|ng$")

Syllable = tuple[str, str]


class SoundAlike:
    """Puts hot words in the place of what sounds like them.

    A word of two characters has to sound exactly the same, tones included: too many others sound similar. Longer ones
    match without tones, and with zh as z, ch as c, sh as s, l as n, f as h, and -ng as -n. One character is no word
    to look for, nor is one with letters or digits in it.

    Args:
        words: the hot words.
    """

    def __init__(self, words: Iterable[str]) -> None:
        usable = (word for word in words if _HAN.fullmatch(word) and len(word) >= _LEAST_CHARACTERS)
        # Longer ones first: they contain shorter ones.
        self._words = {word: _sounds(word) for word in sorted(dict.fromkeys(usable), key=len, reverse=True)}

    def correct(self, text: str) -> str:
        """Return the text with the hot words in it that were meant."""
        if not self._words:
            return text
        sounds = _sounds(text)
        taken = [False] * len(text)
        for word in self._words:
            # What is a hot word already stays.
            for match in re.finditer(word, text):
                taken[match.start() : match.end()] = [True] * len(word)
        for word, wanted in self._words.items():
            for at in range(len(text) - len(word) + 1):
                span = slice(at, at + len(word))
                if not any(taken[span]) and _same(sounds[span], wanted):
                    text = text[:at] + word + text[at + len(word) :]
                    taken[span] = [True] * len(word)
        return text


@functools.lru_cache(maxsize=128)
def soundalike(words: tuple[str, ...]) -> SoundAlike:
    """Return the one for these words; those of a call stay the same."""
    return SoundAlike(words)


def _sounds(text: str) -> list[Syllable]:
    """Return what each character sounds like, exactly and loosely; ("", "") for what is no Han character."""
    found: list[Syllable] = []
    for run in re.findall(r"[\u3400-\u9fff]+|[^\u3400-\u9fff]+", text):
        if _HAN.fullmatch(run):
            exact = lazy_pinyin(run, style=Style.TONE3)
            found += [(sound, _loose(sound)) for sound in exact] if len(exact) == len(run) else [("", "")] * len(run)
        else:
            found += [("", "")] * len(run)
    return found


def _loose(sound: str) -> str:
    return _ALIKE.sub(lambda match: _INITIALS.get(match.group(), "n"), sound.rstrip("12345"))


def _same(heard: list[Syllable], wanted: list[Syllable]) -> bool:
    loose = len(wanted) >= _LOOSE_CHARACTERS
    return all(one[loose] and one[loose] == other[loose] for one, other in zip(heard, wanted, strict=True))
