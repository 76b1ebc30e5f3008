from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialogue.shared import encoder, engine
from voicebot.dialogue.builtin import builtin_intents
from voicebot.dialogue.decision import build_matcher_examples
from voicebot.dialogue.matching import Label, Matcher, Method
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
    assert max(found, key=lambda label: found[label].score) == intent("yes")
    assert found[intent("yes")].method is Method.EXACT


@pytest.mark.parametrize("text", ["不是", "不用了,谢谢", "不要不要", "没有"])
def test_no_is_never_yes(matcher: Matcher, text: str) -> None:
    found = matcher.match_words(text)
    assert found[intent("no")].score > 0.95
    assert intent("yes") not in found


@pytest.mark.parametrize("text", ["", "…", "12", "啊" * 5000, "hello " * 3000, "\ud800", "🙂"])
def test_odd_texts(matcher: Matcher, text: str) -> None:
    assert all(0 <= match.score <= 1 for match in matcher.match_words(text).values())
    parts = matcher.said(text)
    assert parts[0].clause is None
    assert all(part.vector.shape == (512,) for part in parts)


def test_built_in_intents_are_the_same_in_both_languages() -> None:
    assert set(builtin_intents("zh")) == set(builtin_intents("en"))


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="voicebot models pull sentence-use"):
        UseEncoder(tmp_path)
