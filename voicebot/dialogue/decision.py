"""One decision a turn: what the caller's words are taken for."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from voicebot.dialogue.bot import Bot, Node, Transition
from voicebot.dialogue.entities import Entity
from voicebot.dialogue.matching import Label, Match, Matcher, Method, best_of
from voicebot.dialogue.slots import Filling
from voicebot.dialogue.texts import value_of
from voicebot.dialogue.wording import normalise

# Near ties go to what the bot has just asked for, then to what is understood everywhere.
_TRANSITION_BONUS, _GLOBAL_BONUS = 0.05, 0.03


class Kind(enum.Enum):
    """What a turn was taken for."""

    GREETING = "greeting"
    TRANSITION = "transition"
    GLOBAL = "global"
    FAQ = "faq"
    ANYTHING = "anything"
    SLOT = "slot"
    FALLBACK = "fallback"
    SILENCE = "silence"
    NOTHING_HEARD = "nothing_heard"
    TRANSFER_FAILED = "transfer_failed"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a turn was taken for, and why.

    Attributes:
        kind: see Kind.
        name: the intent, or the question of the FAQ, or the node.
        score: 0..1.
        method: how it was found; None where nothing was compared.
        goto: the node a transition leads to.
        faq: place of the question in the FAQ.
        variables: what a pattern picked out of the words.
        intent: the intent that was understood; "" where something else decided.
        filling: what the words give to the slots that were wanted.
        entities: what was found in the words.
    """

    kind: Kind
    name: str = ""
    score: float = 1.0
    method: Method | None = None
    goto: str = ""
    faq: int = -1
    variables: Mapping[str, str] = field(default_factory=dict)
    intent: str = ""
    filling: Filling = field(default_factory=Filling)
    entities: Sequence[Entity] = ()


def build_matcher_examples(bot: Bot) -> list[tuple[Label, str]]:
    """Return all examples of a bot that utterances are compared with."""
    examples = [(Label(intent=name), text) for name, texts in bot.intents.items() for text in texts]
    for place, entry in enumerate(bot.faq):
        examples += [(Label(faq=place), text) for text in (entry.question, *entry.similar)]
    return examples


def decide(
    bot: Bot, matcher: Matcher, node: Node | None, text: str, variables: Mapping[str, str] | None = None
) -> Decision:
    """Decide what an utterance means at a node.

    Word-by-word matches come first: who says exactly "对" does not mean anything that merely lies close to it.
    Then the best of what the node asks for, what is understood everywhere, and the FAQ; then "any"; then nothing.
    Transitions with a condition count only if it holds for the variables.
    """
    transitions = node.transitions if node is not None else ()
    holding = _Holding(variables or {}, bot.variables)
    allowed = tuple(transition for transition in transitions if holding(transition))
    exact = matcher.match_words(text)
    if exact:
        decision = _best(bot, allowed, exact) or _by_rule(transitions, text, holding)
    else:
        decision = _by_rule(transitions, text, holding) or _best(bot, allowed, matcher.match(text))
    if decision is not None:
        return decision
    for transition in allowed:
        if transition.when.any:
            return Decision(Kind.ANYTHING, "any", goto=transition.goto)
    return Decision(Kind.FALLBACK, score=0.0)


@dataclass(frozen=True, slots=True)
class _Holding:
    """Tells whether the condition of a transition holds."""

    variables: Mapping[str, str]
    defaults: Mapping[str, str]

    def __call__(self, transition: Transition, picked: Mapping[str, str] | None = None) -> bool:
        if transition.only_if is None:
            return True
        known = {**self.variables, **(picked or {})}
        return transition.only_if.holds(lambda name: value_of(name, known, self.defaults))


def _by_rule(transitions: tuple[Transition, ...], text: str, holding: _Holding) -> Decision | None:
    plain = normalise(text)
    for transition in transitions:
        for name, picked in _rules_that_fit(transition, text, plain):
            if holding(transition, picked):
                return Decision(Kind.TRANSITION, name, method=Method.RULE, goto=transition.goto, variables=picked)
    return None


def _rules_that_fit(transition: Transition, text: str, plain: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    for word in transition.when.contains:
        if _plain_word(word) in plain:
            yield word, {}
    for pattern in transition.when.patterns:
        found = pattern.search(text)
        if found is not None:
            yield "regex", {name: value for name, value in found.groupdict().items() if value}


@lru_cache(maxsize=2048)  # the words of a bot, over and over
def _plain_word(word: str) -> str:
    return normalise(word)


def _best(bot: Bot, transitions: tuple[Transition, ...], matches: Mapping[Label, Match]) -> Decision | None:
    candidates: list[tuple[float, Decision]] = []
    local = {name: transition.goto for transition in reversed(transitions) for name in transition.when.intents}
    intents = {label.intent: match for label, match in matches.items() if label.intent}
    for name, goto in local.items():
        match = intents.get(name)
        if match is not None and match.score >= bot.thresholds.intent:
            decision = Decision(Kind.TRANSITION, name, match.score, match.method, goto, intent=name)
            candidates.append((match.score + _TRANSITION_BONUS, decision))
    for name, effect in bot.globals.items():
        match = intents.get(name)
        if name not in local and match is not None and match.score >= bot.thresholds.everywhere:
            decision = Decision(Kind.GLOBAL, name, match.score, match.method, effect.goto, intent=name)
            candidates.append((match.score + _GLOBAL_BONUS, decision))
    question = best_of(matches, sorted(label for label in matches if label.faq >= 0))
    if question is not None and question[1].score >= bot.thresholds.faq:
        label, match = question
        decision = Decision(Kind.FAQ, bot.faq[label.faq].question, match.score, match.method, faq=label.faq)
        candidates.append((match.score, decision))
    return max(candidates, key=lambda pair: pair[0])[1] if candidates else None
