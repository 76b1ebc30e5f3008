"""When each word of a text is over in its audio, from the lengths of the phonemes that the voice spoke.

A voice speaks a text as normalised: numbers as words, signs left out. So the words of the text are looked for by their
sound: each is turned into phonemes by itself, and these are aligned with those of the audio. Where a word sounds
otherwise in its sentence than alone, its neighbours still hold it in place.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher

Timed = tuple[tuple[str, int], ...]
"""Phonemes, each with its end in ms from the beginning of the audio."""

_HAN = r"\u3400-\u9fff"
_OTHER = rf"(?:(?![{_HAN}])\w)"
_WORDS = re.compile(rf"[{_HAN}]+|[$¥€£￥]?{_OTHER}(?:(?:{_OTHER}|['’.,:/@%+-])*(?:{_OTHER}|%))?")
_LETTERS = frozenset({"Ll", "Lu", "Lo"})
# Below this much in common, what was aligned is not what was spoken.
_LEAST_LIKENESS = 0.5


def pack(phones: Timed) -> bytes:
    """Return phonemes as they are kept beside their audio."""
    return json.dumps(phones, ensure_ascii=False, separators=(",", ":")).encode()


def unpack(packed: bytes) -> Timed:
    """Read ``pack``'s bytes; anything else is no phonemes at all."""
    try:
        return tuple((str(sign), int(end_ms)) for sign, end_ms in json.loads(packed))
    except (ValueError, TypeError):
        return ()


def joined(clauses: Iterable[tuple[Timed, int, int]]) -> Timed:
    """Put clauses one behind the other, each given with its length and the silence at its end in ms.

    Phonemes may be longer than what is left of them: voices count the silence that was cut off as the last one's.
    """
    phones, before_ms = [], 0
    for timed, length_ms, gap_ms in clauses:
        speech_ms = max(0, length_ms - gap_ms)
        phones += [(sign, before_ms + min(end_ms, speech_ms)) for sign, end_ms in timed]
        before_ms += length_ms
    return tuple(phones)


def word_ends(
    text: str, phones: Timed, phonemes: Callable[[str], str], words: Callable[[str], list[str]]
) -> tuple[tuple[int, int], ...]:
    """Return for each word of a text the index behind it and when it is over, in ms; () if that cannot be told.

    Args:
        text: what was asked for, as a person would write it.
        phones: what the voice spoke.
        phonemes: gives those of a word by itself.
        words: cuts a run of Han characters into words.
    """
    spoken = _letters(phones)
    ends = list(_ends(text, words))
    sounds = [_plain(phonemes(text[start:end])) for start, end in ends]
    matcher = SequenceMatcher(None, "".join(sounds), "".join(sign for sign, _ in spoken), autojunk=False)
    if not spoken or matcher.ratio() < _LEAST_LIKENESS:
        return ()
    places = _places(matcher, [len(sound) for sound in sounds])
    result, latest_ms = [], 0
    for (_, end), place in zip(ends, places, strict=True):
        latest_ms = max(latest_ms, spoken[place - 1][1] if place else 0)
        result.append((end, latest_ms))
    return tuple(result)


def _ends(text: str, words: Callable[[str], list[str]]) -> Iterator[tuple[int, int]]:
    """Yield where each word begins and ends."""
    for match in _WORDS.finditer(text):
        if not "\u3400" <= match[0][0] <= "\u9fff":
            yield match.span()
            continue
        start = match.start()
        for word in words(match[0]):
            yield start, start + len(word)
            start += len(word)


def _plain(sounds: str) -> str:
    return "".join(sign for sign in sounds if unicodedata.category(sign) in _LETTERS)


def _letters(phones: Timed) -> list[tuple[str, int]]:
    """Leave out pauses; what only marks a phoneme (length, tone) belongs to the one before it."""
    letters: list[tuple[str, int]] = []
    attached = False
    for sign, end_ms in phones:
        if sign and unicodedata.category(sign[0]) in _LETTERS:
            letters.append((sign[0], end_ms))
            attached = True
        elif sign.strip(" ,.;:!?，。；：！？…^$_—“”()") and attached:
            letters[-1] = (letters[-1][0], end_ms)
        else:
            attached = False
    return letters


def _places(matcher: SequenceMatcher[str], lengths: Sequence[int]) -> list[int]:
    """Return how many phonemes were spoken by the end of each word."""
    blocks = matcher.get_matching_blocks()
    places, boundary = [], 0
    for length in lengths:
        boundary += length
        before = next(block for block in reversed([(0, 0, 0), *blocks]) if block[0] <= boundary)
        if boundary <= before[0] + before[2]:
            places.append(before[1] + boundary - before[0])
            continue
        # Between two stretches that sound alike: in proportion.
        after = next(block for block in blocks if block.a > boundary)
        done = (boundary - before[0] - before[2]) / (after.a - before[0] - before[2])
        places.append(before[1] + before[2] + round(done * (after.b - before[1] - before[2])))
    return places
