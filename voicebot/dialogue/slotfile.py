"""Read the slots of a node of a ``bot.yaml``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import time
from typing import TypeVar

from voicebot.dialogue.expression import parse_expression
from voicebot.dialogue.marks import DayMark, MomentMark, read_clock, read_day_mark, read_moment_mark
from voicebot.dialogue.slots import Rule, Slot, SlotKind, SlotRules
from voicebot.dialogue.yamltree import Item
from voicebot.protocol.expectation import KEYS, LONGEST_GAP_MS, KeyEntry

_T = TypeVar("_T")
KEYS_OF_ALL = ("kind", "ask", "invalid", "vague", "echo", "valid_if", "end_of_speech_ms")
_DAYS = ("earliest", "latest", "only_on", "not_on")
KEYS_OF_KIND: Mapping[SlotKind, tuple[str, ...]] = {
    SlotKind.DATE: _DAYS,
    SlotKind.TIME: ("earliest", "latest", "between", "day"),
    SlotKind.DATETIME: (*_DAYS, "between"),
    SlotKind.NUMBER: ("min", "max"),
    SlotKind.MONEY: ("min", "max"),
    SlotKind.PERCENT: ("min", "max"),
    SlotKind.DIGITS: ("length", "letters", "keys"),
    SlotKind.NAME: ("values",),
}
"""What can be said of each kind besides."""
_RULE_NAMES = tuple(rule.value for rule in Rule)
_LONGEST = 64
_MOST = 1e15
_DAY_EXAMPLES = "expected weekdays or dates, such as [sunday, 2026-10-01]"


def read_slots(item: Item) -> tuple[Slot, ...]:
    """Read ``slots``.

    Raises:
        ConfigError: a value is wrong.
    """
    slots = tuple(_slot(name, entry) for name, entry in item.map().items())
    if not slots:
        item.fail("expected at least one slot")
    for slot in slots:
        others = {other.name: other.kind for other in slots}
        if slot.rules.day and others.get(slot.rules.day) is not SlotKind.DATE:
            item.map()[slot.name].map()["day"].fail("expected the name of a slot of this node with kind: date")
    return slots


def _slot(name: str, item: Item) -> Slot:
    if not re.fullmatch(r"\w+", name):
        item.fail("the name of a slot has letters, digits and _ only: it is the name of a variable")
    parts = item.map()
    if "kind" not in parts:
        item.fail("'kind' is missing")
    kind = SlotKind(parts["kind"].choice([each.value for each in SlotKind]))
    entries = item.map((*KEYS_OF_ALL, *KEYS_OF_KIND.get(kind, ())))
    if "ask" not in entries:
        item.fail("'ask' is missing: the question for this slot alone")
    if kind is SlotKind.NAME and "values" not in entries:
        item.fail("'values' is missing: the names that callers may say")
    typed, first_key_s = _keys(entries["keys"]) if "keys" in entries else (None, None)
    return Slot(
        keys=typed,
        first_key_s=first_key_s,
        name=name,
        kind=kind,
        ask=entries["ask"].texts(),
        rules=_rules(kind, entries),
        invalid=_reasons(entries["invalid"]) if "invalid" in entries else {},
        vague=entries["vague"].texts() if "vague" in entries else (),
        echo=entries["echo"].texts() if "echo" in entries else (),
        names=_names(entries["values"]) if "values" in entries else {},
        end_of_speech_ms=entries["end_of_speech_ms"].integer(200, 3000) if "end_of_speech_ms" in entries else None,
    )


def _rules(kind: SlotKind, entries: Mapping[str, Item]) -> SlotRules:
    shortest, longest = _length(entries["length"]) if "length" in entries else (1, _LONGEST)
    return SlotRules(
        earliest=_mark(kind, entries["earliest"]) if "earliest" in entries else None,
        latest=_mark(kind, entries["latest"]) if "latest" in entries else None,
        between=_between(entries["between"]) if "between" in entries else None,
        only_on=_day_marks(entries["only_on"]) if "only_on" in entries else (),
        not_on=_day_marks(entries["not_on"]) if "not_on" in entries else (),
        day=entries["day"].text() if "day" in entries else "",
        least=entries["min"].number(-_MOST, _MOST) if "min" in entries else None,
        most=entries["max"].number(-_MOST, _MOST) if "max" in entries else None,
        shortest=shortest,
        longest=longest,
        letters=entries["letters"].flag() if "letters" in entries else False,
        condition=parse_expression(entries["valid_if"].text(), entries["valid_if"].fail)
        if "valid_if" in entries
        else None,
    )


def _reasons(item: Item) -> Mapping[Rule, tuple[str, ...]]:
    """Read what is said about a value that is not accepted: for all rules, or for each."""
    if not item.is_map:
        return {Rule.OTHER: item.texts()}
    return {Rule(name): texts.texts() for name, texts in item.map(_RULE_NAMES).items()}


def _mark(kind: SlotKind, item: Item) -> MomentMark:
    examples = {
        SlotKind.DATE: "today, 60 days or 2026-10-01",
        SlotKind.TIME: "now, 2 hours or 09:00",
        SlotKind.DATETIME: "now, 2 hours, 60 days or 2026-10-01",
    }[kind]
    mark = read_moment_mark(item.text())
    day_for_a_time = mark is not None and kind is SlotKind.TIME and (mark.day is not None or mark.whole_days)
    clock_for_a_day = mark is not None and kind is not SlotKind.TIME and mark.clock is not None
    if mark is None or day_for_a_time or clock_for_a_day:
        item.fail(f"expected something like {examples}")
    return mark


def _day_marks(item: Item) -> tuple[DayMark, ...]:
    if item.is_text:
        return (_parsed(item, read_day_mark, _DAY_EXAMPLES),)
    return tuple(_parsed(entry, read_day_mark, _DAY_EXAMPLES) for entry in item.list())


def _parsed(item: Item, read: Callable[[str], _T | None], expected: str) -> _T:
    found = read(item.text())
    if found is None:
        item.fail(expected)
    return found


def _between(item: Item) -> tuple[time, time]:
    first, _, last = item.text().partition("-")
    low, high = read_clock(first), read_clock(last)
    if low is None or high is None or low >= high:
        item.fail('expected two times of day, such as "09:00-20:00"')
    return low, high


def _length(item: Item) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,2})(?:\s*-\s*(\d{1,2}))?", item.text())
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= low <= high <= _LONGEST:
        item.fail("expected how many characters it has, such as 5 or 4-6")
    return low, high


def _keys(item: Item) -> tuple[KeyEntry | None, int | None]:
    """Read how digits are typed: ``true`` for the default, or a map."""
    if not item.is_map:
        return (KeyEntry() if item.flag("true, or a map of end, gap_ms, first_seconds, masked") else None), None
    entries = item.map(("end", "gap_ms", "first_seconds", "masked"))
    end = entries["end"].text_or_empty() if "end" in entries else "#"
    if len(end) > 1 or end not in KEYS:
        entries["end"].fail('expected one key, such as "#", or "" for none')
    entry = KeyEntry(
        end=end,
        gap_ms=entries["gap_ms"].integer(200, LONGEST_GAP_MS) if "gap_ms" in entries else KeyEntry().gap_ms,
        masked=entries["masked"].flag() if "masked" in entries else False,
    )
    return entry, entries["first_seconds"].integer(1, 120) if "first_seconds" in entries else None


def _names(item: Item) -> Mapping[str, tuple[str, ...]]:
    """Read a list of names, or a map of names with other ways to say each."""
    names = (
        {name: others.texts() for name, others in item.map().items()}
        if item.is_map
        else dict.fromkeys(item.texts(), ())
    )
    if not names:
        item.fail("expected at least one name")
    return names
