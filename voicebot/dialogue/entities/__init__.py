"""Entities in what callers say: numbers, amounts, days, times, answers, names."""

from voicebot.dialogue.entities.entity import NEGATED, Entity, EntityKind
from voicebot.dialogue.entities.find import find_entities
from voicebot.dialogue.entities.later import FoundLater

__all__ = ["NEGATED", "Entity", "EntityKind", "FoundLater", "find_entities"]
