"""Transitions by rule: words and patterns in what the caller says, and conditions on variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from voicebot.dialogue.bot import Transition
from voicebot.dialogue.decision import Decision, Kind
from voicebot.dialogue.matching import Method
from voicebot.dialogue.texts import value_of
from voicebot.dialogue.wording import normalise


@dataclass(frozen=True, slots=True)
class Holding:
    """Tells whether the condition of a transition holds for some variables."""

    variables: Mapping[str, str]
    defaults: Mapping[str, str]

    def __call__(self, transition: Transition, picked: Mapping[str, str] | None = None) -> bool:
        """Tell whether it holds; ``picked`` is what a pattern has just picked out."""
        if transition.only_if is None:
            return True
        known = {**self.variables, **(picked or {})}
        return transition.only_if.holds(lambda name: value_of(name, known, self.defaults))


def by_rule(transitions: tuple[Transition, ...], text: str, holding: Holding) -> Decision | None:
    """Return what the words and patterns of transitions make of an utterance; None if none of them is in it."""
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
