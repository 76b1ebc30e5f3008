from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.classifier.terms import TermIndex, Vocabulary
from voicebot.dialogue.classifier.tokens import pieces, sounds

TEXTS = st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8), min_size=1, max_size=8)


@given(TEXTS, st.lists(st.sampled_from("abcxyz"), max_size=8))
def test_likeness_is_a_cosine(texts: list[list[str]], said: list[str]) -> None:
    vocabulary = Vocabulary(texts)
    index = TermIndex([vocabulary.bag(text) for text in texts], len(vocabulary))
    likeness = index.likeness(vocabulary.bag(said))
    assert likeness.shape == (len(texts),)
    assert np.all((likeness >= 0) & (likeness <= 1 + 1e-5))
    for text, alike in zip(texts, likeness, strict=True):
        assert (alike > 0) == bool(set(text) & set(said))
        assert index.likeness(vocabulary.bag(text)).max() == pytest.approx(1, abs=1e-5)


def test_rare_pieces_count_more() -> None:
    vocabulary = Vocabulary([["the", "cat"], ["the", "dog"], ["the", "bird"]])
    index = TermIndex([vocabulary.bag(["the"]), vocabulary.bag(["cat"])], len(vocabulary))
    the, cat = index.likeness(vocabulary.bag(["the", "cat"]))
    assert cat > the


def test_unknown_pieces_make_a_text_less_alike() -> None:
    vocabulary = Vocabulary([["cat"], ["dog"]])
    index = TermIndex([vocabulary.bag(["cat"])], len(vocabulary))
    assert index.likeness(vocabulary.bag(["cat", "qqq"]))[0] < index.likeness(vocabulary.bag(["cat"]))[0]


def test_an_extended_vocabulary_keeps_the_places_of_the_first() -> None:
    vocabulary = Vocabulary([["cat"], ["dog"]])
    larger = vocabulary.extended([["fish", "cat"]])
    index = TermIndex([vocabulary.bag(["cat"]), vocabulary.bag(["dog"])], len(vocabulary))
    assert (len(vocabulary), len(larger)) == (2, 3)
    assert index.likeness(larger.bag(["fish"])).tolist() == [0, 0]
    assert index.likeness(larger.bag(["dog"]))[1] == pytest.approx(1)


@pytest.mark.parametrize(("one", "other"), [("转人工", "转员工"), ("是这样", "四这样"), ("很冷", "很能")])
def test_what_telephones_mix_up_sounds_alike(one: str, other: str) -> None:
    shared = set(sounds(one)) & set(sounds(other))
    assert len(shared) >= len(one) - 1


def test_pieces() -> None:
    assert pieces("转人工", "zh") == [
        "转",
        "人",
        "工",
        "^ 转",
        "转 人",
        "人 工",
        "工 $",
        "^ 转 人",
        "转 人 工",
        "人 工 $",
    ]
    assert {"call me", "^ call", "#^cal", "#all$"} <= set(pieces("call me", "en"))
    assert pieces("", "zh") == ["^ $"]
