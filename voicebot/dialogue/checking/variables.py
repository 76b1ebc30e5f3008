"""Variables that nobody sets, and variables that nobody uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.checking.finding import Finding, Severity
from voicebot.dialogue.checking.source import BotSource
from voicebot.skills.template import placeholders_in

OF_A_CALL = frozenset({"caller", "called", "dtmf", "Trans_result", "bot_heard"})
"""What every call brings along; its X- headers come besides."""

_OTHER_BRACES = ("skills", "mcp")
"""Sections whose braces are filled in with something else than variables of the call."""
_TESTED = re.compile(r"([^\s(){}\[\]]+) is (?:not )?set")
_FIX = 'declare it under variables, with "" if the platform brings it along, or write a default: {{name|…}}'


def check_variables(source: BotSource) -> Iterator[Finding]:
    """Compare the variables that are used with those that are set."""
    yield from _remembered(source)
    known, used = _set_somewhere(source.bot) | _brought_along(source), set[str]()
    told: set[str] = set()
    for where, name, has_default in _uses(source):
        used.add(name)
        if has_default or _is_known(name, known) or name in told:
            continue
        told.add(name)
        problem = f"nothing sets the variable '{name}', and it has no default: here it is empty"
        yield Finding(Severity.WARNING, "unknown_variable", where, problem, _FIX)
    for name in source.bot.variables:
        if name not in used and not any(one.startswith(f"{name}.") for one in used):
            where = source.place("variables", name)
            problem = f"the variable '{name}' is declared and never used"
            yield Finding(Severity.HINT, "unused_variable", where, problem, "delete it if no skill of yours wants it")


def _remembered(source: BotSource) -> Iterator[Finding]:
    use = source.bot.memory
    known = _set_somewhere(source.bot)
    for name in use.remember if use is not None else ():
        if not _is_known(name, known):
            problem = f"nothing sets the variable '{name}' that is to be remembered"
            fix = "set it with a regex, a slot, a skill or 'set'"
            yield Finding(Severity.WARNING, "unknown_variable", source.place("memory", "remember"), problem, fix)


def _uses(source: BotSource) -> Iterator[tuple[str, str, bool]]:
    for leaf in source.leaves:
        if leaf.path[0] in _OTHER_BRACES or leaf.path[-1] == "regex":
            continue
        for name, default in placeholders_in(leaf.text):
            yield leaf.where, name, default is not None
    for where, entry in zip(source.faq_places, source.bot.faq, strict=True):
        for text in entry.answer:
            yield from ((where, name, default is not None) for name, default in placeholders_in(text))
    yield from _conditions(source)


def _conditions(source: BotSource) -> Iterator[tuple[str, str, bool]]:
    for node in source.bot.nodes.values():
        for number, transition in enumerate(node.transitions):
            names = transition.only_if.names if transition.only_if is not None else ()
            yield from ((source.transition(node.id, number), name, False) for name in names)
        for branch in node.branches:
            yield from ((source.node(node.id, "goto"), name, False) for name in branch.only_if.names)
        for slot in node.slots:
            condition = slot.rules.condition
            for name in condition.names if condition is not None else ():
                yield source.place("nodes", node.id, "slots", slot.name, "valid_if"), name, False


def _brought_along(source: BotSource) -> set[str]:
    """Return what the bot asks for before it says it: ``name is set`` makes sense only for what a platform may send."""
    conditions = [leaf.text for leaf in source.leaves if leaf.path[-1] == "if"]
    tested = {match[1] for text in conditions for match in _TESTED.finditer(text)}
    said = {name for leaf in source.leaves for name, _ in placeholders_in(leaf.text)}
    return tested & said


def _is_known(name: str, known: set[str]) -> bool:
    # The result of a skill has parts: "card.name" of "card".
    parts = name.split(".")
    return name.startswith("X-") or any(".".join(parts[: end + 1]) in known for end in range(len(parts)))


def _set_somewhere(bot: Bot) -> set[str]:
    known = {*OF_A_CALL, *bot.variables, *(bot.memory.variables if bot.memory is not None else ())}
    for node in bot.nodes.values():
        known |= {name for name, _ in node.assignments}
        known |= {name for slot in node.slots for name in slot.variables}
        known |= set(node.skill.save) if node.skill is not None else set()
        for transition in node.transitions:
            known |= {name for pattern in transition.when.patterns for name in pattern.groupindex}
    return known
