"""Values for slots, whatever is said and whatever the variables hold."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.dialogue.marks import DayMark, MomentMark
from voicebot.dialogue.slotentry import fill_on_entry
from voicebot.dialogue.slotfill import fill
from voicebot.dialogue.slots import Rule, Slot, SlotKind, SlotRules, Wanted

NOW = datetime(2026, 3, 2, 10, 15)
DAY = Slot("day", SlotKind.DATE, ("?",), SlotRules(earliest=MomentMark(ahead=timedelta(), whole_days=True)))
CLOCK = Slot(
    "clock", SlotKind.TIME, ("?",), SlotRules(between=(time(9), time(20)), earliest=MomentMark(timedelta()), day="day")
)
OTHERS = tuple(
    Slot(kind.value, kind, ("?",), SlotRules(only_on=(DayMark(weekday=3),)), names={"Ann": ("Annie",)})
    for kind in SlotKind
)
ALL = (DAY, CLOCK, *OTHERS)

WORDS = (
    *(
        "明天",
        "下周",
        "三点",
        "半",
        "晚上",
        "不对",
        "是",
        "幺",
        "一",
        "二",
        "十",
        "点",
        "号",
        "月",
        "百",
        "块",
        "到",
        "小时",
        "后",
    ),
    *(
        "13800138000",
        "25:61",
        "2026-02-30",
        "零",
        "负",
        "两个五",
        "tomorrow ",
        "at ",
        "three ",
        "pm ",
        "next week ",
        "no ",
    ),
    *("double ", "five ", "half past ", "thirty percent ", "Annie ", "never mind ", "31st ", "，", "。"),
)
words = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=12).map("".join))
variables = st.sampled_from([name for slot in ALL for name in slot.variables])
values = st.sampled_from(["", "x", "三点", "2026-03-04", "2026-99-99", "15:30", "2026-03-04T15:00", "evening", "1|2|3"])


@given(words, st.dictionaries(variables, values), st.booleans())
@settings(max_examples=300, deadline=None)
def test_nothing_that_is_said_is_too_odd(said: str, known: dict[str, str], mandarin: bool) -> None:
    language = "zh" if mandarin else "en"
    for correcting in (False, True):
        wanted = Wanted(ALL, known, NOW, correcting)
        filling = fill(wanted, said, language)
        assert 0.0 <= filling.coverage <= 1.0
        assert not filling.values.keys() & filling.rejected.keys()
        assert all(value.value and value.spoken for value in filling.values.values())
        assert not fill_on_entry(wanted, said, language).rejected


@pytest.mark.parametrize(
    ("said", "known", "filled", "rejected"),
    [
        ("明天下午三点", {}, {"day": "2026-03-03", "clock": "15:00"}, {}),
        (
            "不对，是四点",
            {"day": "明天", "day_value": "2026-03-03", "clock": "x", "clock_value": "15:00"},
            {"clock": "16:00"},
            {},
        ),
        ("今天上午九点半", {}, {"day": "2026-03-02"}, {"clock": Rule.EARLIEST}),
        ("晚上十点", {}, {}, {"clock": Rule.BETWEEN}),
        ("八点", {}, {"clock": "20:00"}, {}),
        ("三点不行", {}, {}, {}),
        ("四点", {"clock_part": "evening"}, {"clock": "16:00"}, {}),
        ("今天", {"clock": "九点", "clock_value": "09:00"}, {"day": "2026-03-02"}, {"clock": Rule.EARLIEST}),
    ],
)
def test_days_and_times(said: str, known: dict[str, str], filled: dict[str, str], rejected: dict[str, Rule]) -> None:
    filling = fill(Wanted((DAY, CLOCK), known, NOW), said, "zh")
    assert {name: value.value for name, value in filling.values.items()} == filled
    assert filling.rejected == rejected


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("能改到周五下午三点吗", {"day", "clock"}),
        ("换到后天可以吗", {"day"}),
        ("周五下午三点行不行", {"day", "clock"}),
        ("我周五下午三点要上班", set()),
        ("周五我去不了", set()),
        ("可以周五上午打给我吗", {"day"}),
    ],
)
def test_a_day_in_the_words_that_lead_to_a_node_may_be_the_old_one(said: str, names: set[str]) -> None:
    assert fill_on_entry(Wanted((DAY, CLOCK), {}, NOW), said, "zh").values.keys() == names


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("can we move it to Friday at 3 pm", {"day", "clock"}),
        ("Friday at 3 pm would be better", {"day", "clock"}),
        ("I can't come on Friday at 3 pm", set()),
    ],
)
def test_the_same_in_english(said: str, names: set[str]) -> None:
    assert fill_on_entry(Wanted((DAY, CLOCK), {}, NOW), said, "en").values.keys() == names


@pytest.mark.parametrize(
    ("text", "language", "rejected"),
    [
        ("国足昨天踢得怎么样", "zh", False),
        ("how was the match yesterday", "en", False),
        ("昨天", "zh", True),
        ("昨天吧", "zh", True),
    ],
)
def test_a_day_that_is_over_is_no_answer_in_a_question(text: str, language: str, rejected: bool) -> None:
    filling = fill(Wanted((DAY,), {}, NOW), text, language)
    assert filling.rejected == ({"day": Rule.EARLIEST} if rejected else {})
    assert filling.answers is rejected


def test_a_question_may_give_a_day_that_is_to_come() -> None:
    assert fill(Wanted((DAY,), {}, NOW), "明天有空吗", "zh").values["day"].value == "2026-03-03"


def test_what_puts_off_the_answer_gives_no_day() -> None:
    assert not fill(Wanted((DAY, CLOCK), {}, NOW), "还没想好呢，过两天再说吧", "zh").answers
