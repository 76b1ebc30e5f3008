from __future__ import annotations

from tests.dialogue.shared import encoder
from voicebot.dialogue.bot import FaqEntry
from voicebot.dialogue.matching import Matcher, Method
from voicebot.dialogue.questions import QuestionIndex

THINGS = (
    "洗牙",
    "补牙",
    "拔牙",
    "种牙",
    "牙套",
    "美白",
    "涂氟",
    "根管",
    "烤瓷牙",
    "智齿",
    "假牙",
    "贴面",
    "拍片",
    "复查",
)
ASKED = ("{}要多少钱", "{}疼不疼", "{}要多长时间", "{}能报销吗", "{}要提前预约吗", "{}哪个医生做", "{}孕妇能做吗")
PLACES = ("人民路店", "中山店", "城东店", "城西店", "机场店", "新区店")


def many() -> tuple[FaqEntry, ...]:
    return tuple(
        FaqEntry(f"{place}{asked.format(thing)}", ("好的。",))
        for place in PLACES
        for thing in THINGS
        for asked in ASKED
    )


def test_the_nearest_of_many_questions_is_found() -> None:
    faq = many()
    index = QuestionIndex(faq, "zh", encoder())
    matcher = Matcher([], "zh", encoder())
    assert len(faq) > 400  # more than are looked at
    for place in range(0, len(faq), 37):
        near = index.near(matcher.said(f"那个我想问一下{faq[place].question}啊"))
        assert max(near, key=lambda each: near[each].score) == place


def test_what_sounds_alike_is_found() -> None:
    index = QuestionIndex((FaqEntry("转人工服务", ("好的。",)), FaqEntry("停车方便吗", ("好的。",))), "zh", encoder())
    near = index.near(Matcher([], "zh", encoder()).said("转员工服务"))
    assert near[0].method is Method.SOUND
    assert near[0].score > 0.7
    assert 1 not in near or near[1].score < near[0].score


def test_a_denial_counts_against_a_question_that_denies_nothing() -> None:
    index = QuestionIndex((FaqEntry("要打麻药吗", ("会的。",)),), "zh", encoder())
    matcher = Matcher([], "zh", encoder())
    assert index.near(matcher.said("不打麻药吗"))[0].score < index.near(matcher.said("要打麻药吗"))[0].score


def test_no_questions() -> None:
    assert QuestionIndex((), "en", encoder()).near(Matcher([], "en", encoder()).said("hello there")) == {}
