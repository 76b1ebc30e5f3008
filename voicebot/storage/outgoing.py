"""Outgoing calls in the database, from the order to the result.

``waiting`` (ordered, by itself) → ``claimed`` (somebody is about to dial) → ``dialling`` (the line has been told) →
``ended``. Each arrow is one transaction, and the order of the steps is the whole of crash safety: what is ``claimed``
was certainly not dialled and is given back; what is ``dialling`` may have been, and is never dialled again as if
nothing had happened.
"""

from __future__ import annotations

import enum
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, insert, or_, select, update

from voicebot.storage.database import Database, fitting
from voicebot.storage.database import insert as insert_new
from voicebot.storage.tables import campaign_contacts as contacts
from voicebot.storage.tables import campaigns
from voicebot.storage.tables import outgoing_calls as table


class CallState(enum.Enum):
    """Where an outgoing call is."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DIALLING = "dialling"
    ANSWERED = "answered"
    ENDED = "ended"


class ContactState(enum.Enum):
    """Where a number of a campaign is."""

    WAITING = "waiting"
    """For its first or next call."""
    CALLING = "calling"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class OutgoingCall:
    """A call that we make.

    Attributes:
        id: names it from the order on.
        number: E.164 with "+", or an extension.
        bot: name of the bot or line that speaks.
        created_at: when it was ordered, or claimed for a campaign.
        campaign_id: "" for a single call.
        contact_id: the number's row in its campaign.
        variables: for the first query.
        caller_number: number to call from; "" leaves that to the PBX.
        ring_timeout_s: how long it may ring.
        state: where it is.
        outcome: how it ended, in one word; "" before.
        category: what was heard, or what its SIP status stands for; "" if neither says anything.
        q850: cause of ITU-T Q.850 that it ended with, 0 if none is known.
        sip_status: last SIP status, 0 before there was one.
        detail: words to the outcome.
        cause: who hung up.
        answered_by: who took it, if somebody looked.
        call_id: SIP Call-ID, "" before the INVITE.
        expires_at: it is not begun after this; None: no limit.
        dialled_at: when the line was told.
        answered_at: when it was answered.
        ended_at: when it was over.
    """

    id: str
    number: str = field(repr=False)
    bot: str
    created_at: datetime
    campaign_id: str = ""
    contact_id: int | None = None
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    caller_number: str = ""
    ring_timeout_s: float = 45.0
    state: CallState = CallState.WAITING
    outcome: str = ""
    category: str = ""
    q850: int = 0
    sip_status: int = 0
    detail: str = ""
    cause: str = ""
    answered_by: str = ""
    call_id: str = ""
    expires_at: datetime | None = None
    dialled_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended; names as in ``OutgoingCall``."""

    outcome: str
    at: datetime
    category: str = ""
    q850: int = 0
    sip_status: int = 0
    detail: str = ""
    cause: str = ""
    answered_by: str = ""


Ends = Mapping[tuple[str, str], int]
"""How many calls of a number have ended with which outcome and category."""
RetryAt = Callable[[Ends], datetime | None]
"""Told how often a number's calls have ended in which way; returns when to call again, None: never."""

_COLUMNS = tuple(table.c[item.name] for item in fields(OutgoingCall))
_OPEN = tuple(state.value for state in (CallState.CLAIMED, CallState.DIALLING, CallState.ANSWERED))


