"""What an answer asks the caller for, as far as that says when the caller's next words are complete."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.dialogue.bot import Node
from voicebot.dialogue.builtin import NO, YES
from voicebot.dialogue.slots import Slot, SlotKind
from voicebot.protocol.expectation import MOST_DIGITS, Expectation, Expected

_KINDS = {
    SlotKind.DATE: Expected.DATE,
    SlotKind.TIME: Expected.TIME,
    SlotKind.DATETIME: Expected.DATETIME,
    SlotKind.NUMBER: Expected.NUMBER,
    SlotKind.DIGITS: Expected.DIGITS,
    SlotKind.PHONE: Expected.PHONE,
    SlotKind.MONEY: Expected.MONEY,
    SlotKind.PERCENT: Expected.NUMBER,
    SlotKind.DURATION: Expected.DURATION,
    SlotKind.YES_NO: Expected.YES_NO,
    SlotKind.NAME: Expected.NAME,
    SlotKind.TEXT: Expected.OPEN,
}
_MOMENTS = frozenset({SlotKind.DATE, SlotKind.TIME, SlotKind.DATETIME})


def expectation_of(node: Node, missing: Sequence[Slot]) -> Expectation:
    """Return what the caller is asked for at a node.

    Args:
        node: where the conversation stands.
        missing: of its slots, those without a value.
    """
    if missing:
        together = len(missing) == len(node.slots) and bool(node.say)  # the node's own question asks for all of them
        return _of_slots(missing) if together else _of_slots(missing[:1])
    if not node.slots and any({YES, NO} & set(way.when.intents) for way in node.transitions):
        return Expectation(Expected.YES_NO)
    return Expectation()


def in_common(expectations: Sequence[Expectation]) -> Expectation:
    """Return what all of them are; an open question where they differ."""
    first = expectations[0] if expectations else Expectation()
    if all(each == first for each in expectations):
        return first
    # One of them may be a secret: rather too much is hidden than too little.
    return Expectation(keys=next((each.keys for each in expectations if each.masked), None))


def is_dictated(expectation: Expectation) -> bool:
    """Tell whether the caller reads digits out, in groups, with pauses between them."""
    return expectation.kind in (Expected.DIGITS, Expected.PHONE)


def _of_slots(slots: Sequence[Slot]) -> Expectation:
    kinds = {slot.kind for slot in slots}
    if len(slots) == 1:
        slot = slots[0]
        return Expectation(_KINDS[slot.kind], _digits(slot) if slot.kind is SlotKind.DIGITS else None, slot.keys)
    return Expectation(Expected.DATETIME) if kinds <= _MOMENTS else Expectation()


def _digits(slot: Slot) -> tuple[int, int] | None:
    rules = slot.rules
    if rules.letters or (rules.shortest, rules.longest) == (1, MOST_DIGITS):
        return None
    return rules.shortest, min(rules.longest, MOST_DIGITS)
