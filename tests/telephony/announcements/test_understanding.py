from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.announcements.outcome import Category
from telephony.announcements.understanding import understand

TEXTS = Path(__file__).parents[2] / "data" / "announcements"
ROWS = [json.loads(line) for line in (TEXTS / "tuning.jsonl").read_text(encoding="utf-8").splitlines()]
MACHINES = [row for row in ROWS if row["category"] not in ("human", "colour_ring", "queue")]
PEOPLE = [row for row in ROWS if row["category"] == "human"]


@pytest.mark.parametrize("row", MACHINES, ids=lambda row: row["text"][:30])
def test_announcements_are_known_by_their_words(row: dict[str, str]) -> None:
    understood = understand(row["text"], machine=row["when"] == "early")
    assert understood is not None
    assert understood.category is Category(row["category"])
    assert understood.certain or row["when"] == "early"


@pytest.mark.parametrize("row", PEOPLE, ids=lambda row: row["text"][:30])
def test_people_are_no_announcements(row: dict[str, str]) -> None:
    understood = understand(row["text"])
    assert understood is None or not understood.certain


# What Whisper base made of announcements on the telephone.
@pytest.mark.parametrize(
    ("heard", "category"),
    [
        ("您好,陷入盲请您稍后再播", Category.NETWORK_BUSY),
        ("您好,您的化费余额不足,请及十角费。", Category.NO_CREDIT),
        ("您不打的电话已关系。", Category.POWERED_OFF),
        ("对不起您拨大的用户已官机", Category.POWERED_OFF),
        ("Sorry, the subscriber you dialed is power of.", Category.POWERED_OFF),
    ],
)
def test_what_was_misheard(heard: str, category: Category) -> None:
    understood = understand(heard, machine=True)
    assert understood is not None
    assert understood.category is category


def test_off_is_not_confused_with_suspended() -> None:
    off, suspended = understand("您拨打的电话已关机"), understand("您拨打的电话已停机")
    assert off is not None
    assert suspended is not None
    assert (off.category, suspended.category) == (Category.POWERED_OFF, Category.SUSPENDED)


@pytest.mark.parametrize(
    "words",
    [
        "他手机关机了，你晚点再打吧",
        "我现在正在通话中，等会儿打给你",
        "喂",
        "我们这个号码是换过的",
        "He is on the phone, can I take a message?",
        "He cannot be reached at the moment, please try again later.",
    ],
)
def test_what_people_say_of_others_is_not_certain(words: str) -> None:
    understood = understand(words)
    assert understood is None or not understood.certain


@given(st.text(max_size=200))
def test_any_text_is_judged(text: str) -> None:
    understood = understand(text)
    assert understood is None or 0.0 <= understood.likeness <= 1.0
