"""Campaigns and their numbers in the database."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from voicebot.storage.database import Database, fitting
from voicebot.storage.database import insert as insert_new
from voicebot.storage.outgoing import CallState, ContactState
from voicebot.storage.tables import campaign_contacts as contacts
from voicebot.storage.tables import campaigns as table
from voicebot.storage.tables import outgoing_calls as calls

_PAGE = 500


@dataclass(frozen=True, slots=True)
class StoredCampaign:
    """A campaign.

    Attributes:
        id: unique, also after another one took over its name.
        name: what people call it.
        plan: JSON of its plan.
        state: by ``voicebot.campaigns.lifecycle``.
        reason: why it is in that state, "" if a person wanted it.
        created_at: when it was made.
        started_at: when it was first started.
        ended_at: when it was done or stopped.
        held_until: too many of its calls failed: none begins before this.
    """

    id: str
    name: str
    plan: str
    state: str
    reason: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    held_until: datetime | None


@dataclass(frozen=True, slots=True)
class NewContact:
    """A number that is to be called: E.164, the row it stands in, and the variables of its call."""

    number: str = field(repr=False)
    row: int
    variables: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Contact:
    """A number of a campaign, and what became of it; names as in the table."""

    id: int
    number: str = field(repr=False)
    file: str
    row: int
    variables: Mapping[str, str] = field(repr=False)
    state: ContactState
    attempts: int
    next_at: datetime
    outcome: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a campaign is.

    Attributes:
        states: numbers by state.
        outcomes: numbers that are done, by outcome.
        calls: calls that have ended; a number that was found on the blacklist when its turn came was not called.
        calls_by_outcome: the same by outcome.
        talk_s: mean time from the dial to the end of a call, 0 before there was one.
        last_due: when the last number that waits may be called, None if none waits.
    """

    states: Mapping[ContactState, int]
    outcomes: Mapping[str, int]
    calls: int
    calls_by_outcome: Mapping[str, int]
    talk_s: float
    last_due: datetime | None


