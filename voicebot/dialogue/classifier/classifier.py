"""The classifier of one bot: a kernel ridge classifier over all examples, with probabilities.

Every example pulls towards its label by how alike an utterance is to it, and the pulls are weighted so that the
examples are told apart as well as possible (regularised least squares, Rifkin, Yeo and Poggio 2003). How far
the outcome may be trusted is found by leaving out each example in turn, which needs no second training
(Cawley and Talbot 2003): so scores are probabilities, with any encoder and any number of examples.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from voicebot.dialogue.classifier.background import SMOOTHNESS, Background
from voicebot.dialogue.classifier.features import Features, Likeness, Table
from voicebot.dialogue.classifier.store import key_of
from voicebot.dialogue.matching import Label
from voicebot.dialogue.vectors import Encoder

MAX_OWN = 2500
"""Examples of a bot that are learnt: more would take long to learn."""
# Powers that outcomes are raised to before they become probabilities; the one that fits the left-out examples best is
# taken. The least outcome stands for all that nothing speaks for.
_POWERS = (1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0, 3.5)
_LEAST = 1e-3
# From so many examples on those of a bot count like the others; few count more, down to this share of the smoothness.
_MANY, _LEAST_SHARE = 12, 0.15


class Likelihood(NamedTuple):
    """What an utterance may mean.

    Attributes:
        labels: everything that the classifier knows.
        outcomes: how much speaks for each label: about 0 for nothing, 1 for an example of it.
        power: that outcomes are raised to before they become probabilities.
    """

    labels: tuple[Label, ...]
    outcomes: NDArray[np.float64]
    power: float

    def weights(self) -> NDArray[np.float64]:
        """Return the weight of each label: probabilities, once something has been divided by their sum."""
        return np.asarray(np.maximum(self.outcomes, _LEAST) ** self.power)


class Classifier:
    """Tells what utterances mean.

    Args:
        background: what every bot of the language knows.
        examples: what this one knows besides, at most MAX_OWN; those of the background are left out.
        encoder: the one of the background.
    """

    def __init__(self, background: Background, examples: Sequence[tuple[Label, str]], encoder: Encoder) -> None:
        known = set(zip(background.labels, background.texts, strict=True))
        own = [each for each in dict.fromkeys(examples) if each not in known]
        if len(own) > MAX_OWN:
            raise ValueError(f"{len(own)} examples are more than can be learnt")
        texts = [text for _, text in own]
        labels = [*background.labels, *(label for label, _ in own)]
        self.labels = tuple(dict.fromkeys(labels))
        self._words = background.words.extended(texts)
        key = key_of(background.key, texts=(f"{label} {text}" for label, text in own))
        kept = background.store.load(key)
        if kept is None:
            features = Features.of(texts, self._words, encoder)
        else:
            features = Features.with_vectors(texts, self._words, kept["vectors"])
        self._likenesses = (Likeness(background.features, self._words), Likeness(features, self._words))
        if kept is None:
            places = {label: place for place, label in enumerate(self.labels)}
            meant = np.array([places[label] for label in labels], dtype=np.intp)
            with threadpool_limits(limits=os.cpu_count(), user_api="blas"):
                weights, power = _learn(background, self._likenesses, features, meant, len(self.labels))
            kept = {"vectors": features.vectors, "weights": weights, "power": power}
            background.store.keep(key, kept)
        self._weights, self._power = kept["weights"], float(kept["power"])

    def __call__(self, texts: Sequence[str], vectors: Table) -> list[Likelihood]:
        """Tell what texts mean.

        Args:
            texts: normalised.
            vectors: the sentence vector of each one's essence.
        """
        features = Features.with_vectors(texts, self._words, vectors)
        table = np.concatenate([likeness(features) for likeness in self._likenesses], axis=1)
        outcomes = (table @ self._weights).astype(np.float64)
        return [Likelihood(self.labels, row, self._power) for row in outcomes]


def _learn(
    background: Background, likenesses: Sequence[Likeness], own: Features, meant: NDArray[np.intp], labels: int
) -> tuple[Table, NDArray[np.float32]]:
    """Return the weights of all examples for each label, and the power of outcomes.

    Args:
        background: its examples come first.
        likenesses: to its examples and to a bot's own.
        own: the bot's own examples.
        meant: place of the label of each example.
        labels: number of labels.
    """
    wanted = np.zeros((len(meant), labels), dtype=np.float32)
    wanted[np.arange(len(meant)), meant] = 1.0
    old = len(background.texts)
    crossing, among = (likeness(own) for likeness in likenesses)
    among[np.diag_indices_from(among)] += _smoothness(meant[old:], labels)
    # The inverse of the whole table by blocks (Schur complement): the background's own part is known.
    through = crossing @ background.inverse
    rest = np.linalg.inv(among - through @ crossing.T) if len(own) else among
    pulled = rest @ (wanted[old:] - through @ wanted[:old])
    weights = np.concatenate([background.inverse @ wanted[:old] - through.T @ pulled, pulled])
    inner = np.diag(background.inverse) + np.einsum("ij,ij->j", through, rest @ through)
    diagonal = np.concatenate([inner, np.diag(rest)])
    left_out = wanted - weights / diagonal[:, None]
    power = min(_POWERS, key=lambda power: _surprise(left_out, meant, power))
    return weights, np.array(power, dtype=np.float32)


def _smoothness(meant: NDArray[np.intp], labels: int) -> Table:
    """Return how little each of a bot's own examples counts: the fewer a label has, the more each of them."""
    counts = np.bincount(meant, minlength=labels)[meant]
    return np.asarray(SMOOTHNESS * np.clip(counts / _MANY, _LEAST_SHARE, 1.0), dtype=np.float32)


def _surprise(outcomes: Table, meant: NDArray[np.intp], power: float) -> float:
    """Return the mean negative log likelihood of what is meant."""
    evidence = power * np.log(np.maximum(outcomes.astype(np.float64), _LEAST))
    return float(np.mean(np.logaddexp.reduce(evidence, axis=1) - evidence[np.arange(len(meant)), meant]))
