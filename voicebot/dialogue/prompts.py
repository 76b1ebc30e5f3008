"""The sentences a bot is going to say anyway: worth rendering before the first call."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialogue.bot import Bot, Node
from voicebot.dialogue.flow import question_of
from voicebot.dialogue.texts import render, split_sentences, variables_in
from voicebot.speech.types import UNKNOWN_WORDS


def fixed_prompts(bot: Bot) -> list[str]:
    """Return all sentences that are the same in every call, cut as they are sent, the first ones of a call first.

    A sentence with variables is among them, with the bot's defaults in it, if each has a default: callers of
    whom nothing is known hear it so. Then come the sentences with variables once more, with UNKNOWN_WORDS in
    the place of each: the synthesiser renders those clauses of them that are the same in every call.
    """
    sentences = list(dict.fromkeys(_sentences(bot)))
    known = [sentence for sentence in sentences if all(map(bot.variables.get, variables_in(sentence)))]
    variable = [sentence for sentence in sentences if variables_in(sentence)]
    marks = {name: UNKNOWN_WORDS for sentence in variable for name in variables_in(sentence)}
    prompts = [render(sentence, {}, bot.variables) for sentence in known]
    return list(dict.fromkeys([*prompts, *(render(sentence, marks, {}) for sentence in variable)]))


def _sentences(bot: Bot) -> Iterator[str]:
    for text in _texts(bot):
        yield from split_sentences(text)


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
    for talk in bot.chitchat:
        yield from talk.say
    if bot.language_model is not None:
        yield from bot.language_model.filler


def _node_texts(node: Node) -> Iterator[str]:
    yield from node.say
    yield question_of(node)
    for slot in node.slots:
        yield from slot.texts
    if node.silence is not None:
        yield from node.silence.prompts
