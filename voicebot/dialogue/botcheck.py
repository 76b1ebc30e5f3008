"""Check a bot as a whole: every name that is used exists, and no chain of nodes runs in a circle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.yamltree import Item


def check_bot(bot: Bot, entries: Mapping[str, Item]) -> None:
    """Look at the references between the parts of a bot.

    Raises:
        ConfigError: a node or an intent is named that does not exist, or nodes that do not listen form a circle.
    """
    for item, target in _gotos(bot, entries):
        if target not in bot.nodes:
            _fail_unknown(item, "node", target, sorted(bot.nodes))
    for item, name in _intent_uses(entries):
        if name not in bot.intents:
            _fail_unknown(item, "intent", name, sorted(bot.intents))
    for name, item in entries["nodes"].map().items():
        _check_circle(bot, name, item)


def _fail_unknown(item: Item, kind: str, name: str, known: list[str]) -> None:
    item.fail(f"there is no {kind} '{name}'; the {kind}s are: {', '.join(known)}")


def _gotos(bot: Bot, entries: Mapping[str, Item]) -> Iterator[tuple[Item, str]]:
    for key in ("start", "on_transfer_failed", "on_transfer_busy"):
        if key in entries:
            yield entries[key], entries[key].text()
    for key in ("silence", "fallback"):
        yield from _goto_of(entries[key])
    if "globals" in entries:
        for item in entries["globals"].map().values():
            yield from _goto_of(item)
    for item in entries["nodes"].map().values():
        yield from _node_gotos(item)


def _node_gotos(node: Item) -> Iterator[tuple[Item, str]]:
    parts = node.map()
    for key in ("goto", "after_answer", "on_transfer_failed", "on_transfer_busy"):
        if key in parts:
            yield parts[key], parts[key].text()
    if "silence" in parts:
        yield from _goto_of(parts["silence"])
    if "transitions" in parts:
        for transition in parts["transitions"].list():
            yield from _goto_of(transition)


def _goto_of(item: Item) -> Iterator[tuple[Item, str]]:
    target = item.map().get("goto")
    if target is not None:
        yield target, target.text()


def _intent_uses(entries: Mapping[str, Item]) -> Iterator[tuple[Item, str]]:
    if "globals" in entries:
        for name, item in entries["globals"].map().items():
            yield item, name
    for node in entries["nodes"].map().values():
        transitions = node.map().get("transitions")
        for transition in transitions.list() if transitions is not None else []:
            used = transition.map().get("intent")
            if used is not None:
                for name in used.texts():
                    yield used, name


def _check_circle(bot: Bot, name: str, item: Item) -> None:
    seen = [name]
    node = bot.nodes[name]
    while not node.listen and node.goto:
        if node.goto in seen:
            item.fail(f"goes in a circle without ever listening: {' → '.join([*seen, node.goto])}")
        seen.append(node.goto)
        node = bot.nodes[node.goto]
