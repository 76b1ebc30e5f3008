"""The questions of a FAQ that lie near to an utterance, by meaning and by sound, however large the FAQ is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.bot import FaqEntry
from voicebot.dialogue.matching import Match, Method, Said
from voicebot.dialogue.pinyin import LEAST_LIKENESS, SoundIndex
from voicebot.dialogue.vectors import Encoder, calibrate
from voicebot.dialogue.wording import asks, denies, essence, length, normalise

# Likeness by sound → score.
_LIKENESSES = (LEAST_LIKENESS, 0.80, 0.90, 1.0)
_SOUND_SCORES = (0.0, 0.60, 0.85, 0.95)
_DENIAL_FACTOR_SHORT, _DENIAL_FACTOR_LONG = 0.6, 0.85
_SHORT_LENGTH = 7
# A statement is less likely meant as a question.
_STATED_FACTOR = 0.95
_LEAST_COSINE = 0.33
_MAX_NEAR = 200
_ROUGH, _LOOKED_AT = 64, 400
_NOTHING: NDArray[np.float32] = np.zeros(0, dtype=np.float32)


class QuestionIndex:
    """The wordings of a FAQ.

    Args:
        faq: its questions; a match names one by its place.
        language: of the bot.
        encoder: makes the vectors.
    """

    def __init__(self, faq: Sequence[FaqEntry], language: str, encoder: Encoder) -> None:
        self._language = language
        examples = [(place, text) for place, entry in enumerate(faq) for text in (entry.question, *entry.similar)]
        self._places = [place for place, _ in examples]
        self._examples = [text for _, text in examples]
        plains = [normalise(text) for text in self._examples]
        self._denies = np.array([denies(plain, language) for plain in plains], dtype=bool)
        self._asks = np.array([asks(plain, language) for plain in plains], dtype=bool)
        self._vectors = np.ascontiguousarray(encoder.encode([essence(plain, language) for plain in plains]))
        # A look at the directions in which these questions differ most tells which of them are worth a whole look.
        self._directions = _directions(self._vectors)
        self._rough = np.ascontiguousarray(self._vectors @ self._directions)
        self._sounds = SoundIndex(plains) if language == "zh" else None

    def near(self, parts: Sequence[Said]) -> dict[int, Match]:
        """Return the questions that an utterance is near to, by their place in the FAQ, with how near: 0..1."""
        found: dict[int, Match] = {}
        if self._places:
            for part in parts:
                self._add_near(part, found)
        return found

    def _cosines(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the cosine of a vector to each wording that may be among the nearest; 0 for the others."""
        rough = self._rough @ (vector @ self._directions)
        if len(rough) <= _LOOKED_AT:
            return np.asarray(self._vectors @ vector)
        rows = np.argpartition(-rough, _LOOKED_AT)[:_LOOKED_AT]
        cosines = np.zeros(len(rough), dtype=np.float32)
        cosines[rows] = self._vectors[rows] @ vector
        return cosines

    def _add_near(self, said: Said, found: dict[int, Match]) -> None:
        size = length(said.plain, self._language)
        cosines = self._cosines(said.vector) if not said.short else _NOTHING
        sounds = self._sounds.likeness(said.plain) if self._sounds is not None else _NOTHING
        rows = np.union1d(_highest(cosines, _LEAST_COSINE), _highest(sounds, LEAST_LIKENESS))
        if not len(rows):
            return
        by_meaning = calibrate(cosines[rows]) if len(cosines) else np.zeros(len(rows))
        by_sound = np.interp(sounds[rows], _LIKENESSES, _SOUND_SCORES) if len(sounds) else np.zeros(len(rows))
        # Vectors hardly see a "not".
        factor = _DENIAL_FACTOR_SHORT if size <= _SHORT_LENGTH else _DENIAL_FACTOR_LONG
        denied = np.where(self._denies[rows] != denies(said.plain, self._language), factor, 1.0)
        if not asks(said.plain, self._language):
            denied *= np.where(self._asks[rows], _STATED_FACTOR, 1.0)
        scores = np.maximum(by_meaning, by_sound) * denied * said.factor
        for row, score, sounded in zip(rows.tolist(), scores.tolist(), (by_sound > by_meaning).tolist(), strict=True):
            known = found.get(self._places[row])
            if score > 0 and (known is None or known.score < score):
                method = Method.SOUND if sounded else Method.VECTOR
                found[self._places[row]] = Match(score, method, self._examples[row], said.clause)


def _directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the _ROUGH directions that hold most of some vectors, one in each column (principal components)."""
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(directions[:, -_ROUGH:], dtype=np.float32)


def _highest(values: NDArray[np.float32], least: float) -> NDArray[np.intp]:
    """Return the places of the highest values, if they are at least so high."""
    rows = np.flatnonzero(values >= least)
    return rows if len(rows) <= _MAX_NEAR else rows[np.argpartition(-values[rows], _MAX_NEAR)[:_MAX_NEAR]]
