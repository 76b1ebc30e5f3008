"""Opens the database and brings it up to date: SQLite in a file, or PostgreSQL by URL."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from voicebot.errors import ConfigError, StorageError
from voicebot.settings.model import Settings

_BUSY_S = 5
_AGAIN_S = 0.02
_CONNECT_S = 5
_MIGRATIONS = Path(__file__).parent / "migrations"
# Any number, the same for all services that share a PostgreSQL database.
_MIGRATION_LOCK = 0x766F6963

# Whoever opens the file in this process has been through here first, and the file is closed again by then.
_MAKING = threading.Lock()
# Alembic keeps its context in a module.
_UPGRADING = threading.Lock()

# It tells at every start what it did not have to do.
logging.getLogger("alembic").setLevel(logging.WARNING)


class Database:
    """A database that is up to date once it is first used.

    All methods block: call them in a thread.

    Args:
        settings: ``storage.url``, or the file in ``paths.data``.

    Raises:
        ConfigError: the URL is wrong, or its driver is missing.
    """

    def __init__(self, settings: Settings) -> None:
        self._file = None if settings.storage.url else settings.paths.database
        self._engine = _engine(_url(settings))
        self._current = False

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection in a transaction, which is committed at the end and rolled back by an error.

        Raises:
            StorageError: the database cannot be used; whatever the transaction did is undone.
        """
        try:
            if not self._current:
                self._upgrade()
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StorageError(f"the database cannot be used: {_reason(error)}") from error
        except OSError as error:
            raise StorageError(f"the database cannot be used: {error.strerror}") from error

    def session_of_postgres(self) -> Connection | None:
        """Return a connection that lives until it is closed, for what PostgreSQL keeps with a session; else None."""
        if self._engine.dialect.name != "postgresql":
            return None
        return self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    def _upgrade(self) -> None:
        with _UPGRADING:
            if self._current:
                return
            if self._file is not None:
                _make_private(self._file)
            with self._engine.begin() as connection:
                upgrade(connection)
            self._current = True


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring a database up to date, in the connection's transaction.

    Raises:
        StorageError: a newer program has been here.
    """
    if connection.dialect.name == "postgresql":
        # Two services that start at once: the second one waits, and finds everything done.
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATION_LOCK})
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise StorageError(f"the database was made by a newer version of the program: {error}") from error


def insert(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless its key is there already; return whether it was new."""
    statement = insert_statement(connection, table).values(**values).on_conflict_do_nothing()
    # Without the option, the number of rows of an INSERT is not kept everywhere.
    return connection.execute(statement.execution_options(preserve_rowcount=True)).rowcount == 1


def insert_statement(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that knows ON CONFLICT; both databases write it in the same way."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def fitting(value: str, table: Table, column: str) -> str:
    """Cut a text to what a column holds, and leave out what PostgreSQL cannot store (NUL, half characters)."""
    clean = value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    return clean[: table.c[column].type.length]  # type: ignore[attr-defined]


def _url(settings: Settings) -> URL:
    if not settings.storage.url:
        return URL.create("sqlite", database=str(settings.paths.database))
    try:
        url = make_url(settings.storage.url)
    except (ArgumentError, ValueError):
        # Not chained: SQLAlchemy's own message may show the URL, and with it the password.
        raise ConfigError(
            "storage.url: this is no database URL; expected postgresql+psycopg://user:password@host/name, or nothing"
        ) from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise ConfigError(f"storage.url: {url.get_backend_name()} is not supported; use PostgreSQL, or leave it empty")
    return url


def _engine(url: URL) -> Engine:
    postgres = url.get_backend_name() == "postgresql"
    try:
        engine = create_engine(
            url,
            # An error must not carry phone numbers into the log.
            hide_parameters=True,
            pool_pre_ping=postgres,
            connect_args={"connect_timeout": _CONNECT_S} if postgres else {"timeout": _BUSY_S},
        )
    except ModuleNotFoundError as error:
        driver = url.get_driver_name()
        package = "psycopg[binary]" if driver == "psycopg" else driver
        raise ConfigError(
            f"storage.url: the driver {driver} is not installed: .venv/bin/pip install '{package}'"
        ) from error
    except (NoSuchModuleError, ArgumentError) as error:
        raise ConfigError(f"storage.url: there is no database driver '{url.drivername}'") from error
    if not postgres:
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver begins transactions late and not at all for DDL; _begin_immediate does it instead.
    connection.isolation_level = None
    # What is deleted or overwritten is to be gone from the file, too.
    _write_ahead(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: Any) -> None:
    """Turn the write-ahead log on. SQLite itself does not wait for others who do the same to a new file."""
    until_s = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            # Python 3.10 does not tell the code.
            if "locked" not in str(error) or time.monotonic() > until_s:
                raise
            time.sleep(_AGAIN_S)
        else:
            return


def _begin_immediate(connection: Connection) -> None:
    # A transaction that becomes a writer halfway fails at once if there is another writer; this one waits first.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _make_private(file: Path) -> None:
    """Make the file before SQLite does, readable by the owner alone; SQLite's other files take over its mode.

    A file that is there is never opened here: to close it would drop every lock that SQLite holds on it in this
    process (https://www.sqlite.org/howtocorrupt.html section 2.2), and the next process that leaves would delete the
    write-ahead log of a database that is in use.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with _MAKING, contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _reason(error: SQLAlchemyError) -> str:
    cause = getattr(error, "orig", None) or error
    return (str(cause).strip() or type(cause).__name__).splitlines()[0]
