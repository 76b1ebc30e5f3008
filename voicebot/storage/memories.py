"""What bots remember of callers, by number."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select

from voicebot.storage.database import Database, fitting, insert_statement
from voicebot.storage.numbers import normalise
from voicebot.storage.tables import caller_memory as table


@dataclass(frozen=True, slots=True)
class CallerMemory:
    """What one bot remembers of one caller.

    Attributes:
        bot: name of the bot.
        values: variables as the last call left them.
        calls: how many calls there were.
        last_call_at: when the last one began.
        expires_at: when it is forgotten.
    """

    bot: str
    values: Mapping[str, str] = field(repr=False)
    calls: int
    last_call_at: datetime
    expires_at: datetime


class CallerMemories:
    """All of it, in the database. All methods block, and raise StorageError if the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin_call(self, bot: str, number: str, now: datetime, days: int) -> CallerMemory | None:
        """Count a call, and return what was known before it; None for a caller who is new, or has no number."""
        stored = normalise(number)
        if not stored:
            return None
        with self._database.transaction() as connection:
            row = connection.execute(select(table).where(_entry(bot, stored))).one_or_none()
            known = None if row is None or row.expires_at <= now else row
            calls = (known.calls if known is not None else 0) + 1
            values = known.variables if known is not None else "{}"
            fresh = {"variables": values, "calls": calls, "last_call_at": now, "expires_at": now + timedelta(days=days)}
            statement = insert_statement(connection, table).values(**_key(bot, stored), **fresh)
            connection.execute(statement.on_conflict_do_update(index_elements=["bot", "number"], set_=fresh))
        if known is None:
            return None
        return CallerMemory(bot, json.loads(known.variables), known.calls, known.last_call_at, known.expires_at)

    def keep(self, bot: str, number: str, values: Mapping[str, str], now: datetime, days: int) -> None:
        """Keep variables of a caller; those that were kept before and are not among them stay."""
        stored = normalise(number)
        if not stored:
            return
        with self._database.transaction() as connection:
            row = connection.execute(select(table).where(_entry(bot, stored))).one_or_none()
            merged = {**(json.loads(row.variables) if row is not None else {}), **values}
            fresh = {"variables": json.dumps(merged), "expires_at": now + timedelta(days=days)}
            statement = insert_statement(connection, table).values(
                **_key(bot, stored), calls=1, last_call_at=now, **fresh
            )
            connection.execute(statement.on_conflict_do_update(index_elements=["bot", "number"], set_=fresh))

    def find(self, number: str, now: datetime) -> list[CallerMemory]:
        """Return what all bots remember of a number."""
        query = select(table).where(table.c.number == _stored(normalise(number)), table.c.expires_at > now)
        with self._database.transaction() as connection:
            rows = connection.execute(query.order_by(table.c.bot)).all()
        return [
            CallerMemory(row.bot, json.loads(row.variables), row.calls, row.last_call_at, row.expires_at)
            for row in rows
        ]

    def forget(self, number: str) -> int:
        """Forget a number; return how many bots remembered it."""
        with self._database.transaction() as connection:
            return connection.execute(delete(table).where(table.c.number == _stored(normalise(number)))).rowcount

    def forget_expired(self, now: datetime) -> int:
        """Forget what was to be kept no longer than until now; return how many entries that were."""
        with self._database.transaction() as connection:
            return connection.execute(delete(table).where(table.c.expires_at <= now)).rowcount


def _stored(number: str) -> str:
    return fitting(number, table, "number")


def _key(bot: str, number: str) -> dict[str, str]:
    return {"bot": fitting(bot, table, "bot"), "number": _stored(number)}


def _entry(bot: str, number: str) -> ColumnElement[bool]:
    key = _key(bot, number)
    return and_(table.c.bot == key["bot"], table.c.number == key["number"])
