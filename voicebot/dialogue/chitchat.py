"""Small talk that every bot masters unless told otherwise: ``chitchat_<language>.yaml`` beside this module."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from voicebot.dialogue.bot import SmallTalk
from voicebot.dialogue.yamltree import read_yaml


@cache
def builtin_chitchat(language: str) -> tuple[SmallTalk, ...]:
    """Return the situations of a language ("zh", "en") with what callers say in them and what is answered."""
    file = Path(__file__).parent / f"chitchat_{language}.yaml"
    situations = []
    for name, item in read_yaml(file).map().items():
        entries = item.map(("heard", "say"))
        situations.append(SmallTalk(name, entries["heard"].texts(), entries["say"].texts()))
    return tuple(situations)
