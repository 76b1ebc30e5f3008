"""Only one service may dial from a database: two would each call the numbers that the other one gave up for lost.

The lock is held by the operating system (``flock``) or by PostgreSQL's session, so the death of its holder frees it.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from voicebot.errors import StorageError
from voicebot.storage.database import Database

# Any number, the same for all services that share a PostgreSQL database.
_POSTGRES_LOCK = 0x6469616C


class DiallingLock:
    """Held from ``acquire`` to ``release``. The methods block.

    Args:
        folder: ``paths.data``; the lock of services that share an SQLite file.
        database: for PostgreSQL, which services on several machines share.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self._path = folder / "dialling.lock"
        self._database = database
        self._descriptor = -1
        self._session: Connection | None = None

    def acquire(self) -> bool:
        """Try to get it; return whether it is held. Harmless when it is held already.

        Raises:
            StorageError: file or database cannot be used.
        """
        if self.is_held():
            return True
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        if self._locked_there():
            return True
        self.release()
        return False

    def is_held(self) -> bool:
        """Whether it is still held: PostgreSQL frees it when the session ends, be it by a restart or by the network."""
        if self._descriptor < 0:
            return False
        try:
            if self._session is not None:
                self._session.execute(text("SELECT 1"))
        except SQLAlchemyError:
            self.release()
            return False
        return True

    def release(self) -> None:
        """Give it back; harmless when it is not held."""
        if self._session is not None:
            # Closed for good: a connection that only went back to the pool would keep the lock.
            self._session.invalidate()
            self._session.close()
            self._session = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _locked_there(self) -> bool:
        try:
            self._session = self._database.session_of_postgres()
            if self._session is None:
                return True
            taken = self._session.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": _POSTGRES_LOCK})
            return bool(taken.scalar())
        except SQLAlchemyError as error:
            self.release()
            raise StorageError("the database cannot be used") from error
