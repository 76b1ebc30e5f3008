"""Intents every bot knows without being told: examples in ``intents_<language>.yaml`` beside this module."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from voicebot.dialogue.yamltree import read_yaml

YES, NO, HELLO = "yes", "no", "hello"

LEXICAL_ONLY = frozenset({YES, NO, HELLO})
"""Intents too short for sentence vectors: to those, "不是" is 0.8 alike "是的"."""

REPEATING = ("repeat", "cannot_hear")
"""Intents that are global in every bot: they say the last words again unless the bot says otherwise."""


NEAR_TO_MUCH = frozenset({"repeat", "cannot_hear", "hang_up", "busy", "refuse"})
"""Intents whose short, general examples are near to much else, and which cut a conversation short: be surer of them."""


@cache
def builtin_intents(language: str) -> Mapping[str, tuple[str, ...]]:
    """Return the examples of the built-in intents of a language ("zh", "en"), by intent."""
    file = Path(__file__).parent / f"intents_{language}.yaml"
    return {name: item.texts() for name, item in read_yaml(file).map().items()}
