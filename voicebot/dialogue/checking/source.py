"""A bot together with the places its texts stand at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.botfile import read_bot
from voicebot.dialogue.faqfile import read_faq_files
from voicebot.dialogue.intentfile import FILE_NAME as INTENT_FILE
from voicebot.dialogue.yamltree import Item, read_yaml

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A single value of ``bot.yaml``.

    Attributes:
        path: the keys that lead to it; entries of a list have none of their own.
        where: ``file:line``.
        text: the value.
    """

    path: Keys
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class BotSource:
    """A bot, and where it stands in its files.

    Attributes:
        bot: the bot.
        entries: the sections of ``bot.yaml``.
        leaves: all single values of it.
        faq_places: ``file:line`` of each of the bot's questions.
        intent_places: of each intent that the bot itself has examples for.
    """

    bot: Bot
    entries: Mapping[str, Item]
    leaves: tuple[Leaf, ...]
    faq_places: tuple[str, ...]
    intent_places: Mapping[str, str]

    def place(self, *path: str) -> str:
        """Return where a value stands; for one that is not there, where the nearest around it does."""
        item = self.entries[path[0]]
        for key in path[1:]:
            if not item.is_map or key not in item.map():
                break
            item = item.map()[key]
        return item.where

    def node(self, name: str, key: str = "") -> str:
        """Return where a node stands, or a key of it."""
        node = self.entries["nodes"].map()[name]
        return node.map()[key].where if key in node.map() else node.where

    def transition(self, node: str, number: int) -> str:
        """Return where a transition stands, counted from 0."""
        return self.entries["nodes"].map()[node].map()["transitions"].list()[number].where


def read_source(file: Path) -> BotSource:
    """Read a bot with its places.

    Raises:
        ConfigError: a part is wrong.
    """
    bot, entries = read_bot(file)
    leaves = tuple(leaf for name, item in entries.items() for leaf in _leaves((name,), item))
    own = [entry.where for entry in entries["faq"].list()] if "faq" in entries else []
    places = {name: item.where for name, item in entries["intents"].map().items()} if "intents" in entries else {}
    other = file.parent / INTENT_FILE
    if other.is_file():
        places |= {name: item.where for name, item in read_yaml(other).map().items() if name not in places}
    return BotSource(bot, entries, leaves, (*own, *(where for where, _ in read_faq_files(file.parent))), places)


def _leaves(path: Keys, item: Item) -> Iterator[Leaf]:
    if item.is_map:
        for name, entry in item.map().items():
            yield from _leaves((*path, name), entry)
    elif item.is_text:
        yield Leaf(path, item.where, item.text_or_empty())
    else:
        for entry in item.list():
            yield from _leaves(path, entry)
