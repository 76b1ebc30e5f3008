"""What a transcript says: which announcement it is, if it is one.

A recogniser mishears telephone audio; Mandarin is compared by its sounds, initial and final of each syllable without
the tone, with those taken for one that the telephone mixes up. English is compared letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pypinyin import Style, lazy_pinyin
from pypinyin.style import convert
from rapidfuzz import fuzz

from telephony.announcements.outcome import Category
from telephony.announcements.wordings import (
    EN,
    FRAMES_EN,
    FRAMES_ZH,
    LOOSE_FRAMES_EN,
    LOOSE_FRAMES_ZH,
    ZH,
    Wordings,
)

LEAST_LIKENESS = 0.8
_SURE_LIKENESS = 0.88
_SHORT_LIKENESS = 0.83
_FRAME_LIKENESS = 0.78
_SHORT_SOUND = 8
"""Sounds, two a syllable, or letters: shorter wordings have to be heard nearly as they are."""
_HAN = re.compile(r"[\u3400-\u9fff]+")
_INITIALS = {"zh": "z", "ch": "c", "sh": "s", "l": "n", "h": "f", "r": "y"}
_NOT_LETTERS = re.compile(r"[^a-z0-9 ]+")
# A machine says both that the number cannot be reached and what it does about it: this is what matters.
_FIRST = (Category.VOICEMAIL, Category.ASSISTANT)
# Said of a number that is switched off just as well: what is the matter with it matters more.
_LAST = (Category.CALL_REMINDER, Category.QUEUE)


@dataclass(frozen=True, slots=True)
class Understood:
    """What a transcript says.

    Attributes:
        category: which announcement it is; ``ANNOUNCEMENT`` if no more is known than that it is one.
        likeness: 0..1, how near the words are to those of the table.
        certain: no person says so.
    """

    category: Category
    likeness: float
    certain: bool


_Rank = tuple[float, bool, int]


@dataclass(frozen=True, slots=True)
class _Known:
    """A wording as it sounds; it frames announcements if it has no category."""

    sound: str
    category: Category | None
    certain: bool


def understand(text: str, *, machine: bool = False) -> Understood | None:
    """Return which announcement a transcript is; None if it is none that is known.

    Args:
        text: what was heard.
        machine: only machines speak, as before the answer: less likeness will do.
    """
    return _best(_sound_zh(text), _known_zh(), machine) or _best(_sound_en(text), _known_en(), machine)


def _best(sound: str, known: Sequence[_Known], machine: bool) -> Understood | None:
    least = _FRAME_LIKENESS if machine else _SURE_LIKENESS
    frames = [each for each in known if each.category is None and _likeness(each.sound, sound) >= least]
    framed, by_machine = bool(frames), any(each.certain for each in frames)
    found: list[tuple[_Rank, Understood]] = []
    for each in known:
        likeness = _likeness(each.sound, sound)
        if each.category is not None and likeness >= _least(each, framed, machine):
            rank = (likeness, each.certain, len(each.sound))
            found.append((rank, Understood(each.category, likeness, each.certain or by_machine)))
    if not found:
        return Understood(Category.ANNOUNCEMENT, _SURE_LIKENESS, by_machine) if framed else None
    return _chosen([understood for _, understood in sorted(found, key=lambda each: each[0], reverse=True)])


def _least(known: _Known, framed: bool, machine: bool) -> float:
    if len(known.sound) <= _SHORT_SOUND:
        return _SHORT_LIKENESS if framed else 1.0
    return LEAST_LIKENESS if framed or machine else _SURE_LIKENESS


def _chosen(found: Sequence[Understood]) -> Understood:
    """Return the one that matters most of those that were found, the likeliest first."""
    for each in found:
        if each.category in _FIRST and each.certain and each.likeness >= _SURE_LIKENESS:
            return each
    return next((each for each in found if each.category not in _LAST), found[0])


def _likeness(wording: str, sound: str) -> float:
    # The other way round a short text would be found in any long wording.
    if len(sound) < len(wording) - 1:
        return 0.0
    return fuzz.partial_ratio(wording, sound) / 100


@cache
def _known_zh() -> tuple[_Known, ...]:
    return tuple(_all_known(ZH, FRAMES_ZH, LOOSE_FRAMES_ZH, _sound_zh))


@cache
def _known_en() -> tuple[_Known, ...]:
    return tuple(_all_known(EN, FRAMES_EN, LOOSE_FRAMES_EN, _sound_en))


def _all_known(
    table: Mapping[Category, Wordings],
    frames: Sequence[str],
    loose_frames: Sequence[str],
    heard: Callable[[str], str],
) -> Iterable[_Known]:
    yield from (_Known(heard(frame), None, certain=True) for frame in frames)
    yield from (_Known(heard(frame), None, certain=False) for frame in loose_frames)
    for category, wordings in table.items():
        for words, certain in ((wordings.certain, True), (wordings.likely, False)):
            for wording in words:
                yield _Known(heard(wording), category, certain)


def _sound_zh(text: str) -> str:
    """Return two characters a syllable: one stands for its initial, one for its final."""
    han = "".join(_HAN.findall(text))
    return "".join(_parts(sound) for sound in lazy_pinyin(han, style=Style.TONE)) if han else ""


@cache
def _parts(sound: str) -> str:
    initial = convert(sound, Style.INITIALS, strict=False)
    final = convert(sound, Style.FINALS, strict=False)
    return _letter("initial", _INITIALS.get(initial, initial)) + _letter("final", re.sub("ng$", "n", final))


_LETTERS: dict[tuple[str, str], str] = {}


def _letter(place: str, part: str) -> str:
    """Return the character that stands for a part of a syllable, one of a private use area."""
    return _LETTERS.setdefault((place, part), chr(0xE000 + len(_LETTERS)))


def _sound_en(text: str) -> str:
    return " ".join(_NOT_LETTERS.sub(" ", text.lower().replace("'", "").replace("\u2019", "")).split())
