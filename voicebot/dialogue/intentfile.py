"""Read the intents of a bot: those of ``bot.yaml``, and of ``intents.yaml`` beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from voicebot.dialogue import builtin
from voicebot.dialogue.yamltree import Item, read_yaml

FILE_NAME = "intents.yaml"


def read_intents(item: Item | None, folder: Path, language: str) -> Mapping[str, tuple[str, ...]]:
    """Return the examples of all intents, the built-in ones included; those of one name add up.

    Args:
        item: the intents in ``bot.yaml``; None if it has none.
        folder: of the bot.
        language: whose built-in intents are added.

    Raises:
        ConfigError: a file is wrong; names file and line.
    """
    intents = dict(builtin.builtin_intents(language))
    file = folder / FILE_NAME
    for source in (item, read_yaml(file) if file.is_file() else None):
        for name, value in (source.map() if source is not None else {}).items():
            intents[name] = intents.get(name, ()) + value.texts()
    return intents
