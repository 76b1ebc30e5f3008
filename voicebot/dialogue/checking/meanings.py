"""Intents and questions: unused ones, transitions that never get their turn, and wordings that mean two things."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialogue.bot import Bot, Node
from voicebot.dialogue.checking.confusion import confused
from voicebot.dialogue.checking.finding import Finding, Severity
from voicebot.dialogue.checking.source import BotSource
from voicebot.dialogue.vectors import Encoder
from voicebot.dialogue.wording import normalise


def check_meanings(source: BotSource, encoder: Encoder | None) -> Iterator[Finding]:
    """Look at what callers mean and which way that takes.

    Args:
        source: the bot.
        encoder: compares wordings by meaning; None: only the same words count as the same.
    """
    yield from _unused(source)
    for node in source.bot.nodes.values():
        yield from _never_taken(source, node)
    yield from _ambiguous(source, encoder)


def _unused(source: BotSource) -> Iterator[Finding]:
    bot = source.bot
    used = {name for node in bot.nodes.values() for one in node.transitions for name in one.when.intents}
    used |= set(bot.globals)
    for name, where in source.intent_places.items():
        if name not in used:
            problem = f"nothing asks for the intent '{name}'"
            fix = "name it in a transition or under globals, or delete it"
            yield Finding(Severity.WARNING, "unused_intent", where, problem, fix)


def _never_taken(source: BotSource, node: Node) -> Iterator[Finding]:
    """Tell of transitions that an earlier one always comes before."""
    taken: set[tuple[str, str]] = set()
    anything = False
    for number, transition in enumerate(node.transitions):
        when = transition.when
        signs = [("intent", name) for name in when.intents] + [("contains", word) for word in when.contains]
        signs += [("regex", pattern.pattern) for pattern in when.patterns]
        left = [sign for sign in signs if not _is_taken(sign, taken)]
        if (not left and signs and not when.any) or (when.any and not left and anything):
            problem = f"this transition of '{node.id}' never gets its turn: an earlier one takes the same"
            where = source.transition(node.id, number)
            yield Finding(Severity.WARNING, "never_taken", where, problem, "put it before the other, or delete it")
        if transition.only_if is None:
            taken |= set(signs)
            anything = anything or when.any
            if any(pattern.search("") for pattern in when.patterns):
                taken.add(("rule", "anything"))


def _is_taken(sign: tuple[str, str], taken: set[tuple[str, str]]) -> bool:
    kind, text = sign
    if sign in taken or (kind in ("contains", "regex") and ("rule", "anything") in taken):
        return True
    return kind == "contains" and any(one == "contains" and normalise(word) in normalise(text) for one, word in taken)


def _ambiguous(source: BotSource, encoder: Encoder | None) -> Iterator[Finding]:
    """Tell of wordings that stand for two things which may be meant at the same moment."""
    bot = source.bot
    for (one, other), (first, second) in sorted(confused(bot, encoder).items()):
        words = f"'{first}'" if first == second else f"'{first}' and '{second}'"
        problem = f"{words}: callers may mean {_named(bot, one)} or {_named(bot, other)}, the bot cannot tell which"
        fix = "leave the wording with one of them"
        yield Finding(Severity.WARNING, "ambiguous", _place(source, one, other), problem, fix)


def _named(bot: Bot, label: str) -> str:
    kind, _, name = label.partition(":")
    return f"the intent '{name}'" if kind == "i" else f"the question '{bot.faq[int(name)].question}'"


def _place(source: BotSource, one: str, other: str) -> str:
    """Return where the bot itself says one of the two; two built-in intents are nobody's mistake."""
    for label in (other, one):
        kind, _, name = label.partition(":")
        if kind == "q":
            return source.faq_places[int(name)]
        if name in source.intent_places:
            return source.intent_places[name]
    return source.place("nodes")
