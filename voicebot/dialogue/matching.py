"""What an utterance is compared by, and what it is word by word."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.builtin import LEXICAL_ONLY
from voicebot.dialogue.clauses import clauses, corrected
from voicebot.dialogue.vectors import Encoder
from voicebot.dialogue.wording import consists_of, core, essence, length, normalise

MAX_TEXT_LENGTH = 300
"""Longer utterances are cut for matching: nobody asks one question in 300 characters."""
MAX_REMEMBERED = 500
"""Utterances whose parts are remembered: callers use the same words again and again."""
_MIN_VECTOR_LENGTH = {"zh": 3, "en": 2}
_CORE_SCORE = 0.97
# What a match with a clause is worth: the last one is most likely what the caller wants, a word or two hardly.
_LAST_FACTOR, _CLAUSE_FACTOR, _SHORT_FACTOR = 0.96, 0.93, 0.7


class Method(enum.Enum):
    """How a match came about."""

    EXACT = "exact"
    RULE = "rule"
    SOUND = "sound"
    VECTOR = "vector"
    LEARNT = "likeness"


class Label(NamedTuple):
    """What an example stands for: an intent or a document by its name, a question or small talk by its place.

    All empty: nothing.
    """

    intent: str = ""
    faq: int = -1
    chitchat: int = -1
    document: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """How well a label fits.

    Attributes:
        score: 0..1.
        method: what found it.
        example: the wording of the bot it was found by.
        clause: which clause of the utterance fits, counted from 0; None for all of it.
    """

    score: float
    method: Method
    example: str
    clause: int | None = None


class Said(NamedTuple):
    """A text that is compared: an utterance, or one of its clauses.

    Attributes:
        plain: its words.
        clause: its place among the clauses; None for the whole.
        factor: what a match with it is worth.
        vector: its sentence vector.
        short: it is too short to have a meaning of its own.
    """

    plain: str
    clause: int | None
    factor: float
    vector: NDArray[np.float32]
    short: bool


class Matcher:
    """All examples of one bot, ready to be compared word by word with an utterance."""

    def __init__(self, examples: Sequence[tuple[Label, str]], language: str, encoder: Encoder) -> None:
        self._language = language
        self._encoder = encoder
        self._plain: dict[str, dict[Label, str]] = {}
        self._core: dict[str, dict[Label, str]] = {}
        words: dict[Label, set[str]] = {}
        for label, example in examples:
            plain = _normalised(example)
            self._plain.setdefault(plain, {}).setdefault(label, example)
            if label.chitchat < 0:  # "oh no" is small talk, but "no" is not
                self._core.setdefault(_core(plain, language), {}).setdefault(label, example)
            if label.intent in LEXICAL_ONLY:
                words.setdefault(label, set()).update({plain.replace(" ", ""), core(plain, language).replace(" ", "")})
        self._words = {label: frozenset(forms) for label, forms in words.items()}
        self._parts = lru_cache(MAX_REMEMBERED)(self._said)

    def match_words(self, text: str) -> dict[Label, Match]:
        """Return the labels that an utterance fits word by word. Takes microseconds."""
        plain = normalise(text[:MAX_TEXT_LENGTH])
        bare = core(plain, self._language)
        found: dict[Label, Match] = {}
        for label, example in self._plain.get(plain, {}).items():
            found[label] = Match(1.0, Method.EXACT, example)
        for label, example in self._core.get(bare, {}).items():
            found.setdefault(label, Match(_CORE_SCORE, Method.EXACT, example))
        for label, words in self._words.items():
            if not found and bare and consists_of(bare, words):
                found[label] = Match(_CORE_SCORE, Method.EXACT, bare)
        return found

    def said(self, text: str) -> Sequence[Said]:
        """Return what is compared of an utterance: all of it first, then its clauses. Takes milliseconds the first
        time."""
        return self._parts(text[:MAX_TEXT_LENGTH])

    def _said(self, text: str) -> tuple[Said, ...]:
        text = corrected(text, self._language)
        parts = clauses(text, self._language)
        whole = normalise(text)
        found: list[tuple[str, int | None, float]] = [(whole, None, 1.0)]
        for number, part in enumerate(parts if len(parts) > 1 else []):
            long = length(normalise(part), self._language) >= _MIN_VECTOR_LENGTH[self._language]
            last = number == len(parts) - 1
            found.append(
                (normalise(part), number, (_LAST_FACTOR if last else _CLAUSE_FACTOR) if long else _SHORT_FACTOR)
            )
        meant = [essence(plain, self._language) for plain, _, _ in found]
        vectors = self._encoder.encode(meant)
        least = _MIN_VECTOR_LENGTH[self._language]
        # A clause that says what the whole says ("嗯，停车方便吗") is no other text.
        return tuple(
            Said(*each, vector, length(plain, self._language) < least)
            for each, plain, vector in zip(found, meant, vectors, strict=True)
            if each[1] is None or plain != meant[0]
        )


@lru_cache(maxsize=16384)  # the built-in examples, bot after bot
def _normalised(example: str) -> str:
    return normalise(example)


@lru_cache(maxsize=16384)
def _core(plain: str, language: str) -> str:
    return core(plain, language)
