"""Entities in what callers say: numbers, amounts, days, times, answers, names."""

from voicebot.dialogue.entities.entity import NEGATED, Entity, EntityKind
from voicebot.dialogue.entities.find import find_entities

__all__ = ["NEGATED", "Entity", "EntityKind", "find_entities"]
