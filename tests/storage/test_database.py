from __future__ import annotations

import contextlib
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert as plain_insert
from sqlalchemy import make_url, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from tests.storage.stored import message, settings, storage
from voicebot.errors import ConfigError, StorageError
from voicebot.storage.database import Database, fitting, upgrade
from voicebot.storage.tables import metadata, outbox

ROOT = Path(__file__).parents[2]


def test_the_migrations_make_the_tables_that_the_program_uses(tmp_path: Path) -> None:
    database = Database(settings(tmp_path))
    with database.transaction() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_a_database_of_the_first_version_is_brought_up_to_date_with_what_is_in_it(tmp_path: Path) -> None:
    database = Database(settings(tmp_path))
    with database._engine.begin() as connection:
        upgrade(connection, "0001")
        assert not connection.dialect.has_table(connection, "blacklist")
        row = {column.name: "" for column in outbox.c if not column.nullable}
        moments = dict.fromkeys(("created_at", "next_attempt_at"), message().created_at)
        connection.execute(plain_insert(outbox).values({**row, **moments, "id": "old", "attempts": 3}))
    with database.transaction() as connection:
        assert connection.execute(select(outbox.c.id, outbox.c.attempts)).all() == [("old", 3)]
        assert connection.dialect.has_table(connection, "blacklist")
    database.close()


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    database = Database(settings(tmp_path))
    with database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    newer = Database(settings(tmp_path))
    with pytest.raises(StorageError, match="newer version"), newer.transaction():
        pytest.fail("nobody may work on it")
    newer.close()


def test_the_file_is_private_and_safe(tmp_path: Path) -> None:
    database = Database(settings(tmp_path / "data"))
    with database.transaction() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        modes = {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "data").glob("voicebot.db*")}
    assert modes == {0o600}
    database.close()


def test_an_error_undoes_the_whole_transaction(tmp_path: Path) -> None:
    database = Database(settings(tmp_path))

    def break_it() -> None:
        with database.transaction() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = 'x'"))
            connection.execute(text("SELECT * FROM nowhere"))

    with pytest.raises(StorageError):
        break_it()
    with database.transaction() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0007"
    database.close()


def test_many_threads_may_begin_at_once(tmp_path: Path) -> None:
    with storage(tmp_path) as opened, ThreadPoolExecutor(8) as threads:
        added = list(threads.map(lambda number: opened.outbox.add(message(f"m{number % 20}")), range(40)))
        assert added.count(True) == 20


def visit(data: Path, name: str) -> int:
    """Let another process add a message; how many it sees then."""
    command = [sys.executable, "-m", "tests.storage.visiting_process", str(data), name]
    return int(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)


def test_processes_come_and_go_beside_one_that_has_the_database_open_twice(tmp_path: Path) -> None:
    with storage(tmp_path) as first, storage(tmp_path) as second:
        first.outbox.add(message("mine"))
        second.outbox.add(message("mine too"))
        assert visit(tmp_path, "theirs") == 3
        # Whoever leaves last may delete the log; a visitor is not the last one.
        assert (tmp_path / "voicebot.db-wal").is_file()
        first.outbox.add(message("after"))
        assert visit(tmp_path, "theirs again") == 5
        assert len(first.outbox.messages()) == len(second.outbox.messages()) == 5
    with contextlib.closing(sqlite3.connect(tmp_path / "voicebot.db")) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert opened.execute("SELECT count(*) FROM outbox").fetchone() == (5,)


def test_a_database_that_is_none_is_an_error_and_not_the_end(tmp_path: Path) -> None:
    broken = tmp_path / "voicebot.db"
    broken.write_bytes(b"this is no database" * 100)
    with storage(tmp_path) as opened:
        with pytest.raises(StorageError) as raised:
            opened.outbox.counts()
        assert "not a database" in raised.value.message
        broken.unlink()
        assert sum(opened.outbox.counts().values()) == 0


def test_an_error_shows_no_numbers(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        opened.outbox.counts()
        with sqlite3.connect(tmp_path / "voicebot.db") as other:
            other.execute("DROP TABLE outbox")
        other.close()
        with pytest.raises(StorageError) as raised:
            opened.outbox.add(message())
        assert "13800138000" not in str(raised.value)
        assert "13800138000" not in str(raised.value.__cause__)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense:geheim", "no database URL"),
        ("postgresql://user:geheim@host:port/x", "no database URL"),
        ("mysql://user:geheim@host/x", "mysql is not supported"),
        ("postgresql+nosuch://user:geheim@host/x", "no database driver"),
        ("postgresql+psycopg2://user:geheim@host/x", "pip install 'psycopg2'"),
    ],
)
def test_a_wrong_url_is_told_without_its_password(tmp_path: Path, url: str, told: str) -> None:
    with pytest.raises(ConfigError, match=r"^storage\.url") as raised:
        Database(settings(tmp_path, storage={"url": url}))
    assert told in raised.value.message
    assert "geheim" not in f"{raised.value}{raised.value.__cause__}"


def test_an_sqlite_file_of_ones_own(tmp_path: Path) -> None:
    with storage(tmp_path, storage={"url": f"sqlite:///{tmp_path}/mine.db"}) as opened:
        opened.outbox.add(message())
    assert (tmp_path / "mine.db").is_file()
    assert not (tmp_path / "voicebot.db").exists()


def test_texts_are_cut_to_what_every_database_takes() -> None:
    assert fitting("x" * 300, outbox, "line") == "x" * 255
    assert fitting("a\0b\ud800c", outbox, "line") == "ab?c"


def test_the_tables_can_be_written_for_postgresql() -> None:
    dialect = make_url("postgresql+psycopg://host/name").get_dialect()()
    for table in metadata.sorted_tables:
        assert "TIMESTAMP WITHOUT TIME ZONE" in str(CreateTable(table).compile(dialect=dialect))
    statement = postgresql.insert(outbox).values(id="x").on_conflict_do_nothing()
    assert "ON CONFLICT DO NOTHING" in str(statement.compile(dialect=dialect))
