from __future__ import annotations

import json
import os
import stat
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.storage.spool import Order, Spool

MOMENT = datetime(2026, 11, 21, 10, 0, tzinfo=timezone.utc)


def order(number: int = 0) -> Order:
    return Order("system_shortmessage", {"mobile": "13800000000"}, "c1", at=MOMENT + timedelta(seconds=number))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_orders_come_back_in_the_order_of_their_time(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "data" / "outbox")
    late, early = order(5), order(1)
    spool.write(late)
    spool.write(early)
    assert list(spool.orders()) == [early, late]
    spool.discard(early)
    spool.discard(early)
    assert list(spool.orders()) == [late]


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "outbox")
    one = order()
    spool.write(one)
    assert mode(tmp_path / "outbox") == mode(tmp_path / "outbox" / "new") == 0o700
    assert mode(tmp_path / "outbox" / "new" / f"{one.id}.json") == 0o600
    assert names(tmp_path / "outbox" / "tmp") == []


def test_nothing_there_yet(tmp_path: Path) -> None:
    assert list(Spool(tmp_path / "none").orders()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"id": "x"}',
        b"null",
        order().as_json()[:-9],
        order().as_json(),
        b"[" * 60_000,
    ],
    ids=["empty", "cut", "list", "no fields", "not text", "few fields", "null", "half", "another's name", "deep"],
)
def test_what_cannot_be_read_is_put_aside(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    spool = Spool(tmp_path)
    good = order()
    spool.write(good)
    (tmp_path / "new" / "damaged.json").write_bytes(content)
    assert list(spool.orders()) == [good]
    assert names(tmp_path / "bad") == ["damaged.json"]
    assert "put aside" in caplog.text
    assert "13800000000" not in caplog.text


def test_a_draft_of_a_dead_process_is_taken_over_and_a_young_one_left_alone(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    first, abandoned, young = order(1), order(2), order(3)
    spool.write(first)
    for each in (abandoned, young):
        (tmp_path / "tmp" / f"{each.id}.json").write_bytes(each.as_json())
    long_ago = time.time() - 3600
    os.utime(tmp_path / "tmp" / f"{abandoned.id}.json", (long_ago, long_ago))
    assert list(spool.orders()) == [first, abandoned]
    assert names(tmp_path / "tmp") == [f"{young.id}.json"]


@given(
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
    st.tuples(*[st.text(max_size=8)] * 6),
    st.datetimes(timezones=st.just(timezone.utc)),
)
def test_an_order_survives_the_way_through_a_file(
    parameters: dict[str, str], texts: tuple[str, str, str, str, str, str], at: datetime
) -> None:
    one = Order("system_shortmessage", parameters, *texts, at=at)
    assert Order.from_json(one.as_json()) == one


@pytest.mark.parametrize(
    "changes",
    [
        *({"id": name} for name in ("", "x" * 65, "a/b")),
        *({"at": moment} for moment in ("2026-11-21T10:00:00", "0001-01-01T00:00:00+08:00")),
        {"parameters": {"mobile": 1}},
        {"parameters": ["mobile"]},
        {"line": None},
        {"extra": ""},
    ],
    ids=str,
)
def test_fields_that_no_database_would_take(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"order|time"):
        Order.from_json(json.dumps(json.loads(order().as_json()) | changes).encode())


@given(st.binary(max_size=200))
def test_any_file_is_an_order_or_an_error(content: bytes) -> None:
    try:
        assert isinstance(Order.from_json(content), Order)
    except ValueError:
        return
