"""The blacklist: numbers that nobody may dial, and how each came to be one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from typing import Literal

from sqlalchemy import ColumnElement, and_, delete, or_, select

from voicebot.storage.database import Database, fitting, insert, insert_statement
from voicebot.storage.numbers import normalise
from voicebot.storage.tables import blacklist as table
from voicebot.storage.tables import blacklist_events as events

ALL = "all"
"""The one scope so far: nobody may dial the number."""

Source = Literal["call", "manual"]


@dataclass(frozen=True, slots=True)
class BlacklistEntry:
    """A number that nobody may dial.

    Attributes:
        number: in the form of ``numbers.normalise``.
        scope: for whom; "all".
        reason: why, as the last one who added it said.
        source: "call" or "manual".
        call_id: the first call in which it was ordered, "" if it was added by hand.
        created_at: when it was first added.
        updated_at: when it was last added.
        expires_at: when it ends; None: never.
    """

    number: str
    scope: str
    reason: str
    source: Source
    call_id: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class BlacklistEvent:
    """That somebody added or removed a number.

    Attributes:
        number: as it was written.
        action: what was done.
        reason: why.
        source: in a call, or by hand.
        call_id: the call.
        line: the line that held it.
        id: unique; an event that comes twice is carried out once.
        at: when.
    """

    number: str
    action: Literal["add", "remove"]
    reason: str = ""
    source: Source = "manual"
    call_id: str = ""
    line: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))


_COLUMNS = tuple(table.c[item.name] for item in fields(BlacklistEntry))


class Blacklist:
    """Blocked numbers in the database. All methods block, and raise StorageError if the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def apply(self, event: BlacklistEvent) -> bool:
        """Add or remove a number; return whether anything was to be done.

        A number that is there already keeps its first call and date and gets the new reason. Every event is kept
        in ``blacklist_events``.
        """
        number = _stored(event.number)
        texts = {name: fitting(getattr(event, name), events, name) for name in ("reason", "call_id", "line")}
        origin = {"number": number, "scope": ALL, "source": event.source}
        with self._database.transaction() as connection:
            if not insert(connection, events, id=event.id, action=event.action, at=event.at, **origin, **texts):
                return False
            if event.action == "remove":
                return connection.execute(delete(table).where(_entry(number))).rowcount > 0
            first = {"call_id": texts["call_id"], "created_at": event.at, **origin}
            last = {"reason": texts["reason"], "updated_at": event.at, "expires_at": None}
            statement = insert_statement(connection, table).values(**first, **last)
            connection.execute(statement.on_conflict_do_update(index_elements=["number", "scope"], set_=last))
            return True

    def find(self, number: str, now: datetime) -> BlacklistEntry | None:
        """Return the entry of a number, however it is written; None if it may be dialled."""
        current = or_(table.c.expires_at.is_(None), table.c.expires_at > now)
        with self._database.transaction() as connection:
            row = connection.execute(select(*_COLUMNS).where(_entry(_stored(number)), current)).one_or_none()
        return None if row is None else BlacklistEntry(*row)

    def entries(self) -> list[BlacklistEntry]:
        """Return all entries, the oldest first."""
        with self._database.transaction() as connection:
            rows = connection.execute(select(*_COLUMNS).order_by(table.c.created_at, table.c.number)).all()
        return [BlacklistEntry(*row) for row in rows]

    def history(self, number: str) -> list[BlacklistEvent]:
        """Return who added and removed a number, the first one first."""
        columns = [events.c[item.name] for item in fields(BlacklistEvent)]
        query = select(*columns).where(events.c.number == _stored(number)).order_by(events.c.at, events.c.id)
        with self._database.transaction() as connection:
            return [BlacklistEvent(*row) for row in connection.execute(query)]


def _stored(number: str) -> str:
    return fitting(normalise(number), table, "number")


def _entry(number: str) -> ColumnElement[bool]:
    return and_(table.c.number == number, table.c.scope == ALL)
