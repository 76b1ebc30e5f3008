"""The outbox: text messages that bots ordered, and what became of them."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from voicebot.protocol.instruction import SHORT_MESSAGE
from voicebot.storage.database import Database, fitting, insert
from voicebot.storage.tables import outbox as table


class MessageState(enum.Enum):
    """Where a message is on its way."""

    WAITING = "waiting"
    """For its first or next attempt."""
    SENDING = "sending"
    """Somebody has claimed it; if that somebody dies, the claim runs out."""
    SENT = "sent"
    GIVEN_UP = "given_up"
    KEPT = "kept"
    """Nobody sends: it is kept for whoever fetches it."""


@dataclass(frozen=True, slots=True)
class Message:
    """A text message.

    Attributes:
        id: unique; the idempotency key, the same in every attempt.
        mobile: number to send it to, as the bot or the line gave it.
        signature_id: the sender's signature at the provider.
        template_id: the text's template at the provider.
        call_id: the call it was ordered in.
        session_id: the brain's own name for the conversation, "" if unknown.
        line: the line that held the call.
        created_at: when it was ordered.
        next_attempt_at: when it is due.
        attempts: attempts that came to an end.
        claim: names whoever sends it now, "" for nobody.
        last_error: code of the last failure.
        provider_id: the provider's own id of the sent message, if it gives one.
        ended_at: when it was sent or given up.
    """

    id: str
    mobile: str
    signature_id: str
    template_id: str
    call_id: str
    session_id: str
    line: str
    created_at: datetime
    next_attempt_at: datetime
    state: MessageState = MessageState.WAITING
    attempts: int = 0
    claim: str = ""
    last_error: str = ""
    provider_id: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What an attempt changes in a message; names as in ``Message``."""

    state: MessageState
    attempts: int
    next_attempt_at: datetime
    last_error: str = ""
    provider_id: str = ""
    ended_at: datetime | None = None


_COLUMNS = tuple(table.c[field.name] for field in fields(Message))
_TEXTS = ("mobile", "signature_id", "template_id", "call_id", "session_id", "line", "last_error")


class Outbox:
    """Messages in the database. All methods block, and raise StorageError if the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, message: Message) -> bool:
        """Keep a message unless its id is there already; return whether it was new."""
        texts = {name: fitting(getattr(message, name), table, name) for name in _TEXTS}
        values = {field.name: getattr(message, field.name) for field in fields(Message)} | texts
        values |= {"state": message.state.value, "instruction": SHORT_MESSAGE}
        with self._database.transaction() as connection:
            return insert(connection, table, **values)

    def claim(self, now: datetime, until: datetime, limit: int) -> list[Message]:
        """Take messages that are due, for nobody else to send them until the claim runs out.

        Args:
            now: the moment that decides what is due.
            until: end of the claim.
            limit: most messages to take.
        """
        with self._database.transaction() as connection:
            query = select(*_COLUMNS).where(_due(now)).order_by(table.c.next_attempt_at).limit(limit)
            found = [_message(row._mapping) for row in connection.execute(query)]
            claimed = []
            for message in found:
                name = uuid.uuid4().hex
                # Asked again in the UPDATE: another service may have taken it since.
                change = update(table).where(table.c.id == message.id, _due(now))
                values = {"state": MessageState.SENDING.value, "claim": name, "claimed_until": until}
                if connection.execute(change.values(**values)).rowcount:
                    claimed.append(replace(message, state=MessageState.SENDING, claim=name))
        return claimed

    def record(self, message: Message, progress: Progress) -> bool:
        """Note what became of an attempt; return whether that counted.

        That a message was sent always counts. A failure counts only for whoever holds the claim.
        """
        holds = and_(table.c.state == MessageState.SENDING.value, table.c.claim == message.claim)
        if progress.state is MessageState.SENT:
            holds = table.c.state != MessageState.SENT.value
        values = {
            "state": progress.state.value,
            "attempts": progress.attempts,
            "next_attempt_at": progress.next_attempt_at,
            "last_error": fitting(progress.last_error, table, "last_error"),
            "provider_id": fitting(progress.provider_id, table, "provider_id"),
            "ended_at": progress.ended_at,
        }
        return self._change(and_(table.c.id == message.id, holds), **values) > 0

    def release(self, message: Message) -> None:
        """Give a claimed message back without an attempt."""
        holds = and_(table.c.state == MessageState.SENDING.value, table.c.claim == message.claim)
        self._change(and_(table.c.id == message.id, holds), state=MessageState.WAITING.value)

    def keep_waiting(self) -> int:
        """Keep messages that wait, because nobody sends; return how many those were."""
        return self._change(table.c.state == MessageState.WAITING.value, state=MessageState.KEPT.value)

    def send_again(self, now: datetime, ids: Iterable[str] | None = None) -> int:
        """Let messages that were given up or kept be sent from now on; return how many those are.

        Args:
            now: when they are due.
            ids: these; None: all that were given up.
        """
        states = [MessageState.GIVEN_UP.value] + ([] if ids is None else [MessageState.KEPT.value])
        wanted: ColumnElement[bool] = table.c.state.in_(states)
        if ids is not None:
            wanted = and_(wanted, table.c.id.in_(list(ids)))
        return self._change(wanted, state=MessageState.WAITING.value, attempts=0, next_attempt_at=now, ended_at=None)

    def forget(self, before: datetime) -> int:
        """Delete messages that were sent or given up before a moment; return how many those were."""
        ended = (MessageState.SENT.value, MessageState.GIVEN_UP.value)
        with self._database.transaction() as connection:
            statement = delete(table).where(table.c.state.in_(ended), table.c.ended_at < before)
            return connection.execute(statement).rowcount

    def messages(self, state: MessageState | None = None, limit: int = 1000) -> list[Message]:
        """Return the latest messages, the oldest of them first."""
        query = select(*_COLUMNS).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(table.c.state == state.value)
        with self._database.transaction() as connection:
            return [_message(row._mapping) for row in connection.execute(query)][::-1]

    def counts(self, states: Collection[MessageState] = tuple(MessageState)) -> dict[MessageState, int]:
        """Return how many messages are in some states; the fewer messages those have, the quicker."""
        wanted = table.c.state.in_([state.value for state in states])
        query = select(table.c.state, func.count()).where(wanted).group_by(table.c.state)
        with self._database.transaction() as connection:
            found = {MessageState(state): count for state, count in connection.execute(query)}
        return {state: found.get(state, 0) for state in states}

    def next_due(self) -> datetime | None:
        """Return when the next attempt is due or the next claim runs out; None if nothing waits."""
        waiting = select(func.min(table.c.next_attempt_at)).where(table.c.state == MessageState.WAITING.value)
        claimed = select(func.min(table.c.claimed_until)).where(table.c.state == MessageState.SENDING.value)
        with self._database.transaction() as connection:
            moments = [connection.execute(query).scalar() for query in (waiting, claimed)]
        return min((moment for moment in moments if moment is not None), default=None)

    def _change(self, where: ColumnElement[bool], **values: object) -> int:
        with self._database.transaction() as connection:
            statement = update(table).where(where).values(claim="", claimed_until=None, **values)
            return connection.execute(statement).rowcount


def _due(now: datetime) -> ColumnElement[bool]:
    waiting = and_(table.c.state == MessageState.WAITING.value, table.c.next_attempt_at <= now)
    abandoned = and_(table.c.state == MessageState.SENDING.value, table.c.claimed_until <= now)
    return or_(waiting, abandoned)


def _message(row: object) -> Message:
    values = dict(row)  # type: ignore[call-overload]
    return Message(**{**values, "state": MessageState(values["state"])})
