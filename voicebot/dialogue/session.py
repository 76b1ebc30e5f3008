"""Sessions: what the bot knows of a conversation between two turns."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace

from voicebot.dialogue.decision import Decision
from voicebot.dialogue.history import History
from voicebot.dialogue.passages import Passage
from voicebot.dialogue.sessionids import SessionIds
from voicebot.dialogue.withheld import Secrets, Withheld
from voicebot.errors import UnknownSessionError
from voicebot.protocol.reply import ReplySource

EXPIRY_S = 1800.0
MAX_SESSIONS = 5000
_AFTERMATH_S = 60.0
"""How long a conversation that the bot has ended may still be taken up: by a client that did not hang up."""
_MAX_VARIABLES = 200
_MAX_VALUE_LENGTH = 2000

Place = tuple[str, dict[str, int], int, int, tuple[tuple[str, ReplySource], ...], bool, "Decision | None"]
"""All of a session that a turn moves."""
Mark = tuple[object, ...]
"""All of a session that an answer may depend on, to see whether it is still the same."""


@dataclass(slots=True)
class Session:
    """One conversation.

    Attributes:
        id: as the client knows it.
        node: id of the node the conversation stands at; "" before the greeting.
        variables: all that the client and the dialogue have set.
        visits: how often each node and text list was used, to take turns among variants.
        silences: answered silences in a row.
        misses: turns in a row that were not understood.
        last_words: sentences of the last answer as far as they were sent, and where they came from, for "say that
            again".
        transferring: the last answer handed the call over, and the client was told so.
        over: the last answer ended the call, and the client was told so.
        turn: counts the queries; a running answer that finds it changed stops.
        decision: what the last turn was taken for.
        history: what was said.
        withheld: variables that no language model is told.
        secrets: the values that these have had.
        citations: passages that the last answer was taken from.
    """

    id: str
    node: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    visits: dict[str, int] = field(default_factory=dict)
    silences: int = 0
    misses: int = 0
    last_words: tuple[tuple[str, ReplySource], ...] = ()
    transferring: bool = False
    over: bool = False
    turn: int = 0
    decision: Decision | None = None
    history: History = field(default_factory=History)
    withheld: Withheld = field(default_factory=Withheld)
    secrets: Secrets = field(default_factory=Secrets)
    citations: tuple[Passage, ...] = ()

    def place(self) -> Place:
        """Return where the conversation stands, to go back to."""
        return (
            *(self.node, dict(self.visits), self.silences, self.misses),
            *(self.last_words, self.transferring, self.decision),
        )

    def go_back(self, place: Place) -> None:
        """Undo a turn of which the client got nothing. Variables stay: they may have come from elsewhere."""
        self.node, self.visits, self.silences, self.misses, self.last_words, self.transferring, self.decision = place

    def copy(self) -> Session:
        """Return a session in the same state that shares nothing with this one that can change."""
        return replace(
            self,
            variables=dict(self.variables),
            visits=dict(self.visits),
            history=self.history.copy(),
            secrets=self.secrets.copy(),
        )

    def become(self, other: Session) -> None:
        """Take over the state of a copy that was made of this session; ``turn`` goes on counting."""
        for each in fields(self):
            if each.name != "turn":
                setattr(self, each.name, getattr(other, each.name))

    def mark(self) -> Mark:
        """Return the state as a value."""
        turn = self.history.last
        told = (turn.bot, turn.cut_short) if turn is not None else None
        return (self.turn, self.place(), dict(self.variables), self.over, len(self.history), told)

    def set_variable(self, name: str, value: str) -> None:
        """Set a variable; there is a limit on how many and how long they are."""
        if self.withheld.hides(name):
            self.secrets.add(name, value)
        if name in self.variables or len(self.variables) < _MAX_VARIABLES:
            self.variables[name] = value[:_MAX_VALUE_LENGTH]

    def take_turn(self, key: str, variants: tuple[str, ...]) -> str:
        """Return the next of some variants."""
        count = self.visits.get(key, 0)
        self.visits[key] = count + 1
        return variants[count % len(variants)]


class SessionStore:
    """Sessions in memory; the ones not used for a while are forgotten, and so is the oldest when there are too many."""

    def __init__(
        self,
        expiry_s: float = EXPIRY_S,
        max_sessions: int = MAX_SESSIONS,
        clock: Callable[[], float] = time.monotonic,
        ids: SessionIds | None = None,
    ) -> None:
        self.ids = ids if ids is not None else SessionIds()
        self._expiry_s = expiry_s
        self._max_sessions = max_sessions
        self._clock = clock
        self._sessions: OrderedDict[str, tuple[Session, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, session_id: str) -> Session:
        """Return the session of an id, a new one for "".

        An id that nobody knows starts a session under that id if it is of the client's own making: the page lets
        clients choose one on the first turn.

        Raises:
            UnknownSessionError: the id is one of ours, but its session is over, or belongs to another bot.
        """
        now = self._clock()
        self._forget(now)
        known = self._sessions.pop(session_id, None)
        if known is None and self.ids.made(session_id):
            raise UnknownSessionError("sessionId: this session is over; begin a new one without an id", "sessionId")
        session = known[0] if known is not None else Session(session_id or self.ids.make())
        if len(self._sessions) >= self._max_sessions:
            self._sessions.popitem(last=False)
        self._sessions[session.id] = (session, now)
        return session

    def peek(self, session_id: str) -> Session | None:
        """Return a session that may be gone on with, without counting that as use; None if there is none."""
        return self._sessions[session_id][0] if self.knows(session_id) else None

    def knows(self, session_id: str) -> bool:
        """Tell whether a session is there and may be gone on with."""
        known = self._sessions.get(session_id)
        return known is not None and self._clock() - known[1] < self._expiry_s

    def end(self, session_id: str) -> bool:
        """Forget a session: the call is over. An answer that is still under way may use it to its end.

        Returns:
            Whether there was one.
        """
        return self._sessions.pop(session_id, None) is not None

    def any_running(self) -> bool:
        """Tell whether there is a conversation that may go on."""
        now = self._clock()
        self._forget(now)
        return any(not session.over or now - used < _AFTERMATH_S for session, used in self._sessions.values())

    def _forget(self, now: float) -> None:
        while self._sessions:
            _, used = next(iter(self._sessions.values()))
            if now - used < self._expiry_s:
                return
            self._sessions.popitem(last=False)
