"""Check a bot as a whole: every name that is used exists, and no chain of nodes runs in a circle."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial

from voicebot.dialogue.bot import Bot, Node
from voicebot.dialogue.modelfile import check_model_use
from voicebot.dialogue.texts import unpaired_braces
from voicebot.dialogue.yamltree import Item
from voicebot.errors import ConfigError

_WITHOUT_TEMPLATES = ("regex",)


def check_bot(bot: Bot, entries: Mapping[str, Item]) -> None:
    """Look at the references between the parts of a bot.

    Raises:
        ConfigError: a node, an intent, a skill or a parameter is named that does not exist, nodes that do not listen
            may form a circle, or braces that belong to no variable would be spoken.
    """
    for check in _checks(bot, entries):
        check()


def problems_of(bot: Bot, entries: Mapping[str, Item]) -> list[str]:
    """Return the messages of all that ``check_bot`` would refuse, not only of the first."""
    problems = []
    for check in _checks(bot, entries):
        try:
            check()
        except ConfigError as error:
            problems.append(error.message)
    return problems


def _checks(bot: Bot, entries: Mapping[str, Item]) -> Iterator[Callable[[], None]]:
    for item, target in _gotos(entries):
        yield partial(_check_known, item, "node", target, bot.nodes)
    for item, name in _intent_uses(entries):
        yield partial(_check_known, item, "intent", name, bot.intents)
    for name, item in entries["nodes"].map().items():
        if "skill" in item.map():
            yield partial(_check_skill, bot, item.map()["skill"])
        yield partial(_check_corrected, bot, name, item)
        yield partial(_check_circle, bot, name, item)
    for entry in entries.values():
        yield partial(_check_braces, entry)
    yield partial(check_model_use, entries.get("language_model"), bot.nodes, bot.skills, len(bot.mcp))


def _check_known(item: Item, kind: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        _fail_unknown(item, kind, name, sorted(known))


def _check_corrected(bot: Bot, name: str, item: Item) -> None:
    corrected = bot.nodes[name].corrects
    if corrected in bot.nodes and not bot.nodes[corrected].slots:
        item.map()["corrects"].fail(f"the node '{corrected}' has no slots")


def _fail_unknown(item: Item, kind: str, name: str, known: list[str]) -> None:
    there = f"the {kind}s are: {', '.join(known)}" if known else "there are none"
    item.fail(f"there is no {kind} '{name}'; {there}")


def _gotos(entries: Mapping[str, Item]) -> Iterator[tuple[Item, str]]:
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
    yield from _goto_of(node)
    for key in ("after_answer", "on_transfer_failed", "on_transfer_busy", "filled", "give_up", "corrects", "then"):
        if key in parts:
            yield parts[key], parts[key].text()
    if "silence" in parts:
        yield from _goto_of(parts["silence"])
    if "skill" in parts and "on_error" in parts["skill"].map():
        target = parts["skill"].map()["on_error"]
        yield target, target.text()
    if "transitions" in parts:
        for transition in parts["transitions"].list():
            yield from _goto_of(transition)


def _goto_of(item: Item) -> Iterator[tuple[Item, str]]:
    target = item.map().get("goto")
    if target is None:
        return
    if target.is_text:
        yield target, target.text()
        return
    for entry in target.list():
        yield from _goto_of(entry)


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


def _check_skill(bot: Bot, item: Item) -> None:
    parts = item.map()
    spec = bot.skills.get(parts["call"].text())
    if spec is None:
        _fail_unknown(parts["call"], "skill", parts["call"].text(), sorted(bot.skills))
        return
    if spec.served is not None:  # what it takes is known only when its server runs
        return
    given = parts["with"].map() if "with" in parts else {}
    known = [parameter.name for parameter in spec.parameters]
    for name, value in given.items():
        if name not in known:
            _fail_unknown(value, "parameter", name, known)
    for parameter in spec.parameters:
        if parameter.required and parameter.name not in given:
            item.fail(f"skill '{spec.name}' needs '{parameter.name}' under 'with'")


def _check_circle(bot: Bot, name: str, item: Item) -> None:
    """Follow all ways that may be taken without listening, whatever holds and whatever fails."""
    done: set[str] = set()

    def follow(node: Node, path: tuple[str, ...]) -> None:
        # A node that has been entered often enough leads on, too.
        for target in [*bot.next_nodes(node), *([node.then] if node.then else [])]:
            if target not in bot.nodes:
                continue  # told elsewhere
            if target in path:
                item.fail(f"goes in a circle without ever listening: {' → '.join([*path, target])}")
            if target not in done:
                follow(bot.nodes[target], (*path, target))
        done.add(node.id)

    follow(bot.nodes[name], (name,))


def _check_braces(item: Item) -> None:
    for leaf in item.leaves():
        if leaf.key.rpartition(".")[2].partition("[")[0] in _WITHOUT_TEMPLATES:
            continue
        if unpaired_braces(leaf.text_or_empty()):
            leaf.fail("the braces do not pair; a variable is written {{name}} or {{name|default}}")
