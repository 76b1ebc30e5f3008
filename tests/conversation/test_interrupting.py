from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.conversation.interrupting import Verdict, is_pickup, is_question, judge, to_units


@pytest.mark.parametrize(
    "text",
    [
        *(
            "嗯",
            "嗯嗯嗯",
            "对",
            "对对对。",
            "好的",
            "好的好的",
            "哦",
            "哦这样啊",
            "是的是的",
            "知道了知道了",
            "没问题",
            "不错",
        ),
        *("OK", "你说", "谢谢", "呃", "是吗？", "嗯，好的", "那个"),
    ],
)
def test_mandarin_backchannels(text: str) -> None:
    assert judge("zh", text) is Verdict.BACKCHANNEL
    assert judge("zh", text, final=True) is Verdict.BACKCHANNEL


@pytest.mark.parametrize(
    "text", ["uh-huh", "Mm-hmm.", "Yeah.", "yeah, right", "okay, got it", "I see", "Sure, sounds good.", "oh really?"]
)
def test_english_backchannels(text: str) -> None:
    assert judge("en", text) is Verdict.BACKCHANNEL


@pytest.mark.parametrize(
    ("language", "text"),
    [
        *(
            ("zh", text)
            for text in ("等一下", "停", "不是", "不是的", "嗯，不用了", "喂？", "好的再见", "转人工", "没有")
        ),
        *(("en", text) for text in ("Wait.", "stop", "no", "No, thank you.", "hold on", "Sorry?", "yeah but no")),
    ],
)
@pytest.mark.parametrize("asked", [False, True])
def test_stop_words_stop_however_short(language: str, text: str, asked: bool) -> None:
    assert judge(language, text, asked=asked) is Verdict.STOP


@pytest.mark.parametrize(
    ("language", "text"),
    [
        *(("zh", text) for text in ("我想改时间", "嗯我想", "多少钱", "对，但是", "好不好", "3号", "明天")),
        *(("en", text) for text in ("I want to", "yeah and tomorrow", "how much", "appointment", "okay but")),
    ],
)
def test_content_and_questions_stop(language: str, text: str) -> None:
    assert judge(language, text) is Verdict.CONTENT


def test_han_characters_are_counted_and_blanks_mean_nothing() -> None:
    assert to_units("我 要OK, 3号") == ("我", "要", "ok", "3", "号")
    assert judge("zh", "我 想 改 时 间") is judge("zh", "我想改时间")
    assert judge("zh", "好 的 好 的") is judge("zh", "好的好的")


@pytest.mark.parametrize(("language", "text"), [("zh", "我"), ("zh", "嗯我"), ("en", "I"), ("en", "yeah I")])
def test_too_little_is_waited_for_until_nothing_more_can_come(language: str, text: str) -> None:
    assert judge(language, text) is Verdict.UNCLEAR
    assert not Verdict.UNCLEAR.takes_floor
    assert judge(language, text, final=True) is Verdict.CONTENT


@pytest.mark.parametrize(
    ("language", "text"), [("zh", "嗯"), ("zh", "对对"), ("zh", "好的呀"), ("en", "Yes."), ("en", "right")]
)
def test_after_a_question_a_short_answer_is_an_answer(language: str, text: str) -> None:
    assert judge(language, text, asked=True) is Verdict.ANSWER


@pytest.mark.parametrize(("language", "text"), [("zh", "呃"), ("zh", "那个"), ("en", "um"), ("en", "uh, well")])
def test_a_hesitation_is_no_answer(language: str, text: str) -> None:
    assert judge(language, text, asked=True) is Verdict.BACKCHANNEL


@pytest.mark.parametrize("text", ["", " ", "。", "..."])
def test_no_words_are_a_noise(text: str) -> None:
    assert judge("zh", text, asked=True, final=True) is Verdict.NOISE


def test_the_bots_own_words_are_an_echo_unless_something_was_asked() -> None:
    spoken = "您可以选择周三上午或者周四下午。"
    assert judge("zh", "周三上午", spoken=spoken) is Verdict.ECHO
    assert judge("zh", "周三上午", spoken=spoken, asked=True) is Verdict.CONTENT
    assert judge("zh", "周三", spoken=spoken) is Verdict.CONTENT  # too short to be sure
    assert judge("zh", "周五上午", spoken=spoken) is Verdict.CONTENT


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "喂？"),
        ("zh", "喂，你好"),
        ("zh", "喂，哪位？"),
        ("en", "Hello?"),
        ("en", "Yes, hello?"),
        ("en", "hello, who is this"),
    ],
)
def test_what_people_say_when_they_pick_up(language: str, text: str) -> None:
    assert is_pickup(language, text)
    assert judge(language, text, pickup=True) is Verdict.PICKUP


def test_picking_up_with_a_wish_is_content() -> None:
    assert judge("zh", "喂，你好，我想改时间", pickup=True).takes_floor
    assert judge("en", "hello, I need an appointment", pickup=True).takes_floor


def test_a_yes_to_the_greetings_question_is_an_answer() -> None:
    assert judge("en", "yes", pickup=True) is Verdict.PICKUP
    assert judge("en", "yes", pickup=True, asked=True) is Verdict.ANSWER
    assert judge("zh", "喂", pickup=True, asked=True) is Verdict.PICKUP


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("请问是张先生吗？", True),
        ("Is this Mr. Smith?", True),
        ("他说：“对吗？”", True),
        ("请问是吗？好的。", False),
        ("", False),
    ],
)
def test_questions(text: str, expected: bool) -> None:
    assert is_question(text) is expected


@given(st.sampled_from(["zh", "en"]), st.text(max_size=30), st.booleans(), st.booleans(), st.text(max_size=30))
def test_any_text_gets_a_verdict(language: str, text: str, asked: bool, final: bool, spoken: str) -> None:
    verdict = judge(language, text, asked=asked, final=final, spoken=spoken)
    assert not (final and verdict is Verdict.UNCLEAR)
    assert (verdict is Verdict.NOISE) == (not to_units(text))


@given(
    st.lists(st.sampled_from(["嗯", "对", "好的", "哦", "是的", "知道了"]), min_size=1, max_size=8),
    st.sampled_from(["", "，", " "]),
)
def test_backchannels_one_after_the_other_stay_backchannels(words: list[str], joint: str) -> None:
    assert judge("zh", joint.join(words), final=True) is Verdict.BACKCHANNEL
