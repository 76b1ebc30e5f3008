from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import pytest

from voicebot.dialogue.entities import Entity, EntityKind, find_entities

NOW = datetime(2026, 11, 18, 10, 20)
PLAIN = 0.8
MANDARIN = {
    "doctor": ["李医生", "王大夫", "张主任", "陈建国"],
    "city": ["北京", "上海", "广州", "深圳", "内蒙古"],
    "product": ["VIP套餐", "iPhone 15"],
}
ENGLISH = {"doctor": ["Dr. Lee", "Anderson", "Ms Catherine Brown"], "city": ["New York", "Boston", "Ann Arbor"]}


def names(said: str, language: str, lists: Mapping[str, Sequence[str]]) -> list[Entity]:
    return find_entities(said, language, NOW, [EntityKind.NAME], lists)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("我要挂李医生的号", [("doctor", "李医生", True)]),
        ("找李大夫", [("doctor", "李医生", True)]),
        ("王醫生在吗", []),
        ("黎医生", [("doctor", "李医生", True)]),
        ("你医生在吗", [("doctor", "李医生", False)]),
        ("林医生", []),
        ("小李", []),
        ("从背景到上海", [("city", "北京", True), ("city", "上海", True)]),
        ("陈建果", [("doctor", "陈建国", True)]),
        ("陈建飞", []),
        ("陈剑国", [("doctor", "陈建国", True)]),
        ("我要办vip套餐", [("product", "VIP套餐", True)]),
        ("ｉＰｈｏｎｅ 15多少钱", [("product", "iPhone 15", True)]),
        ("我想问一下", []),
        ("", []),
    ],
)
def test_mandarin(said: str, expected: list[tuple[str, str, bool]]) -> None:
    found = [(entity.list, entity.value, entity.confidence >= PLAIN) for entity in names(said, "zh", MANDARIN)]
    assert found == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("I'd like to see Dr. Lee", ["Dr. Lee"]),
        ("doctor lee please", ["Dr. Lee"]),
        ("is anderson in", ["Anderson"]),
        ("is andersen in", ["Anderson"]),
        ("I live in new york", ["New York"]),
        ("ms katherine brown", ["Ms Catherine Brown"]),
        ("ms brown", []),
        ("ms catherine browne", ["Ms Catherine Brown"]),
        ("the annual report", []),
        ("botany", []),
        ("understand", []),
    ],
)
def test_english(said: str, expected: list[str]) -> None:
    assert [entity.value for entity in names(said, "en", ENGLISH)] == expected


def test_names_that_sound_the_same_are_doubtful() -> None:
    (found,) = names("立医生", "zh", {"doctor": ["李医生", "黎医生"]})
    assert found.value in ("李医生", "黎医生")
    assert found.confidence == 0.5


def test_the_written_name_wins_over_one_that_sounds_like_it() -> None:
    (found,) = names("黎医生", "zh", {"doctor": ["李医生", "黎医生"]})
    assert (found.value, found.confidence) == ("黎医生", 0.95)


def test_the_longer_name_wins() -> None:
    (found,) = names("中山大学", "zh", {"place": ["中山", "中山大学"]})
    assert found.value == "中山大学"


def test_no_lists_no_names() -> None:
    assert names("李医生", "zh", {}) == []
    assert names("李医生", "zh", {"doctor": ["", " "]}) == []
