"""The sentences a bot is going to say anyway: worth rendering before the first call."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialogue.bot import Bot, Node
from voicebot.dialogue.flow import question_of
from voicebot.dialogue.texts import render, split_sentences, variables_in


def fixed_prompts(bot: Bot) -> list[str]:
    """Return all sentences that are the same in every call, cut as they are sent, the first ones of a call first.

    A sentence with variables is among them, with the bot's defaults in it, if each has a default: callers of
    whom nothing is known hear it so.
    """
    sentences = (sentence for text in _texts(bot) for sentence in split_sentences(text))
    known = (sentence for sentence in sentences if all(bot.variables.get(name) for name in variables_in(sentence)))
    return list(dict.fromkeys(render(sentence, {}, bot.variables) for sentence in known))


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
