from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.conversation.endpointing.completeness import Completeness, judge
from voicebot.conversation.endpointing.spoken import digits_of, is_dictation
from voicebot.protocol.expectation import Expectation, Expected

COMPLETE, CLOSED, UNKNOWN = Completeness.COMPLETE, Completeness.CLOSED, Completeness.UNKNOWN
GROWING, UNFINISHED = Completeness.GROWING, Completeness.UNFINISHED
YES_NO, DATE, TIME, DATETIME = Expected.YES_NO, Expected.DATE, Expected.TIME, Expected.DATETIME
DIGITS, PHONE, NUMBER, OPEN = Expected.DIGITS, Expected.PHONE, Expected.NUMBER, Expected.OPEN


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        *[
            (YES_NO, text, COMPLETE)
            for text in ("嗯", "嗯嗯", "是的。", "对对对", "不用了", "没问题", "嗯\uff0c好的", "我是", "是我")
        ],
        *[(YES_NO, text, COMPLETE) for text in ("好的\uff0c谢谢", "在的", "可以可以", "方便", "没有了")],
        *[(YES_NO, text, UNFINISHED) for text in ("那个", "可以\uff0c但是", "嗯\uff0c那个", "是\uff0c不过")],
        *[(YES_NO, text, UNKNOWN) for text in ("改一下时间", "")],
        *[(YES_NO, text, CLOSED) for text in ("谱对", "拨起来", "YOW", "改时间")],
        (YES_NO, "不是\uff0c我是他爱人", CLOSED),
        *[(DATE, text, COMPLETE) for text in ("明天", "下周三", "五月三号", "就周六吧", "15号", "大后天")],
        *[(DATE, text, UNFINISHED) for text in ("下周", "五月", "五月三", "嗯\uff0c那个", "下个")],
        *[(TIME, text, COMPLETE) for text in ("三点半", "3:30", "10点钟", "下午三点一刻")],
        *[(TIME, text, CLOSED) for text in ("三点", "下午三点", "三点二十")],
        *[(TIME, text, UNFINISHED) for text in ("下午", "嗯")],
        *[(DATETIME, text, COMPLETE) for text in ("明天下午三点半",)],
        *[(DATETIME, text, GROWING) for text in ("明天", "星期五")],
        *[(DATETIME, text, UNFINISHED) for text in ("明天下午", "下周")],
        *[(DATETIME, text, CLOSED) for text in ("三点半", "明天下午三点")],
        *[(OPEN, text, CLOSED) for text in ("能换个时间吗", "停车方便吗\uff1f", "谢谢", "我到了")],
        *[(OPEN, text, UNFINISHED) for text in ("我想", "嗯...", "因为", "然后", "我想问一下那个", "一三八\uff0c")],
        *[
            (OPEN, text, UNKNOWN)
            for text in ("改时间", "好啊", "对啊", "明天下午", "为了改一下时间", "我看到那条短信以后")
        ],
        *[(OPEN, text, CLOSED) for text in ("我的手机打不出去", "你们的门诊在几楼")],
        *[
            (OPEN, text, UNKNOWN)
            for text in (
                "三分之二的利润来自",
                "Goodbye",
                "好\uff0c为了推广这个理念",
                "嗯因为昨天晚上下雨",
                "我们这边越来越多的",
            )
        ],
        (OPEN, "因为昨天晚上下雨\uff0c路上堵车", CLOSED),
        (OPEN, "请问?", UNFINISHED),
        *[
            (kind, text, UNFINISHED)
            for kind, text in (
                (OPEN, "左边\uff0c不是"),
                (DATE, "周三\uff0c不对"),
                (TIME, "下午三点\u3002 哦不对"),
                (NUMBER, "两个人\uff0c说错了"),
            )
        ],
        *[(YES_NO, text, COMPLETE) for text in ("不\uff0c不是", "没有\uff0c不对")],
        (OPEN, "你们的数字不对", CLOSED),
        *[(NUMBER, text, COMPLETE) for text in ("两个人", "三百块钱", "20%")],
        (NUMBER, "三百", CLOSED),
        (OPEN, "一三八零", GROWING),
    ],
)
def test_mandarin(kind: Expected, text: str, expected: Completeness) -> None:
    assert judge(text, Expectation(kind), "zh") is expected


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        *[(YES_NO, text, COMPLETE) for text in ("Yes.", "Yeah, sure.", "No, thank you.", "Uh-huh.", "Okay.", "Oh yes")],
        *[(YES_NO, text, UNFINISHED) for text in ("Um...", "Yes, but", "Well,")],
        *[(YES_NO, text, UNKNOWN) for text in ("Well, I think so.", "I have a question")],
        *[(DATE, text, COMPLETE) for text in ("Tomorrow.", "on Friday", "May the fifth", "the 5th")],
        *[(DATE, text, UNFINISHED) for text in ("Next", "May", "the twenty", "on")],
        *[(TIME, text, COMPLETE) for text in ("at three pm", "3:30", "nine o'clock", "ten in the morning", "noon")],
        *[(TIME, text, CLOSED) for text in ("three", "three thirty")],
        *[(TIME, text, UNFINISHED) for text in ("in the morning", "at")],
        (DATETIME, "tomorrow at three pm", COMPLETE),
        (DATETIME, "tomorrow", GROWING),
        *[(NUMBER, text, COMPLETE) for text in ("two people", "20 dollars")],
        (NUMBER, "two", CLOSED),
        *[(OPEN, text, CLOSED) for text in ("What is your address?", "That's all.", "What are you calling about?")],
        *[(OPEN, text, UNFINISHED) for text in ("I would like to", "I want to know about", "My name is", "I ...")],
        (OPEN, "I need help", UNKNOWN),
        *[(kind, text, UNFINISHED) for kind, text in ((DATE, "On Thursday. No, wait"), (NUMBER, "two, I mean"))],
    ],
)
def test_english(kind: Expected, text: str, expected: Completeness) -> None:
    assert judge(text, Expectation(kind), "en") is expected


