"""What the words that led to a node give to its slots: "can we move it to Friday" names the new day already."""

from __future__ import annotations

import re
from dataclasses import replace

from voicebot.dialogue.entities import Entity
from voicebot.dialogue.slotfill import fill
from voicebot.dialogue.slots import ENTITY_KINDS, Filling, SlotKind, Wanted

# A day in such words may as well be the old one ("I can't come on Tuesday"), unless it is clearly what is wished for.
_WISHED_BEFORE = re.compile(
    "(?:[\u6539\u6362\u632a\u63a8\u7ea6\u8ba2\u5b9a\u8c03\u5ef6]|\u63d0\u524d|\u5b89\u6392)"
    "(?:\u8fdf|\u540e|\u671f|\u4e2a|\u65f6\u95f4)?(?:\u5230|\u6210|\u5728|\u81f3|\u53bb|\u4e3a)?"
    "(?:\u4e86|\u4e2a)?[\\s,\uff0c]?$"
    r"|\b(?:to|for|until|till|make it|do|book|try|prefer|how about|what about)\s+(?:the\s+|on\s+)?$",
    re.IGNORECASE,
)
_WISHED_AFTER = re.compile(
    "[\\s,\uff0c]*(?:\u884c\u5417|\u53ef\u4ee5\u5417|\u884c\u4e0d\u884c|\u53ef\u4e0d\u53ef\u4ee5|\u600e\u4e48\u6837"
    "|\u597d\u5417|\u5427|\u6709\u7a7a|\u65b9\u4fbf\u5417|\u518d\u6253|\u6253\u7ed9|\u6253\u8fc7\u6765|\u518d\u8054\u7cfb|\u7ed9\u6211\u6253|\u6709\u4f4d|\u6709\u53f7|\u80fd\u884c)"
    r"|\s*(?:would be better|instead|works|is fine|would work)",
)
_MOMENTS = (SlotKind.DATE, SlotKind.TIME, SlotKind.DATETIME)
_MOMENT_ENTITIES = frozenset(kind for slot_kind in _MOMENTS for kind in ENTITY_KINDS[slot_kind])


def fill_on_entry(wanted: Wanted, words: str, language: str) -> Filling:
    """Return what the words that led to a node give to its slots. Nothing is refused: it was no answer yet."""
    slots = tuple(slot for slot in wanted.slots if slot.kind not in (SlotKind.YES_NO, SlotKind.TEXT))
    filling = fill(replace(wanted, slots=slots), words, language)
    if not _wished(words, filling.entities):
        moments = {slot.name for slot in slots if slot.kind in _MOMENTS}
        values = {name: value for name, value in filling.values.items() if name not in moments}
        return Filling(values=values, entities=filling.entities)
    return replace(filling, rejected={})


def _wished(words: str, entities: tuple[Entity, ...]) -> bool:
    moments = [entity for entity in entities if entity.kind in _MOMENT_ENTITIES]
    if not moments:
        return False
    start, end = min(entity.start for entity in moments), max(entity.end for entity in moments)
    return bool(_WISHED_BEFORE.search(words[:start]) or _WISHED_AFTER.match(words[end:]))
