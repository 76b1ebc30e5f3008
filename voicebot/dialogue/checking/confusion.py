"""Wordings that stand for two things which may be meant at the same moment.

What a question of the FAQ shares with small talk is none: the bot's own answer is given then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from voicebot.dialogue.bot import Bot, Node
from voicebot.dialogue.builtin import LEXICAL_ONLY, builtin_intents
from voicebot.dialogue.vectors import Encoder, cosine_of
from voicebot.dialogue.wording import denies, length, normalise

ALIKE = 0.95
"""Score from which two wordings are taken for the same thing by nearly every caller."""
_SHORTEST = {"zh": 4, "en": 3}
"""Shorter wordings lie close to one another in vectors, whatever they mean."""
_ROWS = 1024  # compared at once

Pair = tuple[str, str]
"""Two things by their labels ("i:<intent>", "q:<place of the question>"), or two of their wordings; in order."""


class _Example(NamedTuple):
    """A wording of a thing; ``own``: of the bot itself, not one that every bot has."""

    label: str
    text: str
    plain: str
    own: bool


def confused(bot: Bot, encoder: Encoder | None) -> dict[Pair, Pair]:
    """Return the things that callers cannot be told apart by, each pair with two wordings that show it.

    Args:
        bot: the bot.
        encoder: compares wordings by meaning; None: only the same words count as the same.
    """
    rivals = _Rivals(bot)
    examples = [example for label in rivals.labels for example in _examples(bot, label)]
    found: dict[Pair, Pair] = {}
    for one, other in _alike(examples, bot.language, encoder):
        one, other = (one, other) if one.label < other.label else (other, one)
        if (one.own or other.own) and rivals.are(one.label, other.label):
            found.setdefault((one.label, other.label), (one.text, other.text))
    return found


class _Rivals:
    """Which things are listened for at the same time.

    Attributes:
        labels: all things that are listened for.
    """

    def __init__(self, bot: Bot) -> None:
        everywhere = [f"i:{name}" for name in bot.globals]
        questions = [f"q:{place}" for place in range(len(bot.faq))]
        goals = [_goals(node) for node in bot.nodes.values() if node.listen]
        self._everywhere = frozenset((*everywhere, *questions))
        self._asked = frozenset(label for each in goals for label in each)
        self._apart = frozenset(
            (one, other) for each in goals for one, other in combinations(sorted(each), 2) if each[one] != each[other]
        )
        self.labels = list(dict.fromkeys((*everywhere, *sorted(self._asked), *questions)))

    def are(self, one: str, other: str) -> bool:
        """Tell whether two things, in order, may be meant at the same moment."""
        if one == other:
            return False
        if one in self._everywhere and other in self._everywhere:
            return True
        # What a node asks for comes before what is understood everywhere: that is no accident, but a question is.
        return (one in self._asked and other.startswith("q:")) or (one, other) in self._apart


def _goals(node: Node) -> dict[str, str]:
    return {f"i:{name}": one.goto for one in reversed(node.transitions) for name in one.when.intents}


def _examples(bot: Bot, label: str) -> Iterator[_Example]:
    kind, _, name = label.partition(":")
    if kind == "i":
        builtin = frozenset(builtin_intents(bot.language).get(name, ()))
        texts: Sequence[str] = bot.intents[name]
    else:
        entry = bot.faq[int(name)]
        builtin, texts = frozenset(), (entry.question, *entry.similar)
    yield from (_Example(label, text, normalise(text), text not in builtin) for text in texts)


def _alike(examples: Sequence[_Example], language: str, encoder: Encoder | None) -> Iterator[tuple[_Example, _Example]]:
    """Yield the examples with the same words, then those with nearly the same meaning."""
    by_words: dict[str, list[_Example]] = {}
    for example in examples:
        by_words.setdefault(example.plain, []).append(example)
    for same in by_words.values():
        yield from combinations(same, 2)
    if encoder is None:
        return
    long = {
        plain: [example for example in same if example.label.partition(":")[2] not in LEXICAL_ONLY]
        for plain, same in by_words.items()
        if length(plain, language) >= _SHORTEST[language]
    }
    for first, second in _near([plain for plain, same in long.items() if same], language, encoder):
        yield from ((one, other) for one in long[first] for other in long[second])


def _near(plains: Sequence[str], language: str, encoder: Encoder) -> Iterator[Pair]:
    """Yield the wordings that mean the same, all compared with all at once."""
    vectors = encoder.encode(plains)
    says_no = np.array([denies(plain, language) for plain in plains], dtype=bool)
    least = cosine_of(ALIKE)
    for start in range(0, len(plains), _ROWS):
        block = slice(start, start + _ROWS)
        near = (vectors[block] @ vectors[start:].T >= least) & (says_no[block, None] == says_no[None, start:])
        for row, column in np.argwhere(np.triu(near, 1)).tolist():
            yield plains[start + row], plains[start + column]
