"""What is remembered of callers, and the turns of conversations, in a real database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from voicebot.settings import load_settings
from voicebot.storage.store import Storage
from voicebot.storage.turns import StoredTurn

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
NUMBER = "+86 138-0013-8000"


@pytest.fixture
def storage(tmp_path: Path, database: str) -> Iterator[Storage]:
    """An empty database."""
    opened = Storage(load_settings(overrides=[f"paths.data={tmp_path}"]))
    yield opened
    opened.close()


def test_calls_are_counted_and_values_kept_however_the_number_is_written(storage: Storage) -> None:
    memories = storage.memories
    assert memories.begin_call("shop", NUMBER, NOW, 90) is None
    memories.keep("shop", "13800138000", {"name": "Ann"}, NOW, 90)
    later = NOW + timedelta(days=3)
    known = memories.begin_call("shop", "sip:013800138000@10.0.0.5", later, 90)
    assert known is not None
    assert (known.calls, known.values, known.last_call_at) == (1, {"name": "Ann"}, NOW)
    again = memories.begin_call("shop", NUMBER, later, 90)
    assert again is not None
    assert (again.calls, again.last_call_at) == (2, later)


def test_each_bot_remembers_for_itself(storage: Storage) -> None:
    storage.memories.keep("shop", NUMBER, {"name": "Ann"}, NOW, 90)
    assert storage.memories.begin_call("desk", NUMBER, NOW, 90) is None
    assert [memory.bot for memory in storage.memories.find(NUMBER, NOW)] == ["desk", "shop"]


def test_values_that_a_call_does_not_set_stay(storage: Storage) -> None:
    storage.memories.keep("shop", NUMBER, {"name": "Ann", "city": "Bath"}, NOW, 90)
    storage.memories.keep("shop", NUMBER, {"city": "York"}, NOW, 90)
    (memory,) = storage.memories.find(NUMBER, NOW)
    assert memory.values == {"name": "Ann", "city": "York"}


@pytest.mark.parametrize("number", ["", "anonymous", "sip:anonymous@anonymous.invalid"])
def test_a_caller_without_a_number_is_not_remembered(number: str, storage: Storage) -> None:
    storage.memories.keep("shop", number, {"name": "Ann"}, NOW, 90)
    assert storage.memories.begin_call("shop", number, NOW, 90) is None
    assert storage.memories.forget_expired(NOW + timedelta(days=91)) == 0


def test_what_is_too_old_is_unknown_before_it_is_deleted(storage: Storage) -> None:
    storage.memories.keep("shop", NUMBER, {"name": "Ann"}, NOW, 90)
    after = NOW + timedelta(days=90)
    assert storage.memories.find(NUMBER, after) == []
    assert storage.memories.begin_call("shop", NUMBER, after, 90) is None
    (memory,) = storage.memories.find(NUMBER, after)
    assert (memory.calls, memory.values) == (1, {})


def test_expired_memories_are_deleted_and_others_not(storage: Storage) -> None:
    storage.memories.keep("shop", NUMBER, {"name": "Ann"}, NOW, 1)
    storage.memories.keep("desk", NUMBER, {"name": "Ann"}, NOW, 2)
    assert storage.memories.forget_expired(NOW + timedelta(days=1)) == 1
    assert [memory.bot for memory in storage.memories.find(NUMBER, NOW)] == ["desk"]


def test_forgetting_a_number_leaves_the_others(storage: Storage) -> None:
    for number in (NUMBER, "13900139000"):
        storage.memories.keep("shop", number, {"name": "Ann"}, NOW, 90)
    assert storage.memories.forget("0086 13800138000") == 1
    assert storage.memories.forget(NUMBER) == 0
    assert len(storage.memories.find("13900139000", NOW)) == 1


TURN = StoredTurn(
    "s", 1, NOW, "shop", "hello", "greeting", "hello", 1.0, NUMBER, "good day\0", "Welcome to our \ud800shop."
)


def test_turns_are_kept_once_and_cut_to_what_was_heard(storage: Storage) -> None:
    storage.turns.add([TURN, replace(TURN, number=2, bot_text="We open at nine."), TURN])
    storage.turns.add([replace(TURN, caller_text="other")])
    storage.turns.cut("s", 2, "We open")
    first, second = storage.turns.of_session("s")
    assert (first.caller, first.caller_text, first.bot_text, first.cut_short) == (
        "13800138000",
        "good day",
        "Welcome to our ?shop.",
        False,
    )
    assert (second.bot_text, second.cut_short) == ("We open", True)


def test_old_turns_are_forgotten(storage: Storage) -> None:
    storage.turns.add([TURN, replace(TURN, number=2, at=NOW + timedelta(seconds=1))])
    assert storage.turns.forget_before(NOW + timedelta(seconds=1)) == 1
    assert [turn.number for turn in storage.turns.of_session("s")] == [2]


def test_the_turns_of_a_number_are_forgotten(storage: Storage) -> None:
    storage.turns.add([TURN, replace(TURN, session_id="t", caller="anonymous")])
    assert storage.turns.forget_caller("anonymous") == 0
    assert storage.turns.of_caller("anonymous") == []
    assert [turn.session_id for turn in storage.turns.of_caller("+8613800138000")] == ["s"]
    assert storage.turns.forget_caller("13800138000") == 1
    assert len(storage.turns.of_session("t")) == 1


def test_numbers_and_words_are_in_no_repr() -> None:
    assert "138" not in repr(TURN)
    assert "Welcome" not in repr(TURN)
