"""Passages found by meaning, with a little help from the words: numbers, names, rare pairs of characters."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.documents.chunking import Chunk
from voicebot.dialogue.wording import normalise

Vectors = NDArray[np.float32]

HEADINGS = 2
"""Vectors of a passage before those of its sentences: its headings, and all of it."""
# Cosine with the words' share → score, measured on questions about the leaflets of the example bots: at 0.5 questions
# about other things are far away, but the neighbouring passage may still be taken for the right one.
_CALIBRATION = {
    "zh": ((0.25, 0.42, 0.52, 0.70, 0.90), (0.0, 0.50, 0.60, 0.80, 0.95)),
    "en": ((0.20, 0.36, 0.45, 0.62, 0.85), (0.0, 0.50, 0.60, 0.80, 0.95)),
}
_CANDIDATES = 48
_WHOLE_LENGTH = 300
_LEXICAL_WEIGHT = 0.2
_SENTENCE_WORDS = 0.5
# Shares of the best of a passage's vectors and of the second best: one that fits in two ways is surer.
_BEST, _REST = 0.6, 0.4
_WORD = re.compile(r"[a-z][a-z0-9'-]*|\d+(?:\.\d+)?|[一-鿿]+")


def texts_to_encode(chunk: Chunk, language: str) -> list[str]:
    """Return what stands for a passage: its headings, all of it, and each sentence."""
    heading = " ".join(dict.fromkeys(chunk.path[-2:]))
    return [heading, f"{heading} {chunk.text(language)}"[:_WHOLE_LENGTH], *chunk.sentences]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found.

    Attributes:
        chunk: the passage.
        score: 0..1, how well it fits.
        heading: how near its headings are.
        sentences: how well each of its sentences fits: how near it is, and the words it shares with the question.
    """

    chunk: Chunk
    score: float
    heading: float
    sentences: tuple[float, ...]


class PassageIndex:
    """All passages of a bot.

    Args:
        chunks: the passages.
        vectors: the vectors of ``texts_to_encode`` of each, in that order.
        language: of the bot.
    """

    def __init__(self, chunks: Sequence[Chunk], vectors: Sequence[Vectors], language: str) -> None:
        self.chunks = tuple(chunks)
        self._language = language
        empty = np.zeros((0, 512), dtype=np.float32)
        self._tops = np.ascontiguousarray(np.concatenate([each[:HEADINGS] for each in vectors] or [empty]))
        self._sentences = [np.ascontiguousarray(each[HEADINGS:]) for each in vectors]
        self._terms, self._weights = _postings([" ".join((*each.path, *each.sentences)) for each in chunks], language)
        self._words = {each.id: _words_of(each, language) for each in self.chunks}

    def __len__(self) -> int:
        return len(self.chunks)

    def search(self, text: str, vector: Vectors, count: int = 5) -> list[Hit]:
        """Return the passages that fit best, the best first.

        Args:
            text: the question.
            vector: of the question.
            count: how many to return.
        """
        if not self.chunks:
            return []
        tops = (self._tops @ vector).reshape(-1, HEADINGS)
        words = _LEXICAL_WEIGHT * (self._lexical(text) - 0.5)
        rough = tops.max(axis=1) + words
        places = _largest(rough, _CANDIDATES)
        found = self._hits(places.tolist(), tops[places].tolist(), words[places].tolist(), vector)
        return [self._with_words(hit, text) for hit in found[:count]]

    def _hits(
        self, places: Sequence[int], tops: Sequence[Sequence[float]], words: Sequence[float], vector: Vectors
    ) -> list[Hit]:
        near = [(self._sentences[at] @ vector).tolist() for at in places]
        cosines = []
        for top, word, sentences in zip(tops, words, near, strict=True):
            signs = sorted((*top, max(sentences)), reverse=True)
            cosines.append(_BEST * signs[0] + _REST * signs[1] + word)
        scores = np.interp(cosines, *_CALIBRATION[self._language]).tolist()
        hits = [
            Hit(self.chunks[at], score, top[0], tuple(sentences))
            for at, score, top, sentences in zip(places, scores, tops, near, strict=True)
        ]
        return sorted(hits, key=lambda hit: -hit.score)

    def _with_words(self, hit: Hit, text: str) -> Hit:
        """Add to each sentence what share it has of those words of the question that are not in the headings."""
        in_headings, in_sentences = self._words[hit.chunk.id]
        asked = set(terms_of(text, self._language)) - in_headings
        weights = {term: self._weights.get(term, 0.0) for term in asked}
        total = sum(weights.values())
        if not total:
            return hit
        shares = [sum(weights[term] for term in asked & said) / total for said in in_sentences]
        fits = (fit + _SENTENCE_WORDS * share for fit, share in zip(hit.sentences, shares, strict=True))
        return replace(hit, sentences=tuple(fits))

    def _lexical(self, text: str) -> Vectors:
        """Return for each passage what share of the question's terms is in it, rare terms counting more: 0..1."""
        scores = np.zeros(len(self.chunks), dtype=np.float32)
        total = 0.0
        for term in set(terms_of(text, self._language)):
            places = self._terms.get(term)
            weight = self._weights.get(term, self._weights[""])
            total += weight
            if places is not None:
                scores[places] += weight
        return scores / total if total else scores


def _words_of(chunk: Chunk, language: str) -> tuple[frozenset[str], tuple[frozenset[str], ...]]:
    """Return the terms of a passage's headings, and those of each of its sentences."""
    return frozenset(terms_of(" ".join(chunk.path), language)), tuple(
        frozenset(terms_of(sentence, language)) for sentence in chunk.sentences
    )


def terms_of(text: str, language: str) -> list[str]:
    """Return the terms of a text: numbers, Latin words, and pairs of Han characters."""
    terms: list[str] = []
    for run in _WORD.findall(normalise(text)):
        if "一" <= run[0] <= "鿿":
            terms += [*run, *(run[at : at + 2] for at in range(len(run) - 1))]
        elif language == "zh" or len(run) > 2:
            terms.append(run[:-1] if len(run) > 3 and run.endswith("s") else run)
    return terms


def _postings(texts: Sequence[str], language: str) -> tuple[dict[str, NDArray[np.intp]], dict[str, float]]:
    places: dict[str, list[int]] = {}
    for number, text in enumerate(texts):
        for term in set(terms_of(text, language)):
            places.setdefault(term, []).append(number)
    counts = Counter({term: len(numbers) for term, numbers in places.items()})
    weights = {term: math.log((len(texts) + 1) / (count + 0.5)) for term, count in counts.items()}
    # A term that is in no passage says little either way: it may be a filler, or the very thing.
    weights[""] = 0.5 * math.log(len(texts) + 1) if texts else 1.0
    return {term: np.array(numbers, dtype=np.intp) for term, numbers in places.items()}, weights


def _largest(values: Vectors, count: int) -> NDArray[np.intp]:
    if len(values) <= count:
        return np.arange(len(values))
    return np.argpartition(-values, count)[:count]
