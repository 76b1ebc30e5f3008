"""Names from lists: as they are written, or as they sound.

Mandarin names of two syllables and more are compared by sound with what telephone recognition mixes up
(voicebot.dialogue.pinyin); each syllable may differ in one such part. English ones by their letters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from voicebot.dialogue.entities.entity import EntityKind, Found
from voicebot.dialogue.entities.fold import fold
from voicebot.dialogue.entities.said import Said
from voicebot.dialogue.pinyin import Syllable, syllable_distance, syllables

_EXACT, _TITLE, _SOUND, _AMBIGUOUS = 0.95, 0.85, 0.8, 0.5
# One part of a syllable that telephone recognition mixes up costs 0.2, see pinyin.py.
_MOST_APART = 0.2
_LEAST_RATIO = 0.82
_SHORTEST_RATIO = 4
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_WORDS = re.compile(r"[a-z0-9']+")
_SAME_TITLES = (("医生", "大夫"), ("dr", "doctor"), ("mr", "mister"), ("st", "saint"))


@dataclass(frozen=True, slots=True)
class _Name:
    list: str
    value: str
    folded: str
    words: tuple[str, ...]
    sounds: tuple[Syllable, ...]
    forms: tuple[tuple[str, float], ...]


class _Index:
    """The names of all lists."""

    def __init__(self, lists: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
        self.names = [_name(list_name, value) for list_name, values in lists for value in values if value.strip()]
        self.by_words: dict[int, list[_Name]] = {}
        self._by_first: dict[Syllable, list[_Name]] = {}
        self._near: dict[Syllable, list[Syllable]] = {}
        for name in self.names:
            if name.words:
                self.by_words.setdefault(len(name.words), []).append(name)
            if len(name.sounds) > 1:
                self._by_first.setdefault(name.sounds[0], []).append(name)

    @property
    def sounding(self) -> bool:
        """Tell whether there are names to be compared by sound."""
        return bool(self._by_first)

    def beginning_like(self, sound: Syllable) -> list[_Name]:
        """Return the names whose first syllable sounds like one."""
        near = self._near.get(sound)
        if near is None:
            near = [first for first in self._by_first if syllable_distance(first, sound) <= _MOST_APART]
            self._near[sound] = near
        return [name for first in near for name in self._by_first[first]]


@lru_cache(maxsize=64)  # the lists of a bot's slots; no words of callers
def _index(lists: tuple[tuple[str, tuple[str, ...]], ...]) -> _Index:
    return _Index(lists)


def _name(list_name: str, value: str) -> _Name:
    folded = fold(value).strip()
    sounds = tuple(syllables(folded)) if _HAN.fullmatch(folded) else ()
    words = () if _HAN.search(folded) else tuple(_WORDS.findall(folded))
    forms = ((folded, _EXACT), *((other, _TITLE) for other in _other_titles(folded)))
    return _Name(list_name, value, folded, words, sounds, forms)


def find_names(said: Said, lists: Mapping[str, Sequence[str]]) -> list[Found]:
    """Return names; two that fit the same stretch equally well are both returned, with little confidence."""
    index = _index(tuple((list_name, tuple(values)) for list_name, values in lists.items()))
    found = _written(said.text, index)
    found += [each for each in _sounding(said.text, index) if not _covered(each, found)]
    found += [each for each in _spelled(said.text, index) if not _covered(each, found)]
    return _longest(found)


def _covered(one: Found, others: list[Found]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others)


def _longest(found: list[Found]) -> list[Found]:
    """Return the best of those that overlap; equals of one list are doubtful."""
    kept: list[Found] = []
    for each in sorted(found, key=lambda each: (-each.confidence, each.start - each.end)):
        rivals = [other for other in kept if each.start < other.end and other.start < each.end]
        if not rivals:
            kept.append(each)
            continue
        for other in rivals:
            same_place = (other.start, other.end) == (each.start, each.end)
            if (
                same_place
                and other.list == each.list
                and other.value != each.value
                and other.confidence == each.confidence
            ):
                kept[kept.index(other)] = Found(*_with_confidence(other, _AMBIGUOUS))
    return kept


def _with_confidence(found: Found, confidence: float) -> tuple[EntityKind, int, int, str, str, float, str]:
    return found.kind, found.start, found.end, found.value, found.spoken, confidence, found.list


def _found(name: _Name, start: int, end: int, confidence: float) -> Found:
    return Found(EntityKind.NAME, start, end, name.value, name.value, confidence, name.list)


def _written(text: str, index: _Index) -> list[Found]:
    found = []
    for name in index.names:
        for form, confidence in name.forms:
            at = text.find(form)
            while at >= 0:
                if _bounded(text, at, at + len(form)):
                    found.append(_found(name, at, at + len(form), confidence))
                at = text.find(form, at + len(form))
    return found


def _bounded(text: str, start: int, end: int) -> bool:
    """Tell whether Latin letters end where the stretch does: no "ann" in "annual"."""
    left = start > 0 and text[start - 1].isascii() and text[start - 1].isalnum() and text[start].isascii()
    right = end < len(text) and text[end].isascii() and text[end].isalnum() and text[end - 1].isascii()
    return not (left or right)


def _other_titles(folded: str) -> list[str]:
    others = []
    for one, other in _SAME_TITLES:
        for title, instead in ((one, other), (other, one)):
            if title.isascii():
                for written in (f"{title} ", f"{title}. "):
                    if folded.startswith(written):
                        others += [
                            f"{instead} {folded[len(written) :]}",
                            f"{title} {folded[len(written) :]}",
                            f"{title}. {folded[len(written) :]}",
                        ]
            elif folded.endswith(title) and len(folded) > len(title):
                others.append(folded.removesuffix(title) + instead)
    return [other for other in others if other != folded]


def _sounding(text: str, index: _Index) -> list[Found]:
    places = [place for place, character in enumerate(text) if _HAN.match(character)]
    heard = syllables(text) if index.sounding else []
    if len(heard) != len(places):
        return []
    found = []
    for at, sound in enumerate(heard):
        for name in index.beginning_like(sound):
            end = at + len(name.sounds)
            if end > len(heard) or places[end - 1] - places[at] != end - 1 - at:
                continue
            likeness = _likeness(name.sounds, heard[at:end])
            if likeness:
                found.append(_found(name, places[at], places[end - 1] + 1, round(_SOUND * likeness, 2)))
    return found


def _likeness(sounds: tuple[Syllable, ...], heard: list[Syllable]) -> float:
    """Return 1 for the same sounds, less for alike ones, 0 where a syllable differs in more than one alike part."""
    if len(sounds) != len(heard):
        return 0.0
    apart = [syllable_distance(one, other) for one, other in zip(sounds, heard, strict=True)]
    if max(apart) > _MOST_APART or sum(apart) > _MOST_APART * (len(sounds) - 1):
        return 0.0
    return 1.0 - sum(apart) / len(sounds)


def _spelled(text: str, index: _Index) -> list[Found]:
    words = [(match[0], match.start(), match.end()) for match in _WORDS.finditer(text)]
    found = []
    for count, names in index.by_words.items():
        for at in range(len(words) - count + 1):
            window = words[at : at + count]
            heard = " ".join(word for word, _, _ in window)
            for name in names:
                ratio = _ratio(heard, " ".join(name.words))
                if ratio >= _LEAST_RATIO:
                    found.append(_found(name, window[0][1], window[-1][2], round(0.85 * ratio, 2)))
    return found


def _ratio(heard: str, name: str) -> float:
    if abs(len(heard) - len(name)) > 2 or min(len(heard), len(name)) < _SHORTEST_RATIO or heard[0] != name[0]:
        return 0.0
    matcher = SequenceMatcher(None, heard, name, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _LEAST_RATIO else 0.0
