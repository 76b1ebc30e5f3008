"""Asking back: two answers fit about as well, so the caller is asked which he means, and picks one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.builtin import NO, YES
from voicebot.dialogue.decision import Decision, Kind
from voicebot.dialogue.documents.index import terms_of
from voicebot.dialogue.matching import Label, Match, Method
from voicebot.dialogue.wording import length, normalise

_TEXTS = {"zh": "您是想问{}，还是想问{}？", "en": "Do you mean {}, or {}?"}
_MAX_TOPIC = {"zh": 14, "en": 8}
_MAX_PICK = {"zh": 9, "en": 7}
_ZH_ENDS = re.compile(r"[吗呢么吧？?。\s]+$")
_ORDINALS = {
    "zh": (re.compile(r"第一|前一?个|前面|前者|头一个|1"), re.compile(r"第二|后一?个|后面|后者|2")),
    "en": (re.compile(r"\b(?:first|former|one)\b"), re.compile(r"\b(?:second|latter|last|two)\b")),
}
_NEITHER = re.compile(r"都不|neither|none of")
_PICKED, _MARGIN = 0.1, 0.06
_SURELY = 0.85


def topic_of(bot: Bot, decision: Decision) -> str:
    """Return what an answer is about, to be named in a question; "" if that would be too long."""
    topic = decision.passages[0].title.rpartition(" > ")[2] if decision.passages else decision.name
    if decision.kind is Kind.FAQ:
        entry = bot.faq[decision.faq]
        topic = entry.topic or entry.question
    if bot.language == "zh":
        topic = _ZH_ENDS.sub("", topic)
    elif decision.kind is Kind.FAQ and topic == decision.name:
        topic = f'"{topic}"'
    return topic if length(topic, bot.language) <= _MAX_TOPIC[bot.language] else ""


def question(bot: Bot, choices: Sequence[Decision]) -> str:
    """Return the question which of two answers is meant; "" if one of them has no short name."""
    topics = [topic_of(bot, choice) for choice in choices]
    return _TEXTS[bot.language].format(*topics) if all(topics) and len(set(topics)) == len(topics) else ""


def pick(
    bot: Bot,
    offered: Sequence[Decision],
    text: str,
    exact: Mapping[Label, Match],
    leaning: Sequence[float],
    decision: Decision,
) -> Decision:
    """Return what the answer to such a question means.

    Args:
        bot: the bot.
        offered: the two answers.
        text: what the caller said.
        exact: what his words are word by word.
        leaning: how likely each of the two is by his words, 0..1.
        decision: what they are taken for otherwise; kept where they are surely not about the two.
    """
    plain = normalise(text)
    short = length(plain, bot.language) <= _MAX_PICK[bot.language]
    if _NEITHER.search(plain):
        return Decision(Kind.FALLBACK, score=0.0)
    named = [bool(pattern.search(plain)) for pattern in _ORDINALS[bot.language]]
    if short and any(named) and not all(named):
        return offered[named.index(True)]
    for word in (YES, NO):
        if Label(intent=word) in exact:
            return Decision(Kind.FALLBACK, score=0.0)  # yes and no answer no question with "or"
    if decision.kind is not Kind.FALLBACK and (decision.method is Method.EXACT or decision.score >= _SURELY):
        return decision
    shared = [_shared(bot, choice, plain) for choice in offered]
    if shared[0] != shared[1]:
        return offered[shared.index(max(shared))]
    if max(leaning) >= _PICKED and abs(leaning[0] - leaning[1]) >= _MARGIN:
        return offered[leaning.index(max(leaning))]
    return decision


def _shared(bot: Bot, choice: Decision, plain: str) -> int:
    """Return how many of its topic's words an answer has that are longer than a character."""
    topic = {term for term in terms_of(topic_of(bot, choice), bot.language) if len(term) > 1}
    return len(topic.intersection(terms_of(plain, bot.language)))
