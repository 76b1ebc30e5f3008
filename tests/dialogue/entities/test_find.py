from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import pairwise

import cn2an  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.entities import NEGATED, Entity, EntityKind, find_entities
from voicebot.dialogue.entities.numerals_zh import read

NOW = datetime(2026, 11, 18, 10, 20)
# Pieces of what callers say, put together at random: more of it is understood than of random characters.
_PIECES = (
    *(
        "零",
        "一",
        "二",
        "三",
        "两",
        "十",
        "百",
        "千",
        "万",
        "亿",
        "点",
        "半",
        "幺",
        "洞",
        "个",
        "块",
        "毛",
        "元",
        "第",
        "负",
        "几",
        "多",
    ),
    *(
        "号",
        "月",
        "年",
        "周",
        "下周",
        "星期",
        "明天",
        "昨天",
        "下午",
        "晚上",
        "凌晨",
        "分",
        "刻",
        "差",
        "小时",
        "后",
        "前",
        "到",
        "过",
    ),
    *(
        "不",
        "没",
        "是",
        "要",
        "可以",
        "吗",
        "好的",
        "嗯",
        "不对",
        "，",
        "。",
        "？",
        " ",
        "3",
        "15",
        "1,280",
        "2.5",
        "%",
        "$",
        ":",
        "-",
    ),
    *(
        "one ",
        "two ",
        "twenty ",
        "hundred ",
        "and ",
        "a ",
        "half ",
        "past ",
        "to ",
        "point ",
        "oh ",
        "double ",
        "pm ",
        "at ",
    ),
    *(
        "monday ",
        "next ",
        "november ",
        "second ",
        "22nd ",
        "in ",
        "weeks ",
        "hour ",
        "yes ",
        "no ",
        "not ",
        "dollars ",
        "9999999999",
    ),
)
spoken = st.lists(st.sampled_from(_PIECES), max_size=14).map("".join)
languages = st.sampled_from(["zh", "en"])
moments = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31))
_FORMS = {
    EntityKind.NUMBER: r"-?[0-9]+(\.[0-9]+)?",
    EntityKind.ORDINAL: r"[0-9]+",
    EntityKind.PERCENT: r"-?[0-9]+(\.[0-9]+)?%",
    EntityKind.DIGITS: r"[0-9]+",
    EntityKind.CODE: r"[A-Z]+[0-9]+",
    EntityKind.PHONE: r"\+?[0-9]{7,15}(;ext=[0-9]{1,6})?",
    EntityKind.MONEY: r"[A-Z]{3} -?[0-9]+\.[0-9]{2}",
    EntityKind.DAYPART: r"dawn|morning|noon|afternoon|evening|night",
    EntityKind.DURATION: r"P(?=[0-9T])([0-9]+[YMWD])*(T(?=[0-9])([0-9]+[HMS])+)?",
    EntityKind.YES_NO: r"yes|no",
}


def check(entity: Entity, text: str) -> None:
    assert 0 <= entity.start < entity.end <= len(text)
    assert text[entity.start : entity.end] == entity.text
    assert 0 < entity.confidence <= 1
    assert entity.spoken
    first, _, last = entity.value.partition("/")
    if entity.kind is EntityKind.DATE:
        date.fromisoformat(entity.value)
    elif entity.kind is EntityKind.DATE_RANGE:
        assert date.fromisoformat(first) < date.fromisoformat(last)
    elif entity.kind is EntityKind.TIME:
        time.fromisoformat(entity.value)
    elif entity.kind is EntityKind.TIME_RANGE:
        time.fromisoformat(first), time.fromisoformat(last)
    elif entity.kind is EntityKind.DATETIME:
        datetime.fromisoformat(entity.value)
    elif entity.kind is not EntityKind.NAME:
        assert re.fullmatch(_FORMS[entity.kind], entity.value)


@given(st.one_of(spoken, st.text(max_size=60)), languages, moments, st.booleans())
def test_what_is_found_is_sound(text: str, language: str, now: datetime, asked: bool) -> None:
    kinds = list(EntityKind)
    found = find_entities(text, language, now, kinds if asked else None, {"who": ["李医生", "Anderson"]})
    for entity in found:
        check(entity, text)
    for kind in kinds:
        places = [(entity.start, entity.end) for entity in found if entity.kind is kind]
        assert all(end <= start for (_, end), (start, _) in pairwise(places))


