"""Intents every bot knows without being told: examples in ``intents_<language>.yaml`` beside this module."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from voicebot.dialogue.yamltree import read_yaml

YES, NO, HELLO, HUMAN, HANG_UP = "yes", "no", "hello", "human", "hang_up"
REPEAT, CANNOT_HEAR, BUSY, REFUSE = "repeat", "cannot_hear", "busy", "refuse"
IDENTITY_YES, WRONG_PERSON, WHO_IS_CALLING = "identity_yes", "wrong_person", "who_is_calling"
HAS_QUESTION, NOT_SURE, WAIT, MISHEARD = "has_question", "not_sure", "wait", "misheard"

LEXICAL_ONLY = frozenset({YES, NO, HELLO})
"""Intents whose words may be strung together: "对对，是的"."""

REPEATING = (REPEAT, CANNOT_HEAR)
"""Intents that are global in every bot: they say the last words again unless the bot says otherwise."""

COUNTS_AS: Mapping[str, str] = {IDENTITY_YES: YES, WRONG_PERSON: NO, MISHEARD: NO}
"""What an intent means at a node that does not name it, but does name the more general one."""

ANSWERED_BY_SMALL_TALK: Mapping[str, str] = {WAIT: "wait", WHO_IS_CALLING: "who_are_you"}
"""The topic of small talk that answers an intent in a bot that names the intent nowhere."""

_BACKGROUND = "none"


@cache
def builtin_intents(language: str) -> Mapping[str, tuple[str, ...]]:
    """Return the examples of the built-in intents of a language ("zh", "en"), by intent."""
    return {name: examples for name, examples in _examples(language).items() if name != _BACKGROUND}


@cache
def builtin_background(language: str) -> tuple[str, ...]:
    """Return words of a language that mean nothing to any bot: no intent, for comparison only."""
    return _examples(language).get(_BACKGROUND, ())


@cache
def _examples(language: str) -> Mapping[str, tuple[str, ...]]:
    file = Path(__file__).parent / f"intents_{language}.yaml"
    return {name: item.texts() for name, item in read_yaml(file).map().items()}
