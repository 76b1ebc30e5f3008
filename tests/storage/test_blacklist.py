from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.storage.stored import MOBILE, START, Clock, storage
from voicebot.storage.blacklist import ALL, BlacklistEntry, BlacklistEvent, campaign_scope
from voicebot.storage.tables import blacklist as table

pytestmark = pytest.mark.usefixtures("database")

DAY = timedelta(days=1)
IN_A_CALL = BlacklistEvent(f"+86{MOBILE}", "add", "bot desk", "call", "c1", "desk", id="e1", at=START)
BY_HAND = BlacklistEvent(MOBILE, "add", "asked for it", id="e2", at=START + DAY)
REMOVED = BlacklistEvent(f"sip:{MOBILE}@pbx", "remove", id="e3", at=START + 2 * DAY)


def test_a_number_is_found_however_it_is_written(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        assert opened.blacklist.apply(IN_A_CALL)
        entry = opened.blacklist.find("0086 138-0013-8000", START)
        assert entry == BlacklistEntry(MOBILE, ALL, "bot desk", "call", "c1", START, START, None)
        assert opened.blacklist.find("13800138001", START) is None


def test_a_number_that_comes_again_keeps_its_first_call_and_gets_the_new_reason(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        opened.blacklist.apply(IN_A_CALL)
        assert opened.blacklist.apply(BY_HAND)
        (entry,) = opened.blacklist.entries()
        assert entry == BlacklistEntry(MOBILE, ALL, "asked for it", "call", "c1", START, START + DAY, None)
        assert [event.id for event in opened.blacklist.history(MOBILE)] == ["e1", "e2"]


def test_a_removed_number_may_be_dialled_and_its_history_stays(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        opened.blacklist.apply(IN_A_CALL)
        assert opened.blacklist.apply(REMOVED)
        assert opened.blacklist.find(MOBILE, START) is None
        assert [event.action for event in opened.blacklist.history(MOBILE)] == ["add", "remove"]


def test_removing_what_is_not_there(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        assert not opened.blacklist.apply(REMOVED)


def test_an_event_that_comes_twice_does_not_undo_what_came_after_it(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        opened.blacklist.apply(IN_A_CALL)
        opened.blacklist.apply(REMOVED)
        assert not opened.blacklist.apply(IN_A_CALL)
        assert opened.blacklist.entries() == []


def test_an_entry_ends_when_it_expires(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        opened.blacklist.apply(IN_A_CALL)
        with opened._database.transaction() as connection:
            connection.execute(update(table).values(expires_at=START + DAY))
        assert opened.blacklist.find(MOBILE, START) is not None
        assert opened.blacklist.find(MOBILE, START + DAY) is None


def test_an_entry_for_one_campaign_is_no_entry_for_the_others(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        opened.blacklist.apply(BlacklistEvent(MOBILE, "add", scope=campaign_scope("autumn"), at=START))
        assert opened.find_blocked(MOBILE) is None
        assert opened.find_blocked(MOBILE, "winter") is None
        assert opened.find_blocked(MOBILE, "autumn") is not None
        assert opened.blocked_among([f"+86{MOBILE}", "+8613900139000"], "autumn") == {f"+86{MOBILE}"}
        assert not opened.blacklist.apply(BlacklistEvent(MOBILE, "remove", at=START))
        assert opened.blacklist.apply(BlacklistEvent(MOBILE, "remove", scope=campaign_scope("autumn"), at=START))
        assert opened.blacklist.entries() == []


def test_an_entry_with_an_end(tmp_path: Path) -> None:
    clock = Clock()
    with storage(tmp_path, clock) as opened:
        opened.blacklist.apply(BlacklistEvent(MOBILE, "add", at=START, expires_at=START + DAY, actor="ann"))
        assert opened.find_blocked(MOBILE) is not None
        clock.forward(DAY.total_seconds())
        assert opened.find_blocked(MOBILE) is None
        (event,) = opened.blacklist.history(MOBILE)
        assert (event.expires_at, event.actor) == (START + DAY, "ann")


def test_a_list_with_a_date_does_not_shorten_what_was_asked_for_good(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        for ends in (START + DAY, START + 3 * DAY, START + 2 * DAY):
            opened.blacklist.apply(BlacklistEvent(MOBILE, "add", at=START, expires_at=ends))
        assert opened.blacklist.entries()[0].expires_at == START + 3 * DAY
        opened.blacklist.apply(BlacklistEvent(MOBILE, "add", "asked", at=START))
        opened.blacklist.apply(BlacklistEvent(MOBILE, "add", "list", at=START, expires_at=START + DAY))
        (entry,) = opened.blacklist.entries()
        assert (entry.expires_at, entry.reason) == (None, "list")


def test_a_refused_call_is_history_and_nothing_else(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        assert not opened.blacklist.apply(BlacklistEvent(MOBILE, "refused", source="dial", call_id="c9", at=START))
        assert opened.blacklist.entries() == []
        assert [event.action for event in opened.blacklist.history(MOBILE)] == ["refused"]


def test_many_numbers_at_once(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        blocked = [f"138{number:08d}" for number in range(1200)]
        assert opened.blacklist.apply_all(BlacklistEvent(number, "add", at=START) for number in blocked) == 1200
        asked = [f"+86138{number:08d}" for number in range(0, 2400, 2)]
        assert opened.blocked_among(asked) == set(asked[:600])