class Campaigns:
    """All of them. All methods block, and raise StorageError if the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, plan: str, state: str, now: datetime) -> StoredCampaign:
        """Make a campaign unless there is one of that name; return the one that is there."""
        values = {"id": uuid.uuid4().hex, "name": name, "plan": plan, "state": state, "reason": "", "created_at": now}
        with self._database.transaction() as connection:
            insert_new(connection, table, **values)
        found = self.find(name)
        assert found is not None, "campaigns are never deleted"
        return found

    def find(self, name: str) -> StoredCampaign | None:
        """Return the campaign of a name."""
        with self._database.transaction() as connection:
            row = connection.execute(select(table).where(table.c.name == name)).one_or_none()
        return None if row is None else StoredCampaign(*row)

    def by_id(self, campaign_id: str) -> StoredCampaign | None:
        """Return a campaign by its id."""
        with self._database.transaction() as connection:
            row = connection.execute(select(table).where(table.c.id == campaign_id)).one_or_none()
        return None if row is None else StoredCampaign(*row)

    def all(self, state: str = "") -> list[StoredCampaign]:
        """Return all campaigns, or those in one state, the oldest first."""
        query = select(table).order_by(table.c.created_at, table.c.name)
        if state:
            query = query.where(table.c.state == state)
        with self._database.transaction() as connection:
            return [StoredCampaign(*row) for row in connection.execute(query)]

    def change(self, campaign: StoredCampaign, **values: object) -> bool:
        """Change columns of a campaign that is still in the state that it was read in; return whether it was."""
        if "reason" in values:
            values["reason"] = fitting(str(values["reason"]), table, "reason")
        same = (table.c.id == campaign.id, table.c.state == campaign.state)
        with self._database.transaction() as connection:
            return connection.execute(update(table).where(*same).values(**values)).rowcount > 0

    def add_contacts(self, campaign: StoredCampaign, file: str, added: Iterable[NewContact], now: datetime) -> None:
        """Add numbers, all or none; those that the campaign has already stay as they are."""
        with self._database.transaction() as connection:
            _hold(connection, campaign)
            known = _numbers(connection.execute(select(contacts.c.number).where(contacts.c.campaign_id == campaign.id)))
            fixed = {
                "campaign_id": campaign.id,
                "file": fitting(file, contacts, "file"),
                "state": ContactState.WAITING.value,
                "attempts": 0,
                "next_at": now,
                "outcome": "",
            }
            rows = [
                {"number": one.number, "row": one.row, "variables": json.dumps(dict(one.variables)), **fixed}
                for one in added
                if one.number not in known
            ]
            for start in range(0, len(rows), _PAGE):
                connection.execute(insert(contacts), rows[start : start + _PAGE])

    def numbers(self, campaign: StoredCampaign) -> set[str]:
        """Return all numbers of a campaign."""
        query = select(contacts.c.number).where(contacts.c.campaign_id == campaign.id)
        with self._database.transaction() as connection:
            return _numbers(connection.execute(query))

    def contacts(self, campaign: StoredCampaign) -> Iterator[Contact]:
        """Yield the numbers of a campaign in the order in which they were imported."""
        last = 0
        while True:
            query = select(contacts).where(contacts.c.campaign_id == campaign.id, contacts.c.id > last)
            with self._database.transaction() as connection:
                rows = connection.execute(query.order_by(contacts.c.id).limit(_PAGE)).all()
            for row in rows:
                last = row.id
                yield Contact(
                    row.id, row.number, row.file, row.row, json.loads(row.variables), ContactState(row.state),
                    row.attempts, row.next_at, row.outcome, row.ended_at,
                )  # fmt: skip
            if len(rows) < _PAGE:
                return

    def tally(self, campaign: StoredCampaign) -> Tally:
        """Count how far a campaign is."""
        mine = contacts.c.campaign_id == campaign.id
        done, waiting = (contacts.c.state == state.value for state in (ContactState.DONE, ContactState.WAITING))
        over = (
            calls.c.campaign_id == campaign.id,
            calls.c.state == CallState.ENDED.value,
            calls.c.dialled_at.is_not(None),
        )
        with self._database.transaction() as connection:
            states = _counts(
                connection.execute(select(contacts.c.state, func.count()).where(mine).group_by(contacts.c.state))
            )
            by_outcome = select(contacts.c.outcome, func.count()).where(mine, done).group_by(contacts.c.outcome)
            outcomes = _counts(connection.execute(by_outcome))
            ended = _counts(
                connection.execute(select(calls.c.outcome, func.count()).where(*over).group_by(calls.c.outcome))
            )
            last = connection.execute(select(func.max(contacts.c.next_at)).where(mine, waiting)).scalar()
            latest = select(calls.c.dialled_at, calls.c.ended_at).where(*over)
            spans = connection.execute(latest.order_by(calls.c.ended_at.desc()).limit(200)).all()
        return Tally(
            {state: states.get(state.value, 0) for state in ContactState},
            outcomes,
            sum(ended.values()),
            ended,
            sum((row.ended_at - row.dialled_at).total_seconds() for row in spans) / len(spans) if spans else 0.0,
            last,
        )

    def finish(self, campaign: StoredCampaign, state: str, now: datetime) -> bool:
        """Put a campaign into its last state if none of its numbers waits or is being called; whether that is so."""
        with self._database.transaction() as connection:
            _hold(connection, campaign)
            unfinished = select(func.count()).where(
                contacts.c.campaign_id == campaign.id, contacts.c.state != ContactState.DONE.value
            )
            if connection.execute(unfinished).scalar():
                return False
            same = (table.c.id == campaign.id, table.c.state == campaign.state)
            change = update(table).where(*same).values(state=state, reason="", ended_at=now, held_until=None)
            return connection.execute(change).rowcount > 0


def _hold(connection: Connection, campaign: StoredCampaign) -> None:
    """Keep others from adding numbers to a campaign or finishing it until the transaction ends (SQLite does anyway)."""
    connection.execute(select(table.c.id).where(table.c.id == campaign.id).with_for_update())


def _numbers(rows: Iterable[Sequence[str]]) -> set[str]:
    return {number for (number,) in rows}


def _counts(rows: Iterable[Sequence[object]]) -> dict[str, int]:
    return {str(name): int(str(count)) for name, count in rows}
