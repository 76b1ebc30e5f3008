"""Erases whom we called, and keeps how it went: what a report counts stays, what names a person goes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, String, Update, and_, cast, literal, select, update

from voicebot.storage.database import Database
from voicebot.storage.outgoing import CallState
from voicebot.storage.tables import campaign_contacts as contacts
from voicebot.storage.tables import campaigns
from voicebot.storage.tables import outgoing_calls as calls

ERASED = "erased-"
"""Begins what stands in the place of a number; the rest tells the rows of a campaign apart."""
_NO_VARIABLES = "{}"


def forget_numbers(database: Database, before: datetime, ended_states: Collection[str]) -> int:
    """Erase numbers and variables of campaigns and single calls that have ended; return how many numbers those were.

    Not erased are outcomes, times, files and lines, and SIP Call-IDs: whatever is kept under those is somebody else's
    to forget.

    Args:
        database: blocks while it works.
        before: ended before this.
        ended_states: states of campaigns that are over.

    Raises:
        StorageError: the database cannot be used; nothing is erased.
    """
    over = and_(campaigns.c.state.in_(sorted(ended_states)), campaigns.c.ended_at < before)
    old = select(campaigns.c.id).where(over)
    numbers = and_(contacts.c.campaign_id.in_(old), contacts.c.number.not_like(f"{ERASED}%"))
    with database.transaction() as connection:
        nameless = literal(ERASED) + cast(contacts.c.id, String(20))
        erased = connection.execute(update(contacts).where(numbers).values(number=nameless, variables=_NO_VARIABLES))
        for ended in (calls.c.campaign_id.in_(old), and_(calls.c.campaign_id == "", calls.c.ended_at < before)):
            connection.execute(_erase_calls(ended))
        return erased.rowcount


def _erase_calls(which: ColumnElement[bool]) -> Update:
    kept = and_(which, calls.c.state == CallState.ENDED.value, calls.c.number.not_like(f"{ERASED}%"))
    return update(calls).where(kept).values(number=ERASED, variables=_NO_VARIABLES)
