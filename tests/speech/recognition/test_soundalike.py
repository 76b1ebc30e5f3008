from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.recognition.soundalike import SoundAlike, soundalike

WORDS = ("安心口腔", "新京报", "张伟", "号码", "李明远", "同意")


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("我在安心口强预约过", "我在安心口腔预约过"),
        ("视频截图新经报", "视频截图新京报"),
        ("找你们的里明源。", "找你们的李明远。"),  # no tones where there are three
        ("我是章伟", "我是张伟"),
        ("我是张维", "我是张维"),  # another tone, and two characters only
        ("也就是通过统一平台", "也就是通过统一平台"),  # not 同意
        ("安心口腔的李明远", "安心口腔的李明远"),
        ("Hello, 安信口腔 ok 3", "Hello, 安心口腔 ok 3"),
        ("", ""),
    ],
)
def test_what_sounds_like_a_hot_word_is_put_right(heard: str, meant: str) -> None:
    assert SoundAlike(WORDS).correct(heard) == meant


def test_the_longer_word_wins_and_what_is_a_hot_word_already_stays() -> None:
    assert SoundAlike(["京报社", "新京报社"]).correct("新经报社") == "新京报社"
    assert SoundAlike(["王芳", "王方"]).correct("王方和王芳") == "王方和王芳"


def test_words_that_cannot_be_told_by_their_sound_are_left_alone() -> None:
    assert SoundAlike(["是", "VIP卡", "Northwind"]).correct("事,微爱屁卡,north wind") == "事,微爱屁卡,north wind"


@given(st.text(max_size=40), st.lists(st.text(alphabet="安心口腔新京报张伟号码的是", max_size=5), max_size=6))
def test_a_text_keeps_its_length_and_is_corrected_once(text: str, words: list[str]) -> None:
    corrector = SoundAlike(words)
    corrected = corrector.correct(text)
    assert len(corrected) == len(text)
    assert corrector.correct(corrected) == corrected


@given(st.text(alphabet="abc 123,.！？", max_size=40))
def test_other_scripts_are_never_touched(text: str) -> None:
    assert SoundAlike(WORDS).correct(text) == text


def test_the_words_of_a_call_are_looked_up_once() -> None:
    assert soundalike(WORDS) is soundalike(WORDS)