@pytest.mark.parametrize(
    ("language", "text", "digits", "expected"),
    [
        ("zh", "123", (6, 6), UNFINISHED),
        ("zh", "一二三四五六", (6, 6), COMPLETE),
        ("zh", "我的编号是 12-34-56", (6, 6), COMPLETE),
        ("zh", "1234", (4, 6), GROWING),
        ("zh", "123456", (4, 6), COMPLETE),
        ("zh", "1234567", (4, 6), GROWING),
        ("zh", "一二三四", None, GROWING),
        ("zh", "等一下", (6, 6), GROWING),
        ("zh", "寺棋", (6, 6), GROWING),  # "four seven"
        ("zh", "我想先问一下别的", (6, 6), UNKNOWN),
        ("zh", "没了", (6, 6), CLOSED),
        ("zh", "嗯", (6, 6), UNFINISHED),
        ("zh", "订单号是", (4, 12), UNFINISHED),
        ("en", "my number is", (4, 12), UNFINISHED),
        ("en", "one two", (4, 4), UNFINISHED),
        ("en", "double four, one, two", (4, 4), COMPLETE),
        ("en", "my number is 1 2 3 4", (4, 4), COMPLETE),
        ("en", "hold on", (4, 4), GROWING),
        ("en", "and what date?", (4, 4), GROWING),  # "one two eight"
        ("en", "no thanks", (4, 4), CLOSED),
    ],
)
def test_dictated_digits(language: str, text: str, digits: tuple[int, int] | None, expected: Completeness) -> None:
    assert judge(text, Expectation(DIGITS, digits), language) is expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("zh", "138", UNFINISHED),
        ("zh", "138 0013", UNFINISHED),
        ("zh", "幺三八零零幺三", UNFINISHED),
        ("zh", "6555 123", GROWING),
        ("zh", "6555 1234", COMPLETE),
        ("zh", "010 6555 1234", COMPLETE),
        ("zh", "0571 6555 123", GROWING),
        ("zh", "0571 6555 1234", COMPLETE),
        ("zh", "400 123 4567", COMPLETE),
        ("zh", "12", UNFINISHED),
        ("zh", "13800138000", COMPLETE),
        ("zh", "幺三八零零幺三八零零零", COMPLETE),
        ("zh", "86 138 0013 8000", COMPLETE),
        ("zh", "138001380001", GROWING),
        ("en", "555 1234", GROWING),
        ("zh", "我没有手机", UNKNOWN),
        ("en", "555 123", UNFINISHED),
        ("en", "555-123-4567", COMPLETE),
        ("en", "five five five one two three four five six seven", COMPLETE),
        ("en", "1 555 123 4567", COMPLETE),
    ],
)
def test_telephone_numbers(language: str, text: str, expected: Completeness) -> None:
    assert judge(text, Expectation(PHONE), language) is expected


@given(st.text(alphabet="0123456789", min_size=1, max_size=20), st.sampled_from(["zh", "en"]), st.integers(1, 5))
def test_digits_are_counted_however_they_are_grouped(digits: str, language: str, size: int) -> None:
    groups = " ".join(digits[at : at + size] for at in range(0, len(digits), size))
    assert digits_of(groups, language) == digits
    assert is_dictation(groups, language)


@given(st.text(max_size=60), st.sampled_from(list(Expected)), st.sampled_from(["zh", "en"]))
def test_whatever_is_said_is_judged(text: str, kind: Expected, language: str) -> None:
    assert isinstance(judge(text, Expectation(kind, (4, 6)), language), Completeness)


@pytest.mark.parametrize("kind", [Expected.DIGITS, Expected.PHONE])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一三八林林八", Completeness.GROWING),  # two of them misheard
        ("要把林林五六七", Completeness.GROWING),
        ("林林要把扒扒", Completeness.UNKNOWN),  # all of them
        ("林要把扒", Completeness.GROWING),
        ("我不知道号码是多少？", Completeness.CLOSED),
    ],
)
def test_misheard_digits_are_no_sentence(kind: Expected, text: str, expected: Completeness) -> None:
    assert judge(text, Expectation(kind), "zh") is expected
