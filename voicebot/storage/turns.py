"""What was said in conversations, turn by turn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime

from sqlalchemy import delete, select, update

from voicebot.storage.database import Database, fitting, insert
from voicebot.storage.numbers import normalise
from voicebot.storage.tables import turns as table

_MOST_CHARACTERS = 8000


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """One turn of a conversation.

    Attributes:
        session_id: the conversation.
        number: of the turn, from 1.
        at: when it was over.
        bot: name of the bot.
        node: where the conversation stood after it.
        kind: what the turn was taken for.
        name: which intent, question or node that is.
        score: how well it fitted, 0..1.
        caller: the caller's number; "" if it is not known.
        caller_text: what the caller said.
        bot_text: the answer.
        intent: the intent that was understood; "" where something else decided.
        entities: JSON, a list of the values in the caller's words, each with kind, value and text; None or "" for none.
        cut_short: the caller talked over it, and ``bot_text`` is what was heard.
    """

    session_id: str
    number: int
    at: datetime
    bot: str
    node: str
    kind: str
    name: str
    score: float
    caller: str = field(repr=False)
    caller_text: str = field(repr=False)
    bot_text: str = field(repr=False)
    cut_short: bool = False
    intent: str = ""
    entities: str | None = field(default="", repr=False)


_COLUMNS = tuple(table.c[item.name] for item in fields(StoredTurn))
_SHORT = ("session_id", "bot", "node", "kind", "name", "intent")


class TurnHistory:
    """All of them, in the database. All methods block, and raise StorageError if the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, added: Iterable[StoredTurn]) -> None:
        """Add turns; one that is there already stays as it is."""
        with self._database.transaction() as connection:
            for turn in added:
                values = {item.name: getattr(turn, item.name) for item in fields(StoredTurn)}
                values |= {name: fitting(values[name], table, name) for name in _SHORT}
                values |= {name: _clean(values[name]) for name in ("caller_text", "bot_text")}
                entities = turn.entities or ""
                values["entities"] = _clean(entities) if len(entities) <= _MOST_CHARACTERS else ""  # no half JSON
                values["caller"] = fitting(normalise(turn.caller), table, "caller")
                insert(connection, table, **values)

    def cut(self, session_id: str, number: int, heard: str) -> None:
        """Of a turn's answer only so much was heard."""
        which = (table.c.session_id == fitting(session_id, table, "session_id"), table.c.number == number)
        with self._database.transaction() as connection:
            connection.execute(update(table).where(*which).values(bot_text=_clean(heard), cut_short=True))

    def of_session(self, session_id: str) -> list[StoredTurn]:
        """Return the turns of a conversation, the first one first."""
        query = select(*_COLUMNS).where(table.c.session_id == session_id).order_by(table.c.number)
        with self._database.transaction() as connection:
            return [StoredTurn(*row) for row in connection.execute(query)]

    def of_caller(self, number: str) -> list[StoredTurn]:
        """Return the turns of all conversations with a number, the first one first."""
        stored = fitting(normalise(number), table, "caller")
        query = select(*_COLUMNS).where(table.c.caller == stored).order_by(table.c.at, table.c.number)
        with self._database.transaction() as connection:
            return [StoredTurn(*row) for row in connection.execute(query)] if stored else []

    def forget_before(self, moment: datetime) -> int:
        """Forget older turns; return how many."""
        with self._database.transaction() as connection:
            return connection.execute(delete(table).where(table.c.at < moment)).rowcount

    def forget_caller(self, number: str) -> int:
        """Forget the conversations of a number; return how many turns."""
        stored = fitting(normalise(number), table, "caller")
        if not stored:
            return 0
        with self._database.transaction() as connection:
            return connection.execute(delete(table).where(table.c.caller == stored)).rowcount


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")[:_MOST_CHARACTERS]
