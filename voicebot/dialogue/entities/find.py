"""Finds the entities of an utterance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from voicebot.dialogue.entities import (
    answers_en,
    answers_zh,
    digits,
    durations,
    moments,
    money_en,
    money_zh,
    names,
    numbers_en,
    numbers_zh,
    phones,
)
from voicebot.dialogue.entities.entity import NEGATED, Entity, EntityKind, Found
from voicebot.dialogue.entities.fold import fold, squeeze
from voicebot.dialogue.entities.negation import is_negated, is_taken_back
from voicebot.dialogue.entities.said import Said

_MOMENTS = frozenset(
    (
        *(EntityKind.DATE, EntityKind.DATE_RANGE, EntityKind.TIME, EntityKind.TIME_RANGE),
        *(EntityKind.DATETIME, EntityKind.DAYPART),
    )
)
_Finder = Callable[[Said], "list[Found]"]
_ZH: dict[EntityKind, _Finder] = {
    EntityKind.NUMBER: numbers_zh.find_numbers,
    EntityKind.ORDINAL: numbers_zh.find_ordinals,
    EntityKind.PERCENT: numbers_zh.find_percents,
    EntityKind.MONEY: money_zh.find_amounts,
    EntityKind.YES_NO: answers_zh.find_answers,
    EntityKind.DIGITS: digits.find_digits,
    EntityKind.CODE: digits.find_codes,
    EntityKind.PHONE: phones.find_phones,
    EntityKind.DURATION: durations.find_durations,
}
_EN = _ZH | {
    EntityKind.NUMBER: numbers_en.find_numbers,
    EntityKind.ORDINAL: numbers_en.find_ordinals,
    EntityKind.PERCENT: numbers_en.find_percents,
    EntityKind.MONEY: money_en.find_amounts,
    EntityKind.YES_NO: answers_en.find_answers,
}
_PLAINLY = 0.65
"""A day or time from this confidence on is no number."""
_MAYBE_A_DAY = 0.6
_DICTATED = 5
"""So many digits are no two numbers one after the other."""
_LONGEST = 1000
"""What is said in one turn is shorter; of anything longer only the beginning is looked at."""


def find_entities(
    text: str,
    language: str,
    now: datetime,
    kinds: Iterable[EntityKind] | None = None,
    names: Mapping[str, Sequence[str]] = {},
    currency: str = "",
) -> list[Entity]:
    """Return what an utterance says, in order of place; entities of one kind do not overlap, those of two may.

    Args:
        text: the utterance as it was recognised.
        language: "zh" for Mandarin, anything else is read as English.
        now: the caller's time, which 明天 is relative to; a zone is ignored.
        kinds: what was asked for; only these are looked for, and bare words are taken for them where nothing else is
            said ("twelve fifty" for an amount). None: all.
        names: lists of names by the name of the list.
        currency: ISO 4217 code of bare amounts; "": CNY in Mandarin, USD in English.
    """
    asked = frozenset(kinds) if kinds is not None else frozenset()
    wanted = asked if kinds is not None else frozenset(EntityKind)
    folded, places = squeeze(fold(text[:_LONGEST]))
    mandarin = language.lower().startswith(("zh", "cmn"))
    raw = "".join(text[place] for place in places)
    said = Said(folded, raw, mandarin, now.replace(tzinfo=None), asked, currency or ("CNY" if mandarin else "USD"))
    found = _all(said, wanted, names)
    kept = [each for kind in EntityKind for each in _settled(said, [one for one in found if one.kind is kind])]
    entities = [_entity(text, places, each) for each in kept]
    return sorted(entities, key=lambda entity: (entity.start, -entity.end))


def _all(said: Said, wanted: frozenset[EntityKind], lists: Mapping[str, Sequence[str]]) -> list[Found]:
    finders = _ZH if said.mandarin else _EN
    found: list[Found] = []
    if wanted & _MOMENTS or EntityKind.NUMBER in wanted:
        spoken_of = moments.find_moments(said)
        found += [each for each in moments.entities(said, spoken_of) if each.kind in wanted]
    for kind in wanted & finders.keys():
        results = finders[kind](said)
        if kind is EntityKind.NUMBER and results:
            results = _only_numbers(results, _others(said, finders, spoken_of), _dictated(said))
            results = [_less_sure(each, spoken_of) for each in results]
        found += results
    if EntityKind.NAME in wanted and lists:
        found += names.find_names(said, lists)
    return [each for each in found if each.confidence > 0]


_Span = tuple[int, int]


def _others(said: Said, finders: Mapping[EntityKind, _Finder], spoken_of: moments.Moments) -> list[_Span]:
    """Return where numbers belong to something else: a day, a time, a percentage."""
    spans = [(time.start, time.end) for time in spoken_of.times if said.mandarin or time.confidence >= _PLAINLY]
    spans += [(day.start, day.end) for day in spoken_of.days if not day.name_only]
    for kind in (EntityKind.PERCENT, EntityKind.ORDINAL):
        spans += [(each.start, each.end) for each in finders[kind](said)]
    return spans


def _dictated(said: Said) -> list[_Span]:
    """Return where digits are dictated: 幺三八 there is a part of a telephone number."""
    found = [each for each in digits.find_digits(said) if len(each.value) >= _DICTATED]
    return [(each.start, each.end) for each in (*found, *digits.find_codes(said))]


def _only_numbers(found: list[Found], others: list[_Span], dictated: list[_Span]) -> list[Found]:
    """Return the numbers that belong to nothing else; one that is all of the dictated digits may be a number."""
    return [
        each
        for each in found
        if not any(each.start < end and start < each.end for start, end in others)
        and not any(
            start <= each.start and each.end <= end and (start, end) != (each.start, each.end)
            for start, end in dictated
        )
    ]


def _less_sure(number: Found, spoken_of: moments.Moments) -> Found:
    """Return a number with less confidence where it may be a day: 三号."""
    if any(number.start < day.end and day.start < number.end for day in spoken_of.days):
        return replace(number, confidence=min(number.confidence, _MAYBE_A_DAY))
    return number


def _settled(said: Said, found: list[Found]) -> list[Found]:
    """Return those of one kind that stand: the longest of what overlaps, nothing that was taken back."""
    chosen: list[Found] = []
    for each in sorted(found, key=lambda each: (each.start - each.end, -each.confidence, each.start)):
        if not any(each.start < other.end and other.start < each.end for other in chosen):
            chosen.append(each)
    chosen.sort(key=lambda each: each.start)
    if not chosen or chosen[0].kind is EntityKind.YES_NO:
        return chosen
    chosen = [
        replace(each, confidence=NEGATED) if is_negated(said.text, each.start, each.end) else each for each in chosen
    ]
    return [each for place, each in enumerate(chosen) if not _replaced(said, each, chosen[place + 1 :])]


def _replaced(said: Said, found: Found, following: list[Found]) -> bool:
    """Tell whether the caller said something else instead: 三点，不对，四点; 不是三点，是四点."""
    if not following:
        return False
    if found.confidence == NEGATED and any(each.confidence > NEGATED for each in following):
        return True
    return is_taken_back(said.text, found.end, following[0].start)


def _entity(text: str, places: list[int], found: Found) -> Entity:
    start, end = places[found.start], places[found.end - 1] + 1
    words, value = text[start:end], found.value
    return Entity(found.kind, words, start, end, value, found.spoken, found.confidence, found.list)
