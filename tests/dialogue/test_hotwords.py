from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialogue.shared import BOTS
from voicebot.dialogue.bot import Bot
from voicebot.dialogue.botfile import load_bot
from voicebot.dialogue.hotwords import MOST_WORDS, hot_words, read_hot_words
from voicebot.dialogue.slots import Slot, SlotKind
from voicebot.errors import ConfigError
from voicebot.hotwords import variable_words


@pytest.fixture(scope="module")
def appointment() -> Bot:
    return load_bot(BOTS / "appointment" / "bot.yaml")


@pytest.fixture(scope="module")
def service() -> Bot:
    return load_bot(BOTS / "service" / "bot.yaml")


def test_names_of_the_call_come_first_then_the_list_then_the_rest(appointment: Bot) -> None:
    words = hot_words(appointment, {"name": "李明远", "caller": "13800138000"}, ["种植牙", "安心口腔"])
    assert words[:3] == ["李明远", "种植牙", "安心口腔"]
    assert {"王女士", "转人工", "停车", "医保"} <= set(words)
    assert len(words) == len(set(words))
    assert "13800138000" not in words


def test_question_words_are_no_hot_words(appointment: Bot, service: Bot) -> None:
    assert not {"多少钱", "怎么", "哪里", "可以"} & set(hot_words(appointment))
    assert {"parking", "warranty"} <= set(hot_words(service))
    assert not {"what", "when", "your", "What"} & set(hot_words(service))


def test_a_bot_without_faq_and_names_has_ways_to_ask_for_a_person_only(appointment: Bot) -> None:
    words = hot_words(replace(appointment, faq=(), variables={}))
    assert words
    assert all(word in appointment.intents["human"] for word in words)


def test_the_names_that_slots_take_are_hot_words_with_other_ways_to_say_them(appointment: Bot) -> None:
    names = {"种植科": ("种牙科", "种"), "牙周科": (), "Dr Smith": ("Smith",), "A3": (), "VIP": ()}
    slots = (Slot("department", SlotKind.NAME, ("?",), names=names), Slot("day", SlotKind.DATE, ("?",)))
    start = appointment.nodes[appointment.start]
    nodes = {**appointment.nodes, appointment.start: replace(start, slots=slots)}
    words = hot_words(replace(appointment, nodes=nodes), {"name": "李明远"}, ["安心口腔"])
    assert words[:2] == ["李明远", "安心口腔"]
    assert {"种植科", "种牙科", "牙周科", "Dr Smith", "Smith", "VIP"} <= set(words)
    assert not {"种", "A3", "department"} & set(words)
    assert words.index("牙周科") < words.index("种牙科") < words.index("停车")


def test_there_are_never_too_many(appointment: Bot) -> None:
    assert len(hot_words(appointment, {}, [f"词{number}" for number in range(1000)])) == MOST_WORDS


def test_the_list_has_comments_and_weights(tmp_path: Path) -> None:
    file = tmp_path / "hotwords.txt"
    file.write_text("\ufeff# 诊所\n安心口腔\n\n种植牙 20  # 常说\n李明远:1.5\nWi-Fi 6E\n安心口腔\n", encoding="utf-8")
    assert read_hot_words(file) == ["安心口腔", "种植牙", "李明远", "Wi-Fi 6E"]


def test_no_list_is_an_empty_one(tmp_path: Path) -> None:
    assert read_hot_words(tmp_path / "hotwords.txt") == []


def test_a_mistake_in_the_list_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "hotwords.txt"
    file.write_text("好\n" + "长" * 21, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"hotwords\.txt:2: .*at most 20"):
        read_hot_words(file)
    file.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_hot_words(file)


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ("王女士", True),
        (" 安心口腔 ", True),
        ("Northwind Mobile", True),
        ("O'Brien", True),
        ("gold", False),
        ("13800138000", False),
        ("A1234", False),
        ("sip:8001@10.0.0.1", False),
        ("", False),
        ("王", False),
        ("您好，这是一整句话", False),
        ("This is a whole sentence", False),
    ],
)
def test_only_names_among_the_variables_count(value: str, is_one: bool) -> None:
    assert variable_words({"x": value}) == ([value.strip()] if is_one else [])


@given(st.dictionaries(st.text(), st.text()))
def test_any_variables_will_do(variables: dict[str, str]) -> None:
    assert all(word and "\n" not in word for word in variable_words(variables))


@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("bot") / "hotwords.txt"
    file.write_bytes(content)
    try:
        words = read_hot_words(file)
    except ConfigError:
        return
    assert all(word.strip() == word and word for word in words)
