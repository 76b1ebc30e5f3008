from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.clauses import MAX_CLAUSES, clauses, corrected
from voicebot.dialogue.wording import asks, essence, normalise


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("停车，哦不对，地址在哪", "地址在哪"),
        ("我想问停车，不是，我是想问地址在哪", "地址在哪"),
        ("种牙多少钱，啊说错了，洗牙多少钱", "洗牙多少钱"),
        ("不是，你打错了", "不是，你打错了"),
        ("是不是在人民路", "是不是在人民路"),
        ("这个价格不对吧", "这个价格不对吧"),
    ],
)
def test_corrections_in_mandarin(text: str, rest: str) -> None:
    assert corrected(text, "zh") == rest


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("where can I park, no wait, what are your hours", "what are your hours"),
        ("is there parking I mean are you open on Sunday", "are you open on Sunday"),
        ("I mean where are you", "I mean where are you"),
    ],
)
def test_corrections_in_english(text: str, rest: str) -> None:
    assert corrected(text, "en") == rest


def test_clauses() -> None:
    assert clauses("行，那停车方便吗", "zh") == ["行", "那停车方便吗"]
    assert clauses("行那停车方便吗", "zh") == ["行", "那停车方便吗"]
    assert clauses("停车方便吗？", "zh") == ["停车方便吗"]
    assert clauses("yes but where can I park", "en") == ["yes", "but where can I park"]
    assert clauses("it costs 3.50, right", "en") == ["it costs 3.50", "right"]


@given(st.text(max_size=60), st.sampled_from(["zh", "en"]))
def test_any_text_has_clauses_and_an_essence(text: str, language: str) -> None:
    assert 1 <= len(clauses(text, language)) <= MAX_CLAUSES
    assert text.endswith(corrected(text, language))
    plain = normalise(text)
    assert bool(essence(plain, language)) == bool(plain)


@pytest.mark.parametrize(
    ("text", "language", "left"),
    [
        ("你好请问一下你们停车方便吗", "zh", "你们停车方便吗"),
        ("我想问一下停车方便不方便", "zh", "停车方便吗"),
        ("i'd like to know how much is shipping", "en", "how much is shipping"),
        ("请问", "zh", "请问"),
    ],
)
def test_what_is_put_around_a_question_is_left_out(text: str, language: str, left: str) -> None:
    assert essence(text, language) == left


def test_traditional_characters() -> None:
    assert normalise("轉人工，請問停車方便嗎") == "转人工请问停车方便吗"


def test_questions_by_their_words() -> None:
    assert [asks(text, "zh") for text in ("停车方便吗", "要不要带伞", "我会准时到的")] == [True, True, False]
    assert [asks(text, "en") for text in ("how much is it", "so can i park", "i will be there")] == [True, True, False]
