"""The sentences a bot can say that are always the same: worth rendering before the first call."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialogue.bot import Bot, Node
from voicebot.dialogue.flow import question_of
from voicebot.dialogue.texts import split_sentences, variables_in


def fixed_prompts(bot: Bot) -> list[str]:
    """Return all sentences without variables, cut as they are sent, the ones needed first in a call first."""
    sentences = (sentence for text in _texts(bot) for sentence in split_sentences(text))
    return list(dict.fromkeys(sentence for sentence in sentences if not variables_in(sentence)))


def _texts(bot: Bot) -> Iterator[str]:
    yield from _node_texts(bot.nodes[bot.start])
    for node in bot.nodes.values():
        yield from _node_texts(node)
    yield from bot.silence.prompts
    yield from bot.fallback.texts
    for effect in bot.globals.values():
        yield from effect.say
    for entry in bot.faq:
        yield from entry.answer


def _node_texts(node: Node) -> Iterator[str]:
    yield from node.say
    yield question_of(node)
    if node.silence is not None:
        yield from node.silence.prompts
