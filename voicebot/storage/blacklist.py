"""The blacklist, or do-not-call list: numbers that may not be dialled, and how each came to be one.

An entry has a scope: nobody may dial the number, or one campaign may not. It may end by itself. Every change, and
every call that was not made because of an entry, is kept in ``blacklist_events``.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from typing import Literal

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select

from voicebot.storage.database import Database, fitting, insert, insert_statement
from voicebot.storage.numbers import normalise
from voicebot.storage.tables import blacklist as table
from voicebot.storage.tables import blacklist_events as events

ALL = "all"
"""The scope of an entry for everybody: nobody may dial the number."""

Source = Literal["call", "manual", "import", "api", "network", "dial"]
_CAMPAIGN = "campaign:"
_MANY = 500  # numbers in one question: databases limit the parameters of a statement


def campaign_scope(name: str) -> str:
    """Return the scope of entries that only one campaign heeds."""
    return f"{_CAMPAIGN}{name}"


@dataclass(frozen=True, slots=True)
class BlacklistEntry:
    """A number that may not be dialled.

    Attributes:
        number: in the form of ``numbers.normalise``.
        scope: for whom: "all", or "campaign:" and the name of a campaign.
        reason: why, as the last one who added it said.
        source: how it first came: by a bot in a call, by hand, from a file, over HTTP, or because the network says that
            it is not in use.
        call_id: the first call in which it was ordered, "" if it was not ordered in a call.
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
    """That somebody added or removed a number, or that a call to it was refused.

    Attributes:
        number: as it was written.
        action: what was done.
        reason: why.
        source: where it comes from; "dial" for a refused call.
        call_id: the call; of a refused one the id of the order.
        line: the line that held it.
        id: unique; an event that comes twice is carried out once.
        at: when.
        scope: "all", or that of a campaign.
        expires_at: when an added number may be dialled again; None: never.
        actor: who did it, as far as that is known.
    """

    number: str
    action: Literal["add", "remove", "refused"]
    reason: str = ""
    source: Source = "manual"
    call_id: str = ""
    line: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    scope: str = ALL
    expires_at: datetime | None = None
    actor: str = ""


_EVENTS = tuple(events.c[item.name] for item in fields(BlacklistEvent))
_COLUMNS = tuple(table.c[item.name] for item in fields(BlacklistEntry))


