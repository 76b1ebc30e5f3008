"""Which intent or question an utterance means: word by word, by sound, and by sentence vectors."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.builtin import LEXICAL_ONLY
from voicebot.dialogue.pinyin import LEAST_LIKENESS, SoundIndex
from voicebot.dialogue.vectors import Encoder, calibrate
from voicebot.dialogue.wording import consists_of, core, denies, length, normalise

MAX_TEXT_LENGTH = 300
"""Longer utterances are cut for matching: nobody asks one question in 300 characters."""
MAX_REMEMBERED = 500
"""Utterances whose matches are remembered: callers use the same words again and again."""
_MIN_VECTOR_LENGTH = {"zh": 3, "en": 2}
_CORE_SCORE = 0.97
_LEADING_SCORE = 0.75
# Likeness by sound → score. 0.85 is 转员工 for 转人工.
_LIKENESSES = (LEAST_LIKENESS, 0.80, 0.90, 1.0)
_SOUND_SCORES = (0.0, 0.60, 0.85, 0.95)
_DENIAL_FACTOR_SHORT, _DENIAL_FACTOR_LONG = 0.6, 0.85
_SHORT_LENGTH = 7
_CLAUSE_ENDS = ",.!?;\uff0c\u3002\uff01\uff1f\uff1b\u3001"  # Western and full-width


class Method(enum.Enum):
    """How a match came about."""

    EXACT = "exact"
    RULE = "rule"
    SOUND = "sound"
    VECTOR = "vector"


class Label(NamedTuple):
    """What an example stands for: an intent by its name, or a question of the FAQ by its place."""

    intent: str = ""
    faq: int = -1


@dataclass(frozen=True, slots=True)
class Match:
    """How well a label fits.

    Attributes:
        score: 0..1.
        method: what found it.
        example: the wording of the bot it was found by.
    """

    score: float
    method: Method
    example: str


class Matcher:
    """All examples of one bot, ready to be compared with an utterance."""

    def __init__(self, examples: Sequence[tuple[Label, str]], language: str, encoder: Encoder) -> None:
        self._language = language
        self._encoder = encoder
        self._plain: dict[str, dict[Label, str]] = {}
        self._core: dict[str, dict[Label, str]] = {}
        words: dict[Label, set[str]] = {}
        compared: list[tuple[Label, str, str]] = []
        for label, example in examples:
            plain = normalise(example)
            self._plain.setdefault(plain, {}).setdefault(label, example)
            self._core.setdefault(core(plain, language), {}).setdefault(label, example)
            if label.intent in LEXICAL_ONLY:
                words.setdefault(label, set()).update({plain.replace(" ", ""), core(plain, language).replace(" ", "")})
            else:
                compared.append((label, example, plain))
        self._words = {label: frozenset(forms) for label, forms in words.items()}
        self._labels = [label for label, _, _ in compared]
        numbers = {label: number for number, label in enumerate(dict.fromkeys(self._labels))}
        self._label_numbers = np.array([numbers[label] for label in self._labels], dtype=np.intp)
        self._examples = [example for _, example, _ in compared]
        plains = [plain for _, _, plain in compared]
        self._denies = np.array([denies(plain, language) for plain in plains], dtype=bool)
        self._long = np.array([length(plain, language) >= _MIN_VECTOR_LENGTH[language] for plain in plains], dtype=bool)
        self._vectors = encoder.encode(plains)
        self._sounds = SoundIndex(plains) if language == "zh" else None
        self._remembered = lru_cache(MAX_REMEMBERED)(self._match)

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

    def match(self, text: str) -> Mapping[Label, Match]:
        """Return every label with how well the utterance fits it. Takes a millisecond the first time."""
        return self._remembered(text[:MAX_TEXT_LENGTH])

    def _match(self, text: str) -> dict[Label, Match]:
        found = self.match_words(text)
        self._add_leading(text, found)
        plain = normalise(text)
        if not plain or not self._labels:
            return found
        scores, by_sound = self._compare(plain)
        order = np.argsort(-scores)
        _, places = np.unique(self._label_numbers[order], return_index=True)
        best = order[np.sort(places)]  # each label's best example, the best label first
        for row, score, sounded in zip(best.tolist(), scores[best].tolist(), by_sound[best].tolist(), strict=True):
            if score <= 0:
                break
            known = found.get(self._labels[row])
            if known is None or known.score < score:
                method = Method.SOUND if sounded else Method.VECTOR
                found[self._labels[row]] = Match(score, method, self._examples[row])
        return found

    def _add_leading(self, text: str, found: dict[Label, Match]) -> None:
        """Let a yes or no at the beginning count, somewhat: "对,那个…" """
        first = normalise(_first_clause(text))
        if not first or first == normalise(text):
            return
        for label, words in self._words.items():
            bare = core(first, self._language)
            if label not in found and consists_of(bare, words):
                found[label] = Match(_LEADING_SCORE, Method.RULE, bare)

    def _compare(self, plain: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        size = length(plain, self._language)
        scores = np.zeros(len(self._labels))
        if size >= _MIN_VECTOR_LENGTH[self._language]:
            scores = np.where(self._long, calibrate(self._vectors @ self._encoder.encode([plain])[0]), 0.0)
        sounds = np.zeros(len(self._labels))
        if self._sounds is not None:
            sounds = np.interp(self._sounds.likeness(plain), _LIKENESSES, _SOUND_SCORES)
        by_sound = sounds > scores
        scores = np.maximum(scores, sounds)
        # Vectors hardly see a "not", and "不要转人工" contains 转人工.
        factor = _DENIAL_FACTOR_SHORT if size <= _SHORT_LENGTH else _DENIAL_FACTOR_LONG
        return np.where(self._denies != denies(plain, self._language), scores * factor, scores), by_sound


def _first_clause(text: str) -> str:
    for index, character in enumerate(text):
        if character in _CLAUSE_ENDS:
            return text[:index]
    return text


def best_of(matches: Mapping[Label, Match], labels: Sequence[Label]) -> tuple[Label, Match] | None:
    """Return the best of some labels, None if none of them matched at all."""
    known = [(label, matches[label]) for label in labels if label in matches]
    return max(known, key=lambda pair: pair[1].score, default=None)
