"""Whether an utterance answers what a node wants to know, or means something else."""

from __future__ import annotations

import re
from dataclasses import replace

from voicebot.dialogue.bot import Node
from voicebot.dialogue.builtin import MISHEARD, NO, YES
from voicebot.dialogue.decision import Decision, Kind
from voicebot.dialogue.matching import Method
from voicebot.dialogue.slots import Filling

_SURELY = 0.8
"""From this score on a question or an intent is meant, unless the values are most of the words: 明天几点开门."""
_MOST = 0.6
_UNCLEAR = (Kind.FALLBACK, Kind.ANYTHING)
_GUESSED = (Method.LEARNT, Method.VECTOR, Method.SOUND)
# Beside a value these only introduce it: 不对，是三点半.
_INTRODUCING = (YES, NO, MISHEARD)
_QUESTION = re.compile(
    "[?\uff1f]|[\u5417\u5462]$|\u4ec0\u4e48|\u54ea|\u51e0|\u591a\u5c11|\u591a\u4e45|\u591a\u957f|\u600e\u4e48"
    "|\u600e\u6837|\u8c01|(.)[\u4e0d\u6ca1]\\1"
    r"|^(?:what|when|where|which|who|why|how|do|does|did|is|are|am|can|could|will|would|may|should)\b|\bhow much\b",
    re.IGNORECASE,
)


def choose(node: Node, other: Decision, filling: Filling) -> Decision:
    """Return what an utterance is taken for.

    Words that are exactly an intent or a question mean that. Then come the values, unless something else is nearly
    certain and they are the lesser part of the words. A slot for any text takes what is not nearly certain either.

    Args:
        node: where the conversation stands.
        other: what the words are taken for without the slots.
        filling: what they give to the slots.
    """
    other = replace(other, filling=filling)
    if filling.answers:
        return (
            other
            if _means(other)
            and other.kind is not Kind.CHITCHAT
            and not (other.method in _GUESSED and filling.coverage >= _MOST)
            else _slot(filling)
        )
    if filling.unchanged and other.kind in _UNCLEAR:
        return _agreement(node, other) or _slot(filling)
    if filling.fallback and not _outweighs(other, filling):
        return _slot(replace(filling, values=filling.fallback))
    return other


def _outweighs(other: Decision, filling: Filling) -> bool:
    """Tell whether words that any text slot would take mean something else.

    The FAQ is for questions: 太贵了 is a reason, however close it is to 费用是多少.
    """
    if other.method is Method.RULE and not other.intent:
        return True
    words = " ".join(value.value for value in filling.fallback.values())
    if other.kind is Kind.FAQ and other.method in _GUESSED and not _QUESTION.search(words):
        return False
    return _means(other)


def _means(other: Decision) -> bool:
    """Tell whether the words nearly certainly mean something else than a value."""
    if other.kind in _UNCLEAR or other.kind is Kind.CLARIFY or other.method is Method.RULE:
        return False
    if other.method is Method.EXACT:
        return True
    return other.score >= _SURELY and not (other.intent in _INTRODUCING and other.filling.answers)


def _slot(filling: Filling) -> Decision:
    names = dict.fromkeys((*filling.values, *filling.rejected, *filling.vague))
    score = min((value.confidence for value in filling.values.values()), default=1.0)
    return Decision(Kind.SLOT, ", ".join(names), score, filling=filling)


def _agreement(node: Node, other: Decision) -> Decision | None:
    """Who says once more what the bot has just said agrees."""
    for transition in node.transitions:
        if YES in transition.when.intents and transition.only_if is None:
            return replace(other, kind=Kind.TRANSITION, name=YES, score=1.0, goto=transition.goto, intent=YES)
    return None
