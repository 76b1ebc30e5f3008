"""Which intent or question an utterance means: word by word, by sound, and by sentence vectors."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.builtin import LEXICAL_ONLY
from voicebot.dialogue.clauses import clauses, corrected
from voicebot.dialogue.pinyin import LEAST_LIKENESS, SoundIndex
from voicebot.dialogue.vectors import Encoder, calibrate
from voicebot.dialogue.wording import asks, consists_of, core, denies, essence, length, normalise

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
# A question is hardly meant as an intent that nobody asks for with a question; a statement less likely as a question.
_ASKED_FACTOR, _STATED_FACTOR = 0.9, 0.95
# What a match with a clause is worth: the last one is most likely what the caller wants, a word or two hardly.
_LAST_FACTOR, _CLAUSE_FACTOR, _SHORT_FACTOR = 0.96, 0.93, 0.7
_LEAST_COSINE = 0.33
_MAX_NEAR = 200
_NOTHING: NDArray[np.float32] = np.zeros(0, dtype=np.float32)


class Method(enum.Enum):
    """How a match came about."""

    EXACT = "exact"
    RULE = "rule"
    SOUND = "sound"
    VECTOR = "vector"


class Label(NamedTuple):
    """What an example stands for: an intent by its name, a question of the FAQ or small talk by its place."""

    intent: str = ""
    faq: int = -1
    chitchat: int = -1


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
        vector: its sentence vector; None if it is too short to have a meaning of its own.
    """

    plain: str
    clause: int | None
    factor: float
    vector: NDArray[np.float32] | None


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
            if label.chitchat < 0:  # "oh no" is small talk, but "no" is not
                self._core.setdefault(core(plain, language), {}).setdefault(label, example)
            if label.intent in LEXICAL_ONLY:
                words.setdefault(label, set()).update({plain.replace(" ", ""), core(plain, language).replace(" ", "")})
            else:
                compared.append((label, example, plain))
        self._words = {label: frozenset(forms) for label, forms in words.items()}
        self._labels = [label for label, _, _ in compared]
        self._examples = [example for _, example, _ in compared]
        plains = [plain for _, _, plain in compared]
        self._denies = np.array([denies(plain, language) for plain in plains], dtype=bool)
        self._asks = np.array([asks(plain, language) for plain in plains], dtype=bool)
        self._intents = np.array([bool(label.intent) for label in self._labels], dtype=bool)
        self._vectors = np.ascontiguousarray(encoder.encode([essence(plain, language) for plain in plains]))
        # Words too short to mean anything by themselves are near to nothing.
        short = [length(plain, language) < _MIN_VECTOR_LENGTH[language] for plain in plains]
        self._vectors[np.array(short, dtype=bool)] = 0.0
        # Small talk is not looked for by its sound: there is too much of it to be like something else.
        heard = [("" if label.chitchat >= 0 else plain) for label, _, plain in compared]
        self._sounds = SoundIndex(heard) if language == "zh" else None
        self._parts = lru_cache(MAX_REMEMBERED)(self._said)
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
        """Return the labels that an utterance fits in some way, with how well. Takes milliseconds the first time."""
        return self._remembered(text[:MAX_TEXT_LENGTH])

    def said(self, text: str) -> Sequence[Said]:
        """Return what is compared of an utterance: all of it first, then its clauses."""
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
        longs = [
            each for each in dict.fromkeys(meant) if length(each, self._language) >= _MIN_VECTOR_LENGTH[self._language]
        ]
        vectors = dict(zip(longs, self._encoder.encode(longs), strict=True))
        # A clause that says what the whole says ("嗯，停车方便吗") is no other text.
        return tuple(
            Said(*each, vectors.get(plain))
            for each, plain in zip(found, meant, strict=True)
            if each[1] is None or plain != meant[0]
        )

    def _match(self, text: str) -> dict[Label, Match]:
        found = self.match_words(corrected(text, self._language))
        self._add_leading(text, found)
        if self._labels:
            for said in self.said(text):
                self._add_near(said, found)
                if said.clause is not None:
                    for label, match in self.match_words(said.plain).items():
                        if label.intent not in LEXICAL_ONLY:
                            _keep_best(
                                found, label, replace(match, score=match.score * said.factor, clause=said.clause)
                            )
        return found

    def _add_leading(self, text: str, found: dict[Label, Match]) -> None:
        """Let a yes or no at the beginning count, somewhat: "对,那个…" """
        first, *others = clauses(text, self._language)
        bare = core(normalise(first), self._language)
        for label, words in self._words.items():
            if others and bare and label not in found and consists_of(bare, words):
                found[label] = Match(_LEADING_SCORE, Method.RULE, bare, 0)

    def _add_near(self, said: Said, found: dict[Label, Match]) -> None:
        """Add the labels that lie near by sound or by meaning."""
        size = length(said.plain, self._language)
        cosines = self._vectors @ said.vector if said.vector is not None else _NOTHING
        sounds = self._sounds.likeness(said.plain) if self._sounds is not None else _NOTHING
        rows = np.union1d(_highest(cosines, _LEAST_COSINE), _highest(sounds, LEAST_LIKENESS))
        if not len(rows):
            return
        by_meaning = calibrate(cosines[rows]) if len(cosines) else np.zeros(len(rows))
        by_sound = np.interp(sounds[rows], _LIKENESSES, _SOUND_SCORES) if len(sounds) else np.zeros(len(rows))
        # Vectors hardly see a "not", and "不要转人工" contains 转人工.
        factor = _DENIAL_FACTOR_SHORT if size <= _SHORT_LENGTH else _DENIAL_FACTOR_LONG
        denied = np.where(self._denies[rows] != denies(said.plain, self._language), factor, 1.0)
        if asks(said.plain, self._language):
            # "我要是迟到了呢" is no promise like "我会准时到的".
            denied *= np.where(self._intents[rows] & ~self._asks[rows], _ASKED_FACTOR, 1.0)
        else:
            denied *= np.where(~self._intents[rows] & self._asks[rows], _STATED_FACTOR, 1.0)
        scores = np.maximum(by_meaning, by_sound) * denied * said.factor
        for row, score, sounded in zip(rows.tolist(), scores.tolist(), (by_sound > by_meaning).tolist(), strict=True):
            if score > 0:
                method = Method.SOUND if sounded else Method.VECTOR
                _keep_best(found, self._labels[row], Match(score, method, self._examples[row], said.clause))


def _keep_best(found: dict[Label, Match], label: Label, match: Match) -> None:
    known = found.get(label)
    if known is None or known.score < match.score:
        found[label] = match


def _highest(values: NDArray[np.float32], least: float) -> NDArray[np.intp]:
    """Return the places of the highest values, if they are at least so high."""
    rows = np.flatnonzero(values >= least)
    return rows if len(rows) <= _MAX_NEAR else rows[np.argpartition(-values[rows], _MAX_NEAR)[:_MAX_NEAR]]


def best_of(matches: Mapping[Label, Match], labels: Sequence[Label]) -> tuple[Label, Match] | None:
    """Return the best of some labels, None if none of them matched at all."""
    known = [(label, matches[label]) for label in labels if label in matches]
    return max(known, key=lambda pair: pair[1].score, default=None)
