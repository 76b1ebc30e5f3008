"""What every bot of a language knows: the built-in intents, small talk, and what means nothing to a bot."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from threadpoolctl import threadpool_limits

from voicebot.dialogue.builtin import builtin_background, builtin_intents
from voicebot.dialogue.chitchat import builtin_chitchat
from voicebot.dialogue.classifier.features import FALL, SHARES, Features, Likeness, Table, Words
from voicebot.dialogue.classifier.store import LearntStore, key_of
from voicebot.dialogue.matching import Label
from voicebot.dialogue.vectors import LearntEncoder

SMOOTHNESS = 0.3
"""Added to the likeness of each example to itself: how little one example alone counts (ridge)."""
NONE = Label()
"""What means nothing to a bot."""
METHOD = "3"
"""Changes with what is computed, so that what another release has kept is not taken."""


@dataclass(frozen=True, eq=False)
class Background:
    """The examples of a language.

    Attributes:
        key: differs for every other background.
        labels: what each example stands for; NONE: nothing.
        texts: the examples.
        words: their vocabularies.
        features: of the examples.
        inverse: of the likenesses among the examples, smoothed.
        store: where what is learnt from it is kept.
    """

    key: str
    labels: tuple[Label, ...]
    texts: tuple[str, ...]
    words: Words
    features: Features
    inverse: Table
    store: LearntStore

    @classmethod
    def of(cls, language: str, encoder: LearntEncoder) -> Background:
        """Learn the examples of a language, which takes seconds, or load what was kept."""
        examples = _examples(language)
        texts = tuple(text for _, text in examples)
        words = Words.of(texts, language)
        store = LearntStore(encoder.derived)
        key = _key(language, encoder.identity, texts)
        kept = store.load(key)
        if kept is None:
            features = Features.of(texts, words, encoder)
            inverse = _inverse(features, words)
            store.keep(key, {"vectors": features.vectors, "inverse": inverse})
        else:
            features, inverse = Features.with_vectors(texts, words, kept["vectors"]), kept["inverse"]
        return cls(key, tuple(label for label, _ in examples), texts, words, features, inverse, store)


def is_learnt(language: str, identity: str, store: LearntStore) -> bool:
    """Tell whether the examples of a language were learnt with a model, and kept."""
    return store.has(_key(language, identity, tuple(text for _, text in _examples(language))))


def _key(language: str, identity: str, texts: Sequence[str]) -> str:
    return key_of(METHOD, identity, language, repr((SMOOTHNESS, SHARES[language], FALL)), texts=texts)


def _examples(language: str) -> Sequence[tuple[Label, str]]:
    intents = [(Label(intent=name), text) for name, texts in builtin_intents(language).items() for text in texts]
    nothing = [(NONE, text) for text in builtin_background(language)]
    talk = [
        (Label(chitchat=place), text) for place, talk in enumerate(builtin_chitchat(language)) for text in talk.heard
    ]
    return tuple(dict.fromkeys([*intents, *nothing, *talk]))


def _inverse(features: Features, words: Words) -> Table:
    likeness = Likeness(features, words)(features)
    likeness[np.diag_indices_from(likeness)] += SMOOTHNESS
    with threadpool_limits(limits=os.cpu_count(), user_api="blas"):
        return np.asarray(np.linalg.inv(likeness), dtype=np.float32)


_known: WeakKeyDictionary[LearntEncoder, dict[str, Background]] = WeakKeyDictionary()
_lock = threading.Lock()


def background_of(language: str, encoder: LearntEncoder) -> Background:
    """Return what every bot of a language knows; made once for each encoder. Any thread may ask."""
    with _lock:
        languages = _known.setdefault(encoder, {})
        if language not in languages:
            languages[language] = Background.of(language, encoder)
        return languages[language]
