"""What the classifier compares: meaning, wording and sound of texts, in one measure of likeness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicebot.dialogue.classifier.terms import Bag, TermIndex, Vocabulary
from voicebot.dialogue.classifier.tokens import pieces, sounds
from voicebot.dialogue.vectors import Encoder
from voicebot.dialogue.wording import essence, normalise

Table = NDArray[np.float32]

# Shares of meaning, wording and sound.
SHARES = {"zh": (0.47, 0.2, 0.33), "en": (0.7, 0.3, 0.0)}
# How fast likeness of meaning falls off with distance.
FALL = 4.0


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabularies that a language's texts are read with."""

    language: str
    wording: Vocabulary
    sound: Vocabulary

    @classmethod
    def of(cls, texts: Sequence[str], language: str) -> Words:
        """Make the vocabularies of some texts."""
        plains = [normalise(text) for text in texts]
        return cls(
            language,
            Vocabulary([pieces(plain, language) for plain in plains]),
            Vocabulary([sounds(plain) for plain in plains] if language == "zh" else ()),
        )

    def extended(self, texts: Sequence[str]) -> Words:
        """Return vocabularies that have the pieces of some more texts as well."""
        plains = [normalise(text) for text in texts]
        sounding = [sounds(plain) for plain in plains] if self.language == "zh" else []
        return Words(
            self.language,
            self.wording.extended([pieces(plain, self.language) for plain in plains]),
            self.sound.extended(sounding),
        )


@dataclass(frozen=True, slots=True)
class Features:
    """Texts, ready to be compared.

    Attributes:
        vectors: sentence vectors, a row for each text.
        wording: pieces of each text.
        sound: sounds of each text; none in English.
    """

    vectors: Table
    wording: tuple[Bag, ...]
    sound: tuple[Bag, ...]

    @classmethod
    def of(cls, texts: Sequence[str], words: Words, encoder: Encoder) -> Features:
        """Make the features of texts. A third of a millisecond each if they are many, two if it is one."""
        meant = [essence(normalise(text), words.language) for text in texts]
        return cls.with_vectors(texts, words, encoder.encode(meant))

    @classmethod
    def with_vectors(cls, texts: Sequence[str], words: Words, vectors: Table) -> Features:
        """Make the features of texts whose sentence vectors are known."""
        plains = [normalise(text) for text in texts]
        return cls(
            np.ascontiguousarray(vectors, dtype=np.float32),
            tuple(words.wording.bag(pieces(plain, words.language)) for plain in plains),
            tuple(words.sound.bag(sounds(plain)) for plain in plains) if words.language == "zh" else (),
        )

    def __len__(self) -> int:
        return len(self.vectors)


class Likeness:
    """Compares texts with examples: a positive definite kernel, 0..1 where the shares add up to 1.

    Args:
        examples: what to compare with.
        words: what their pieces are counted by; may be larger than what they were read with.
    """

    def __init__(self, examples: Features, words: Words) -> None:
        self._shares = SHARES[words.language]
        self._vectors = examples.vectors
        self._wording = TermIndex(examples.wording, len(words.wording))
        self._sound = TermIndex(examples.sound, len(words.sound)) if examples.sound else None

    def __call__(self, texts: Features) -> Table:
        """Return the likeness of texts (rows) to the examples (columns)."""
        meaning, wording, sound = self._shares
        cosines = texts.vectors @ self._vectors.T
        table = meaning * np.exp(FALL * (cosines - 1.0)) + wording * self._wording.table(texts.wording)
        if self._sound is not None:
            table += sound * self._sound.table(texts.sound)
        return np.asarray(table, dtype=np.float32)
