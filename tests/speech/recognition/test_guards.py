from __future__ import annotations

import pytest

from voicebot.speech.recognition import guards


@pytest.mark.parametrize(
    "text",
    ["Hello. Hello. Hello.", "我想我想我想我想", "好的,好的,好的,好的。", "Thank you. Thank you. Thank you."],
)
def test_loops_are_seen(text: str) -> None:
    assert guards.has_loop(text)


@pytest.mark.parametrize(
    "text",
    ["", "对对对", "喂喂喂喂", "138 8888 8888", "你好你好", "我要查我的话费,查话费余额", "Hello. Hello."],
)
def test_what_people_say_is_no_loop(text: str) -> None:
    assert not guards.has_loop(text)


def test_a_loop_within_a_longer_sentence_is_none() -> None:
    assert not guards.has_loop("我说好的好的好的可是你们三天都没有给我回电话我现在很着急")


@pytest.mark.parametrize(
    ("text", "once"),
    [("Hello. Hello. Hello.", "Hello."), ("我想我想我想我想退订", "我想退订"), ("不用了", "不用了")],
)
def test_a_loop_is_reduced_to_its_first_round(text: str, once: str) -> None:
    assert guards.without_loop(text) == once


def test_more_than_can_be_said_in_the_time_is_dense() -> None:
    assert guards.is_too_dense("我想查一下我这个月的话费余额还有多少钱", 0.6)
    assert not guards.is_too_dense("我想查一下我这个月的话费余额还有多少钱", 2.5)
    assert guards.is_too_dense("I would like to know my balance please and thank you", 0.5)
    assert not guards.is_too_dense("I would like to know my balance please", 1.6)
    assert not guards.is_too_dense("好的", 0.1)


@pytest.mark.parametrize(
    "text",
    [
        "谢谢观看",
        "谢谢大家的收看!",
        "字幕by索兰娅",
        "请不吝点赞 订阅 转发",
        "Thanks for watching!",
        "Thank you so much for watching.",
        "Subtitles by the Amara.org community",
    ],
)
def test_subtitle_credits_are_made_up_however_sure_the_model_is(text: str) -> None:
    assert guards.is_made_up(text, no_speech_probability=0.0, mean_log_probability=-0.1)


@pytest.mark.parametrize("text", ["谢谢", "Thank you.", "嗯", "我想订阅短信", "帮我转发一下", "I was watching TV."])
def test_what_callers_say_is_kept_when_the_model_heard_speech(text: str) -> None:
    assert not guards.is_made_up(text, no_speech_probability=0.3, mean_log_probability=-0.8)


def test_doubtful_words_fall_when_the_model_doubts() -> None:
    assert guards.is_made_up("Thank you.", no_speech_probability=0.7, mean_log_probability=-0.6)
    assert not guards.is_made_up("转人工", no_speech_probability=0.7, mean_log_probability=-0.6)
    assert guards.is_made_up("转人工", no_speech_probability=0.7, mean_log_probability=-1.1)
    assert guards.is_made_up("music playing", no_speech_probability=0.45, mean_log_probability=-2.8)
