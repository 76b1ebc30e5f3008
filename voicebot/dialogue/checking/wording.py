"""Texts as they will be heard: what cannot be spoken, what is too long, what is said over and over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from voicebot.dialogue.bot import Node
from voicebot.dialogue.checking.finding import Finding, Severity
from voicebot.dialogue.checking.graph import ends, own_ways
from voicebot.dialogue.checking.source import BotSource
from voicebot.dialogue.texts import split_sentences
from voicebot.skills.template import PLACEHOLDER

Unspoken = Callable[[str, str], str]
"""Given a text and its language ("zh", "en"): what of it a voice of that language does not say; "" if it says all."""

MOST_CHARACTERS, MOST_WORDS = 60, 40
"""A longer sentence is not taken in at one hearing, and the voice begins with it late."""

_SPOKEN = frozenset({"say", "again", "prompts", "texts", "answer", "ask", "vague", "echo", "invalid", "filler"})
_NOT_SPOKEN = frozenset({"skills", "mcp", "intents", "variables", "thresholds"})
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")


def check_wording(source: BotSource, unspoken: Unspoken) -> Iterator[Finding]:
    """Look at all texts that are said."""
    language = source.bot.language
    for where, text in _texts(source):
        plain = PLACEHOLDER.sub(" ", text)
        lost = unspoken(plain, language) if plain.strip() else ""
        if lost:
            problem = f"a voice cannot say {lost} in this text"
            yield Finding(Severity.WARNING, "not_speakable", where, problem, "write it as it is to be said")
        for sentence in split_sentences(text):
            size, unit, most = _size(sentence, language)
            if size > most:
                problem = f"a sentence has {size} {unit}; more than {most} are hard to follow on the phone"
                yield Finding(Severity.WARNING, "long_sentence", where, problem, "make several sentences of it")
    yield from _sameness(source)


def _texts(source: BotSource) -> Iterator[tuple[str, str]]:
    for leaf in source.leaves:
        if leaf.path[0] in _NOT_SPOKEN or leaf.path[0] == "faq":
            continue
        if leaf.path[-1] in _SPOKEN or "invalid" in leaf.path[2:]:
            yield leaf.where, leaf.text
    for where, entry in zip(source.faq_places, source.bot.faq, strict=True):
        yield from ((where, text) for text in entry.answer)


def _size(sentence: str, language: str) -> tuple[int, str, int]:
    if language == "zh":
        return len(_HAN.findall(sentence)), "characters", MOST_CHARACTERS
    return len(sentence.split()), "words", MOST_WORDS


def _sameness(source: BotSource) -> Iterator[Finding]:
    """Tell of texts that a caller may hear twice in the same words."""
    for node in source.bot.nodes.values():
        if len(node.say) == 1 and node.listen and _comes_again(source, node):
            problem = f"'{node.id}' may be entered several times in a call and always says the same"
            fix = "give 'say' a list with another wording or two; they take turns"
            yield Finding(Severity.HINT, "one_wording", source.node(node.id, "say"), problem, fix)
    for key in ("silence", "fallback"):
        part = source.bot.silence if key == "silence" else source.bot.fallback
        texts = source.bot.silence.prompts if key == "silence" else source.bot.fallback.texts
        if part.limit > len(texts):
            problem = (
                f"'{key}' says its last text several times in a row: the limit is {part.limit}, texts {len(texts)}"
            )
            yield Finding(Severity.HINT, "one_wording", source.place(key), problem, "add texts, or lower the limit")


def _comes_again(source: BotSource, node: Node) -> bool:
    """Tell whether a conversation may come back to a node."""
    bot = source.bot
    waiting, seen = [name for name in own_ways(bot, node) if not ends(bot.nodes[name])], set[str]()
    while waiting:
        name = waiting.pop()
        if name == node.id:
            return True
        if name not in seen:
            seen.add(name)
            waiting += [other for other in own_ways(bot, bot.nodes[name]) if not ends(bot.nodes[other])]
    return False
