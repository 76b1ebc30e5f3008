"""Read ``language_model`` of a ``bot.yaml``, and the texts that models are told in each language."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from voicebot.dialogue.modeluse import ACTIONS, ModelUse
from voicebot.dialogue.yamltree import Item, read_yaml

_KEYS = ("enabled", "persona", "when", "tools", "actions", "withhold", "private", "ask_again", "filler")
_WHENS = ("fallback", "questions")


def read_model_use(item: Item | None, language: str) -> ModelUse | None:
    """Read the section; None if the bot wants no language model.

    Raises:
        ConfigError: a value is wrong.
    """
    if item is None:
        return None
    entries = item.map(_KEYS)
    use = ModelUse(
        persona=entries["persona"].text_or_empty() if "persona" in entries else "",
        questions="when" in entries and entries["when"].choice(_WHENS) == "questions",
        tools=_names(entries.get("tools")),
        actions={name: node.text() for name, node in entries["actions"].map(ACTIONS).items()}
        if "actions" in entries
        else {},
        withhold=_names(entries.get("withhold")),
        private=frozenset(_names(entries.get("private"))),
        ask_again=entries["ask_again"].flag() if "ask_again" in entries else True,
        filler=_names(entries.get("filler")) if "filler" in entries else model_texts(language)["filler"],
    )
    return use if "enabled" not in entries or entries["enabled"].flag() else None


def check_model_use(item: Item | None, nodes: Collection[str], skills: Collection[str], servers: int) -> None:
    """Look at the names in the section.

    Args:
        item: the section.
        nodes: names of the bot's nodes.
        skills: names of its skills.
        servers: how many MCP servers it has; the names of their tools are known only when they run.

    Raises:
        ConfigError: a node or a skill is named that does not exist.
    """
    entries = item.map() if item is not None else {}
    if "actions" in entries:
        for node in entries["actions"].map().values():
            _check_known(node, "node", node.text(), nodes)
    if "private" in entries:
        for name in _names(entries["private"]):
            _check_known(entries["private"], "node", name, nodes)
    if "tools" in entries and not servers:
        for name in _names(entries["tools"]):
            if name != "*":
                _check_known(entries["tools"], "skill", name, skills)


@cache
def model_texts(language: str) -> Mapping[str, tuple[str, ...]]:
    """Return what a model is told in a language ("zh", "en"), by name."""
    file = Path(__file__).parent / f"model_{language}.yaml"
    return {name: item.texts() for name, item in read_yaml(file).map().items()}


def _names(item: Item | None) -> tuple[str, ...]:
    if item is None or (not item.is_text and not item.list()):
        return ()
    return item.texts()


def _check_known(item: Item, kind: str, name: str, known: Collection[str]) -> None:
    if name in known:
        return
    close = difflib.get_close_matches(name, known, n=1)
    hint = f", did you mean '{close[0]}'?" if close else f"; the {kind}s are: {', '.join(sorted(known)) or 'none'}"
    item.fail(f"there is no {kind} '{name}'{hint}")