@given(spoken, languages)
def test_one_kind_alone_is_found_as_among_all(text: str, language: str) -> None:
    everything = find_entities(text, language, NOW, list(EntityKind))
    for kind in (EntityKind.DATE, EntityKind.PHONE, EntityKind.YES_NO, EntityKind.DURATION):
        assert find_entities(text, language, NOW, [kind]) == [each for each in everything if each.kind is kind]


@given(st.integers(min_value=0, max_value=10**15))
def test_numerals_are_read_as_cn2an_writes_them(number: int) -> None:
    numeral = read(cn2an.an2cn(str(number), "low"))
    assert numeral is not None
    assert numeral.value == number


@given(st.decimals(min_value=0, max_value=10**8, places=2))
def test_decimals_are_read_as_cn2an_writes_them(number: Decimal) -> None:
    numeral = read(cn2an.an2cn(f"{number:f}", "low"))
    assert numeral is not None
    assert numeral.value == number


_SAID_BACK = [
    EntityKind.NUMBER,
    EntityKind.MONEY,
    EntityKind.DATE,
    EntityKind.TIME,
    EntityKind.DATETIME,
    EntityKind.PHONE,
]


def said_back(kind: EntityKind, text: str, language: str) -> None:
    found = [entity for entity in find_entities(text, language, NOW, [kind]) if entity.kind is kind]
    assert len(found) == 1
    again = find_entities(found[0].spoken, language, NOW, [kind])
    assert [entity.value for entity in again] == [found[0].value]


@given(st.datetimes(min_value=NOW + timedelta(minutes=1), max_value=NOW + timedelta(days=290)), languages)
def test_a_moment_said_back_is_understood(moment: datetime, language: str) -> None:
    day, clock = moment.date().isoformat(), f"{moment.hour:02}:{moment.minute:02}"
    (found,) = find_entities(day, language, NOW, [EntityKind.DATE])
    assert [each.value for each in find_entities(found.spoken, language, NOW, [EntityKind.DATE])] == [day]
    if moment.hour > 12:
        said_back(EntityKind.TIME, clock, language)


@given(st.integers(min_value=1, max_value=999_999), languages)
def test_an_amount_said_back_is_understood(cents: int, language: str) -> None:
    said_back(EntityKind.MONEY, f"¥{cents / 100:.2f}", language)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), languages)
def test_a_telephone_number_said_back_is_understood(number: str, language: str) -> None:
    said_back(EntityKind.PHONE, number, language)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.lists(st.integers(1, 10), max_size=3))
def test_a_number_with_pauses_is_one_number(number: str, pauses: list[int]) -> None:
    dictated = "".join(
        "零幺二三四五六七八九"[int(digit)] + ("，" if at in pauses else "") for at, digit in enumerate(number)
    )
    assert [each.value for each in find_entities(dictated, "zh", NOW, [EntityKind.PHONE])] == [number]
    for length in range(2, 11):
        part = "".join("零幺二三四五六七八九"[int(digit)] for digit in number[:length])
        assert find_entities(part, "zh", NOW, [EntityKind.PHONE]) == []


