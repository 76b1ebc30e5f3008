"""Only one service dials from a database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.storage.stored import settings
from tests.support.postgres import DATABASES, Chosen
from voicebot.storage.database import Database
from voicebot.storage.dialling_lock import DiallingLock

pytestmark = pytest.mark.usefixtures("database")


def lock(folder: Path, machine: str = "") -> DiallingLock:
    """A service's lock; services on one machine share a folder, and all share PostgreSQL."""
    return DiallingLock(folder / machine, Database(settings(folder)))


def test_the_second_one_has_to_wait_for_the_first(tmp_path: Path) -> None:
    first, second = lock(tmp_path), lock(tmp_path)
    assert first.acquire()
    assert first.acquire()
    assert not second.acquire()
    assert (first.is_held(), second.is_held()) == (True, False)
    first.release()
    assert not first.is_held()
    assert second.acquire()
    second.release()


@pytest.mark.parametrize("database", [name for name in DATABASES if name != "sqlite"], indirect=True)
def test_another_machine_has_to_wait_as_well(tmp_path: Path) -> None:
    assert Chosen.server is not None
    first, second = lock(tmp_path, "one"), lock(tmp_path, "two")
    assert first.acquire()
    assert not second.acquire()
    # PostgreSQL forgets who held it.
    Chosen.server.tell("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    assert not first.is_held()
    assert second.acquire()
    assert not first.acquire()
    second.release()
    assert first.acquire()
    first.release()