class Blacklist:
    """Blocked numbers in the database. All methods block, and raise StorageError if the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def apply(self, event: BlacklistEvent) -> bool:
        """Carry out an event; return whether anything was to be done.

        A number that is there already keeps its first call and date, gets the new reason, and ends when the later of
        the two ends: what was asked for good is not cut short by a list with a date. Every event is kept in
        ``blacklist_events``; one that says "refused" changes nothing else.
        """
        with self._database.transaction() as connection:
            return _apply(connection, event)

    def apply_all(self, changes: Iterable[BlacklistEvent]) -> int:
        """Carry out many events, all or none; return how many there was anything to be done for."""
        with self._database.transaction() as connection:
            return sum(_apply(connection, event) for event in changes)

    def find(self, number: str, now: datetime, scopes: Collection[str] = (ALL,)) -> BlacklistEntry | None:
        """Return the entry of a number, however it is written; None if it may be dialled."""
        return self.find_any([number], now, scopes)

    def find_any(self, forms: Iterable[str], now: datetime, scopes: Collection[str] = (ALL,)) -> BlacklistEntry | None:
        """Return an entry for any of several ways to write one number; None if it may be dialled."""
        wanted = table.c.number.in_(sorted({_stored(form) for form in forms}))
        query = select(*_COLUMNS).where(wanted, _holds(now, scopes)).order_by(table.c.scope, table.c.number).limit(1)
        with self._database.transaction() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else BlacklistEntry(*row)

    def blocked(self, numbers: Iterable[str], now: datetime, scopes: Collection[str] = (ALL,)) -> set[str]:
        """Return those of many numbers (in the form of ``numbers.normalise``) that may not be dialled."""
        asked, found = sorted(set(numbers)), set()
        with self._database.transaction() as connection:
            for start in range(0, len(asked), _MANY):
                wanted = table.c.number.in_(asked[start : start + _MANY])
                found |= set(connection.execute(select(table.c.number).where(wanted, _holds(now, scopes))).scalars())
        return found

    def entries(self) -> list[BlacklistEntry]:
        """Return all entries, the oldest first."""
        with self._database.transaction() as connection:
            rows = connection.execute(select(*_COLUMNS).order_by(table.c.created_at, table.c.number)).all()
        return [BlacklistEntry(*row) for row in rows]

    def page(self, scopes: Collection[str] | None, after: int, limit: int) -> list[tuple[int, BlacklistEntry]]:
        """Return a part of the entries, each with its place, in the order in which they were first added.

        Args:
            scopes: of these; None: of all.
            after: place of the last one that is known; 0: from the beginning.
            limit: most entries.
        """
        query = select(table.c.id, *_COLUMNS).where(table.c.id > after).order_by(table.c.id).limit(limit)
        if scopes is not None:
            query = query.where(table.c.scope.in_(sorted(scopes)))
        with self._database.transaction() as connection:
            return [(row[0], BlacklistEntry(*row[1:])) for row in connection.execute(query)]

    def trail(self, scopes: Collection[str] | None, before: datetime, limit: int) -> list[BlacklistEvent]:
        """Return what was done to all numbers before a moment, the latest first.

        Args:
            scopes: to entries of these; None: of all.
            before: only what came earlier.
            limit: most events.
        """
        query = select(*_EVENTS).where(events.c.at < before).order_by(events.c.at.desc(), events.c.id).limit(limit)
        if scopes is not None:
            query = query.where(events.c.scope.in_(sorted(scopes)))
        with self._database.transaction() as connection:
            return [BlacklistEvent(*row) for row in connection.execute(query)]

    def history(self, number: str) -> list[BlacklistEvent]:
        """Return who added and removed a number, the first one first."""
        query = select(*_EVENTS).where(events.c.number == _stored(number)).order_by(events.c.at, events.c.id)
        with self._database.transaction() as connection:
            return [BlacklistEvent(*row) for row in connection.execute(query)]


def _apply(connection: Connection, event: BlacklistEvent) -> bool:
    number = _stored(event.number)
    texts = {name: fitting(getattr(event, name), events, name) for name in ("reason", "call_id", "line", "actor")}
    origin: dict[str, str] = {"number": number, "scope": fitting(event.scope, events, "scope"), "source": event.source}
    kept = {"action": event.action, "at": event.at, "expires_at": event.expires_at}
    if not insert(connection, events, id=event.id, **kept, **origin, **texts) or event.action == "refused":
        return False
    if event.action == "remove":
        entry = and_(table.c.number == number, table.c.scope == origin["scope"])
        return connection.execute(delete(table).where(entry)).rowcount > 0
    first = {"call_id": texts["call_id"], "created_at": event.at, **origin}
    last = {"reason": texts["reason"], "updated_at": event.at, "expires_at": _end(connection, event, origin)}
    statement = insert_statement(connection, table).values(**first, **last)
    connection.execute(statement.on_conflict_do_update(index_elements=["number", "scope"], set_=last))
    return True


def _end(connection: Connection, event: BlacklistEvent, origin: dict[str, str]) -> datetime | None:
    entry = and_(table.c.number == origin["number"], table.c.scope == origin["scope"])
    known = connection.execute(select(table.c.expires_at).where(entry)).one_or_none()
    if known is None or event.expires_at is None:
        return event.expires_at
    return None if known.expires_at is None else max(known.expires_at, event.expires_at)


def _stored(number: str) -> str:
    return fitting(normalise(number), table, "number")


def _holds(now: datetime, scopes: Collection[str]) -> ColumnElement[bool]:
    current = or_(table.c.expires_at.is_(None), table.c.expires_at > now)
    return and_(table.c.scope.in_(sorted(scopes)), current)
