"""What simpler ways of matching make of the same turns: the nearest example by sentence vector or by letters.

Each may choose from the same as the engine at a node: its intents, the globals and the FAQ. What the node's rules
decided (words and patterns, such as order numbers) is decided the same way for all. Their one threshold is the best one
for the very turns they are measured with, which the engine's are not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process, utils

from voicebot.dialogue.bot import Bot, Node
from voicebot.dialogue.decision import Decision, Kind, build_matcher_examples
from voicebot.dialogue.matching import Label, Method
from voicebot.dialogue.vectors import Encoder
from voicebot.evaluation.labels import Judge, Outcome
from voicebot.evaluation.turns import Turn

Scores = NDArray[np.float64]
"""A row for each turn, a column for each example."""
Nearest = Callable[[Sequence[str], Sequence[str]], Scores]
_FALLBACK = Decision(Kind.FALLBACK, score=0.0)


def cosine(encoder: Encoder) -> Nearest:
    """Return plain cosine of sentence vectors."""

    def scores(said: Sequence[str], examples: Sequence[str]) -> Scores:
        return np.asarray(encoder.encode(said) @ encoder.encode(examples).T, dtype=np.float64)

    return scores


def letters(scorer: Callable[..., float]) -> Nearest:
    """Return a scorer of rapidfuzz, 0..1, blind to case and punctuation."""

    def scores(said: Sequence[str], examples: Sequence[str]) -> Scores:
        found = process.cdist(said, examples, scorer=scorer, processor=utils.default_process)
        return np.asarray(found, dtype=np.float64) / 100

    return scores


def peers(encoder: Encoder) -> dict[str, Nearest]:
    """Return the ways to compare with, by name."""
    return {
        "nearest by cosine": cosine(encoder),
        "rapidfuzz ratio": letters(fuzz.ratio),
        "rapidfuzz WRatio": letters(fuzz.WRatio),
    }


def decide_all(
    bot: Bot, judge: Judge, turns: Sequence[Turn], nearest: Nearest, engine: Sequence[Decision]
) -> tuple[list[Decision], float]:
    """Return a peer's decisions and the threshold that gives it the most right ones.

    Args:
        bot: what there is to choose from.
        judge: tells which decisions are right.
        turns: what is decided on.
        nearest: how the peer compares.
        engine: the engine's own decisions; those by rule are taken over.
    """
    examples = build_matcher_examples(bot)
    scores = nearest([turn.said for turn in turns], [text for _, text in examples])
    best = [
        own if _is_by_rule(bot, own) else _best(bot, bot.nodes[turn.node], examples, row)
        for turn, row, own in zip(turns, scores, engine, strict=True)
    ]

    def right(threshold: float) -> int:
        decisions = [_from(decision, threshold) for decision in best]
        return sum(judge.outcome(*pair) is Outcome.RIGHT for pair in zip(turns, decisions, strict=True))

    threshold = max(np.arange(0.0, 1.0, 0.01).tolist(), key=right)
    return [_from(decision, threshold) for decision in best], threshold


def _is_by_rule(bot: Bot, decision: Decision) -> bool:
    by_rule = decision.method is Method.RULE and decision.name not in bot.intents
    return by_rule or decision.kind is Kind.SLOT


def _from(decision: Decision, threshold: float) -> Decision:
    return decision if decision.score >= threshold else _FALLBACK


def _best(bot: Bot, node: Node, examples: Sequence[tuple[Label, str]], scores: Scores) -> Decision:
    """Return the nearest of the examples that mean something at a node."""
    local = {name: way.goto for way in reversed(node.transitions) for name in way.when.intents}
    for place in np.argsort(-scores, kind="stable").tolist():
        label, score = examples[place][0], float(scores[place])
        if label.faq >= 0:
            return Decision(Kind.FAQ, bot.faq[label.faq].question, score, faq=label.faq)
        if label.intent in local:
            return Decision(Kind.TRANSITION, label.intent, score, goto=local[label.intent])
        if label.intent in bot.globals:
            return Decision(Kind.GLOBAL, label.intent, score, goto=bot.globals[label.intent].goto)
    return _FALLBACK
