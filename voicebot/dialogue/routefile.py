"""Read where a node of a ``bot.yaml`` leads: its transitions, and the branches of its ``goto``."""

from __future__ import annotations

import re

from voicebot.dialogue.bot import Branch, Condition, Transition
from voicebot.dialogue.expression import Expression, parse_expression
from voicebot.dialogue.yamltree import Item

_WHENS = ("intent", "contains", "regex", "any", "if")


def read_transitions(item: Item) -> tuple[Transition, ...]:
    """Read ``transitions``.

    Raises:
        ConfigError: a value is wrong.
    """
    return tuple(_transition(entry) for entry in item.list())


def read_goto(item: Item) -> tuple[tuple[Branch, ...], str]:
    """Read ``goto``: the name of a node, or a list of conditions with nodes. Returns the branches and the last resort.

    Raises:
        ConfigError: a value is wrong, or there is no last resort.
    """
    if item.is_text:
        return (), item.text()
    *first, last = item.list() or [item]
    if last is item:
        item.fail("expected at least one entry")
    branches = []
    for entry in first:
        parts = _parts(entry, ("if",))
        if "if" not in parts:
            entry.fail("'if' is missing: only the last entry goes without, and is where everything else leads")
        branches.append(Branch(_expression(parts["if"]), parts["goto"].text()))
    parts = _parts(last, ("if",))
    if "if" in parts:
        last.fail("the last entry has no 'if': it is where everything else leads")
    return tuple(branches), parts["goto"].text()


def _transition(entry: Item) -> Transition:
    parts = _parts(entry, _WHENS)
    if len(parts) == 1:
        entry.fail(f"expected when to go: one of {', '.join(_WHENS)}")
    condition = Condition(
        intents=parts["intent"].texts() if "intent" in parts else (),
        contains=tuple(word.lower() for word in parts["contains"].texts()) if "contains" in parts else (),
        patterns=_patterns(parts["regex"]) if "regex" in parts else (),
        # An "if" that stands alone says nothing of the caller's words: any will do.
        any=parts["any"].flag() if "any" in parts else parts.keys() == {"if", "goto"},
    )
    return Transition(condition, parts["goto"].text(), _expression(parts["if"]) if "if" in parts else None)


def _parts(entry: Item, keys: tuple[str, ...]) -> dict[str, Item]:
    parts = entry.map((*keys, "goto"))
    if "goto" not in parts:
        entry.fail("'goto' is missing")
    return parts


def _expression(item: Item) -> Expression:
    return parse_expression(item.text(), item.fail)


def _patterns(item: Item) -> tuple[re.Pattern[str], ...]:
    try:
        return tuple(re.compile(text, re.IGNORECASE) for text in item.texts())
    except re.error as error:
        item.fail(f"not a regular expression: {error}")
