from __future__ import annotations

import pytest

from voicebot.dialogue.pinyin import SoundIndex, syllable_distance, syllables


def test_syllables_of_han_characters_only() -> None:
    assert syllables("转人工, ok 5") == [("zh", "uan"), ("r", "en"), ("g", "ong")]
    assert syllables("abc") == []


def test_distances() -> None:
    assert syllable_distance(("zh", "uan"), ("zh", "uan")) == 0
    assert syllable_distance(("zh", "ang"), ("z", "an")) == pytest.approx(0.4)
    assert syllable_distance(("b", "a"), ("zh", "ong")) == 1


@pytest.mark.parametrize("heard", ["转员工", "帮我转员工", "转人功", "赚人工吧"])
def test_near_homophones(heard: str) -> None:
    assert SoundIndex(["转人工"]).likeness(heard)[0] >= 0.78


@pytest.mark.parametrize("heard", ["多少钱", "明天去", "转一下", "人呢", "", "hello there my friend"])
def test_others_are_far(heard: str) -> None:
    assert SoundIndex(["转人工"]).likeness(heard)[0] < 0.7


def test_a_lost_syllable_costs_but_does_not_kill() -> None:
    assert SoundIndex(["话费余额"]).likeness("花费鱼")[0] >= 0.8


def test_wordings_that_cannot_be_compared_are_left_out() -> None:
    index = SoundIndex(["是", "5g套餐多少钱", "一二三四五六七八九", "转人工"])
    assert (index.likeness("转人工") > 0).tolist() == [False, False, False, True]


def test_a_very_long_utterance_is_cut() -> None:
    assert SoundIndex(["转人工"]).likeness("好" * 10_000)[0] < 0.5


def test_a_wording_of_two_syllables_counts_only_as_the_whole_utterance() -> None:
    index = SoundIndex(["价格"])
    assert index.likeness("嫁哥").tolist() == [1.0]
    assert index.likeness("架格吗").tolist() == [0.0]
    assert index.likeness("加个").tolist() == [1.0]
    assert index.likeness("价值").tolist() == [0.0]