class OutgoingCalls:
    """All of them. All methods block, and raise StorageError if the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, call: OutgoingCall) -> bool:
        """Keep an order unless its id is there already; return whether it was new."""
        with self._database.transaction() as connection:
            return insert_new(connection, table, **_values(call))

    def find(self, call_id: str) -> OutgoingCall | None:
        """Return a call by its id."""
        with self._database.transaction() as connection:
            row = connection.execute(select(*_COLUMNS).where(table.c.id == call_id)).mappings().one_or_none()
        return None if row is None else _call(row)

    def campaign_of(self, sip_call_id: str) -> str:
        """Return the name of the campaign that made a call, "" if none has."""
        query = select(campaigns.c.name).join(table, table.c.campaign_id == campaigns.c.id)
        with self._database.transaction() as connection:
            return connection.execute(query.where(table.c.call_id == sip_call_id).limit(1)).scalar() or ""

    def of_campaign(self, campaign_id: str) -> list[OutgoingCall]:
        """Return all calls of a campaign, the first one first."""
        query = select(*_COLUMNS).where(table.c.campaign_id == campaign_id).order_by(table.c.created_at, table.c.id)
        with self._database.transaction() as connection:
            return [_call(row) for row in connection.execute(query).mappings()]

    def claim_waiting(self, now: datetime, limit: int) -> list[OutgoingCall]:
        """Take single calls that wait, the oldest first."""
        due = and_(
            table.c.state == CallState.WAITING.value, or_(table.c.expires_at.is_(None), table.c.expires_at > now)
        )
        query = select(*_COLUMNS).where(due).order_by(table.c.created_at, table.c.id).limit(limit)
        with self._database.transaction() as connection:
            found = [_call(row) for row in connection.execute(query).mappings()]
            return [call for call in found if _step(connection, call.id, CallState.WAITING, CallState.CLAIMED)]

    def expire(self, now: datetime, outcome: str) -> int:
        """End single calls whose time is over; return how many."""
        late = and_(table.c.state == CallState.WAITING.value, table.c.expires_at <= now)
        change = update(table).where(late).values(state=CallState.ENDED.value, outcome=outcome, ended_at=now)
        with self._database.transaction() as connection:
            return connection.execute(change).rowcount

    def claim_contacts(
        self, template: OutgoingCall, now: datetime, caller_numbers: Sequence[str]
    ) -> list[OutgoingCall]:
        """Take numbers of a campaign that are due, those that wait longest first, and make a call of each.

        Args:
            template: campaign, bot, variables and ringing time of the calls.
            now: what is due.
            caller_numbers: numbers to call from; as many calls as there are of these.
        """
        due = and_(
            contacts.c.campaign_id == template.campaign_id,
            contacts.c.state == ContactState.WAITING.value,
            contacts.c.next_at <= now,
        )
        query = select(contacts).where(due).order_by(contacts.c.next_at, contacts.c.id).limit(len(caller_numbers))
        claimed = []
        with self._database.transaction() as connection:
            for row, caller in zip(connection.execute(query).all(), caller_numbers, strict=False):
                taken = update(contacts).where(contacts.c.id == row.id, due)
                values = {"state": ContactState.CALLING.value, "attempts": row.attempts + 1}
                if not connection.execute(taken.values(**values)).rowcount:
                    continue
                call = OutgoingCall(
                    id=uuid.uuid4().hex,
                    number=row.number,
                    bot=template.bot,
                    created_at=now,
                    campaign_id=template.campaign_id,
                    contact_id=row.id,
                    variables={**template.variables, **json.loads(row.variables)},
                    caller_number=caller,
                    ring_timeout_s=template.ring_timeout_s,
                    state=CallState.CLAIMED,
                )
                connection.execute(insert(table).values(**_values(call)))
                claimed.append(call)
        return claimed

    def begin(self, call: OutgoingCall, now: datetime) -> bool:
        """Note that the line is about to be told; False: the call is not claimed any more, and must not be made."""
        with self._database.transaction() as connection:
            return _step(connection, call.id, CallState.CLAIMED, CallState.DIALLING, dialled_at=now)

    def placed(self, call: OutgoingCall, call_id: str) -> None:
        """Note the SIP Call-ID."""
        with self._database.transaction() as connection:
            named = update(table).where(table.c.id == call.id, table.c.state.in_(_OPEN))
            connection.execute(named.values(call_id=fitting(call_id, table, "call_id")))

    def answered(self, call: OutgoingCall, now: datetime) -> None:
        """Note that it was answered."""
        with self._database.transaction() as connection:
            _step(connection, call.id, CallState.DIALLING, CallState.ANSWERED, answered_at=now)

    def end(self, call: OutgoingCall, ending: Ending, retry_at: RetryAt) -> bool:
        """Note how a call ended, and with it what becomes of its number; False: that had been noted already."""
        with self._database.transaction() as connection:
            texts = {
                name: fitting(getattr(ending, name), table, name)
                for name in ("detail", "cause", "answered_by", "category")
            }
            values = {"outcome": ending.outcome, "sip_status": ending.sip_status, "q850": ending.q850}
            values |= {"ended_at": ending.at, **texts}
            change = update(table).where(table.c.id == call.id, table.c.state.in_(_OPEN))
            if not connection.execute(change.values(state=CallState.ENDED.value, **values)).rowcount:
                return False
            if call.contact_id is not None:
                self._end_contact(connection, call.contact_id, ending, retry_at)
            return True

    def give_back(self, call: OutgoingCall, next_at: datetime) -> bool:
        """Undo a claim, or a call of which is certain that nobody's telephone rang; its attempt does not count."""
        undone = and_(table.c.id == call.id, table.c.state.in_((CallState.CLAIMED.value, CallState.DIALLING.value)))
        with self._database.transaction() as connection:
            if call.contact_id is None:
                back = {"state": CallState.WAITING.value, "dialled_at": None}
                return connection.execute(update(table).where(undone).values(**back)).rowcount > 0
            if not connection.execute(table.delete().where(undone)).rowcount:
                return False
            waiting = {"state": ContactState.WAITING.value, "attempts": contacts.c.attempts - 1, "next_at": next_at}
            calling = and_(contacts.c.id == call.contact_id, contacts.c.state == ContactState.CALLING.value)
            connection.execute(update(contacts).where(calling).values(**waiting))
            return True

    def abandoned(self) -> list[OutgoingCall]:
        """Return calls that are under way for the database: after a start, what an earlier process left behind."""
        query = select(*_COLUMNS).where(table.c.state.in_(_OPEN)).order_by(table.c.created_at, table.c.id)
        with self._database.transaction() as connection:
            return [_call(row) for row in connection.execute(query).mappings()]

    def latest_outcomes(self, campaign_id: str, since: datetime) -> list[str]:
        """Return how a campaign's calls ended that ended after a moment, the latest last."""
        mine = and_(table.c.campaign_id == campaign_id, table.c.ended_at > since)
        with self._database.transaction() as connection:
            return list(connection.execute(select(table.c.outcome).where(mine).order_by(table.c.ended_at)).scalars())

    @staticmethod
    def _end_contact(connection: Connection, contact_id: int, ending: Ending, retry_at: RetryAt) -> None:
        mine = and_(table.c.contact_id == contact_id, table.c.state == CallState.ENDED.value)
        how = (table.c.outcome, table.c.category)
        query = select(*how, func.count()).where(mine).group_by(*how)
        again = retry_at({(row[0], row[1]): row[2] for row in connection.execute(query)})
        values: dict[str, object] = {"state": ContactState.DONE.value, "ended_at": ending.at}
        if again is not None:
            values = {"state": ContactState.WAITING.value, "next_at": again}
        which = and_(contacts.c.id == contact_id, contacts.c.state == ContactState.CALLING.value)
        connection.execute(update(contacts).where(which).values(outcome=ending.outcome, **values))


def _step(connection: Connection, call_id: str, old: CallState, new: CallState, **values: object) -> bool:
    which: ColumnElement[bool] = and_(table.c.id == call_id, table.c.state == old.value)
    return connection.execute(update(table).where(which).values(state=new.value, **values)).rowcount > 0


def _values(call: OutgoingCall) -> dict[str, object]:
    values = {item.name: getattr(call, item.name) for item in fields(OutgoingCall)}
    for name in ("bot", "caller_number", "detail", "call_id", "cause", "answered_by", "category"):
        values[name] = fitting(values[name], table, name)
    return {**values, "state": call.state.value, "variables": json.dumps(dict(call.variables))}


def _call(row: RowMapping) -> OutgoingCall:
    return OutgoingCall(**{**row, "state": CallState(row["state"]), "variables": json.loads(row["variables"])})
