from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialogue.shared import encoder, engine
from voicebot.dialogue.builtin import builtin_intents
from voicebot.dialogue.decision import build_matcher_examples
from voicebot.dialogue.matching import Label, Matcher, Method, best_of
from voicebot.dialogue.vectors import UseEncoder
from voicebot.errors import ModelError


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(build_matcher_examples(engine("appointment").bot), "zh", encoder())


def intent(name: str) -> Label:
    return Label(intent=name)


@pytest.mark.parametrize("text", ["对", "是的。", "嗯嗯,好的", "对对对,没错", "可以,谢谢"])
def test_yes_by_words(matcher: Matcher, text: str) -> None:
    found = matcher.match_words(text)
    assert best_of(found, list(found)) == (intent("yes"), found[intent("yes")])
    assert found[intent("yes")].method is Method.EXACT


@pytest.mark.parametrize("text", ["不是", "不用了,谢谢", "不要不要", "没有"])
def test_no_is_never_yes(matcher: Matcher, text: str) -> None:
    found = matcher.match(text)
    assert found[intent("no")].score > 0.95
    assert intent("yes") not in found


def test_a_yes_at_the_beginning_counts_less_than_what_follows(matcher: Matcher) -> None:
    found = matcher.match("对,我想问一下停车方便不方便")
    best = best_of(found, list(found))
    assert best is not None
    assert best[0].faq >= 0
    assert found[intent("yes")].method is Method.RULE


def test_sound_finds_what_vectors_do_not(matcher: Matcher) -> None:
    match = matcher.match("转员工")[intent("human")]
    assert match.method is Method.SOUND
    assert match.score > 0.7
    assert match.example == "转人工"


def test_a_denial_counts_against_an_example_that_denies_nothing(matcher: Matcher) -> None:
    assert matcher.match("不要转人工")[intent("human")].score < 0.7


@pytest.mark.parametrize("text", ["", "…", "12", "啊" * 5000, "hello " * 3000, "\ud800", "🙂"])
def test_odd_texts(matcher: Matcher, text: str) -> None:
    assert all(0 <= match.score <= 1 for match in matcher.match(text).values())


def test_built_in_intents_are_the_same_in_both_languages() -> None:
    assert set(builtin_intents("zh")) == set(builtin_intents("en"))


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="voicebot models pull sentence-use"):
        UseEncoder(tmp_path)
