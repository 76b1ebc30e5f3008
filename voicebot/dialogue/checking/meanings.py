"""Intents and questions: unused ones, transitions that never get their turn, and wordings that mean two things."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.bot import Bot, Node
from voicebot.dialogue.builtin import LEXICAL_ONLY, builtin_intents
from voicebot.dialogue.checking.finding import Finding, Severity
from voicebot.dialogue.checking.source import BotSource
from voicebot.dialogue.vectors import Encoder, calibrate
from voicebot.dialogue.wording import denies, length, normalise

ALIKE = 0.95
"""Score from which two wordings are taken for the same thing by nearly every caller."""
_SHORTEST = {"zh": 4, "en": 3}
"""Shorter wordings lie close to one another in vectors, whatever they mean."""


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
    wordings = _Wordings(bot, encoder)
    for one, other in sorted(_rivals(bot)):
        for first, second in wordings.alike(one, other):
            words = f"'{first}'" if first == second else f"'{first}' and '{second}'"
            problem = f"{words}: callers may mean {_named(bot, one)} or {_named(bot, other)}, the bot cannot tell which"
            fix = "leave the wording with one of them"
            yield Finding(Severity.WARNING, "ambiguous", _place(source, one, other), problem, fix)
            break


def _rivals(bot: Bot) -> set[tuple[str, str]]:
    """Return the pairs of intents ("i:name") and questions ("q:number") that are listened for at the same time."""
    questions = [f"q:{number}" for number in range(len(bot.faq))]
    everywhere = [f"i:{name}" for name in bot.globals]
    pairs = set(combinations([*everywhere, *questions], 2))
    for node in bot.nodes.values():
        if not node.listen:
            continue
        goals = {f"i:{name}": one.goto for one in reversed(node.transitions) for name in one.when.intents}
        for one, other in combinations(goals, 2):
            if goals[one] != goals[other]:
                pairs.add((one, other))
        # What a node asks for comes before what is understood everywhere: that is no accident, but a question is.
        pairs |= {(one, other) for one in goals for other in questions}
    return {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}


class _Wordings:
    """The examples of a bot, by what they stand for; each is encoded once."""

    def __init__(self, bot: Bot, encoder: Encoder | None) -> None:
        self._bot = bot
        self._encoder = encoder
        self._builtin = builtin_intents(bot.language)
        self._vectors: dict[str, tuple[list[str], NDArray[np.float32]]] = {}

    def alike(self, one: str, other: str) -> Iterator[tuple[str, str]]:
        """Yield the examples of two things that are the same, or nearly; not those that every bot has."""
        own = self._own(one) | self._own(other)
        plain = {normalise(text): text for text in self._examples(one)}
        for text in self._examples(other):
            same = plain.get(normalise(text))
            if same is not None and {same, text} & own:
                yield same, text
        if self._encoder is None or any(label.partition(":")[2] in LEXICAL_ONLY for label in (one, other)):
            return
        (rows, first), (columns, second) = self._encoded(one), self._encoded(other)
        for row, column in np.argwhere(calibrate(first @ second.T) >= ALIKE).tolist():
            pair = rows[row], columns[column]
            if set(pair) & own and denies(pair[0], self._bot.language) == denies(pair[1], self._bot.language):
                yield pair

    def _examples(self, label: str) -> Sequence[str]:
        kind, _, name = label.partition(":")
        if kind == "i":
            return self._bot.intents[name]
        entry = self._bot.faq[int(name)]
        return (entry.question, *entry.similar)

    def _own(self, label: str) -> set[str]:
        kind, _, name = label.partition(":")
        return set(self._examples(label)) - set(self._builtin.get(name, ()) if kind == "i" else ())

    def _encoded(self, label: str) -> tuple[list[str], NDArray[np.float32]]:
        if label not in self._vectors:
            assert self._encoder is not None, "there is an encoder"
            language = self._bot.language
            texts = [text for text in self._examples(label) if length(normalise(text), language) >= _SHORTEST[language]]
            self._vectors[label] = texts, self._encoder.encode([normalise(text) for text in texts])
        return self._vectors[label]


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