@pytest.mark.parametrize(
    ("kind", "said", "language", "spoken"),
    [
        (EntityKind.DATETIME, "明天下午三点", "zh", "十一月十九号下午三点"),
        (EntityKind.DATETIME, "明天下午三点半", "zh", "十一月十九号下午三点半"),
        (EntityKind.DATE, "明年十二月二号", "zh", "二零二七年十二月二号"),
        (EntityKind.TIME, "晚上八点零五", "zh", "晚上八点零五分"),
        (EntityKind.TIME, "上午十点二十", "zh", "上午十点二十分"),
        (EntityKind.MONEY, "一百二十八块五", "zh", "一百二十八块五毛"),
        (EntityKind.MONEY, "三块零五分", "zh", "三块零五分"),
        (EntityKind.MONEY, "两美元", "zh", "两美元"),
        (EntityKind.NUMBER, "222", "zh", "两百二十二"),
        (EntityKind.PHONE, "13800138000", "zh", "幺三八，零零幺三，八零零零"),
        (EntityKind.PHONE, "05718765432转8", "zh", "零五七幺，八七六五，四三二，转八"),
        (EntityKind.YES_NO, "不要", "zh", "不是"),
        (EntityKind.DATETIME, "tomorrow at 3 pm", "en", "Thursday November 19th at 3 pm"),
        (EntityKind.TIME, "half past three in the afternoon", "en", "3:30 pm"),
        (EntityKind.MONEY, "five dollars and one cent", "en", "5 dollars and 1 cent"),
        (EntityKind.PHONE, "4155550100", "en", "four one five, five five five, zero one zero zero"),
        (EntityKind.ORDINAL, "the third one", "en", "3rd"),
    ],
)
def test_how_it_is_said_back(kind: EntityKind, said: str, language: str, spoken: str) -> None:
    assert [entity.spoken for entity in find_entities(said, language, NOW, [kind])] == [spoken]


def test_places_are_those_of_the_text_as_given() -> None:
    text = "嗯 那 個，１ ３ ８ 元"
    (found,) = find_entities("约 明 天  下午", "zh", NOW, [EntityKind.DATE])
    assert (found.text, found.start, found.end) == ("明 天", 2, 5)
    for entity in find_entities(text, "zh", NOW):
        check(entity, text)


def test_kinds_may_overlap_but_only_those_asked_for_are_found() -> None:
    kinds = {entity.kind for entity in find_entities("13800138000", "zh", NOW)}
    assert {EntityKind.PHONE, EntityKind.DIGITS} <= kinds
    assert [each.kind for each in find_entities("13800138000", "zh", NOW, [EntityKind.PHONE])] == [EntityKind.PHONE]
    assert find_entities("明天下午三点", "zh", NOW, []) == []


def test_a_bare_amount_is_in_the_currency_of_the_bot() -> None:
    (found,) = find_entities("twelve fifty", "en", NOW, [EntityKind.MONEY], currency="EUR")
    assert found.value == "EUR 12.50"
    assert EntityKind.MONEY not in {each.kind for each in find_entities("twelve fifty", "en", NOW)}


@pytest.mark.parametrize(
    ("said", "language"),
    [("三点不行", "zh"), ("不要三点", "zh"), ("not at three", "en"), ("three o'clock doesn't work", "en")],
)
def test_what_is_excluded_does_not_pass_for_said(said: str, language: str) -> None:
    (found,) = find_entities(said, language, NOW, [EntityKind.TIME])
    assert found.confidence == NEGATED


def test_the_zone_of_the_reference_time_is_ignored() -> None:
    zoned = NOW.replace(tzinfo=timezone(timedelta(hours=8)))
    assert find_entities("半小时后", "zh", zoned) == find_entities("半小时后", "zh", NOW)


def test_on_the_last_day_of_the_calendar_there_is_no_tomorrow() -> None:
    assert find_entities("明天", "zh", datetime(9999, 12, 31), [EntityKind.DATE]) == []
    assert find_entities("in two hours", "en", datetime(9999, 12, 31, 23), [EntityKind.TIME]) == []


def test_a_year_turns() -> None:
    eve = datetime(2026, 12, 31, 20, 0)
    said = {"明天": "2027-01-01", "一号": "2027-01-01", "下个月": "2027-01-01/2027-01-31", "二月二十九号": ""}
    for words, value in said.items():
        found = find_entities(words, "zh", eve, [EntityKind.DATE, EntityKind.DATE_RANGE])
        assert [entity.value for entity in found] == ([value] if value else [])


def test_very_long_texts_are_read_from_their_beginning() -> None:
    (found,) = find_entities("明天" + "啊" * 100_000 + "后天", "zh", NOW, [EntityKind.DATE])
    assert found.text == "明天"


@pytest.mark.parametrize(
    "text", ["是" * 1000, "不要" * 500, "一" * 1000, "1," * 500, "no " * 300, "yes it is " * 90, "嗯，" * 500]
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_repetitions_are_read(text: str, language: str) -> None:
    for entity in find_entities(text, language, NOW):
        check(entity, text)
