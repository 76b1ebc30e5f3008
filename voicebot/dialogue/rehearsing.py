"""Answers that were prepared on trial, on a copy of the session.

The session itself changes only if the same query comes in earnest.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from voicebot.dialogue.bot import Node
from voicebot.dialogue.decision import Decision, Kind
from voicebot.dialogue.flow import Answer
from voicebot.dialogue.matching import Method
from voicebot.dialogue.session import Mark, Session
from voicebot.dialogue.slots import Slot
from voicebot.protocol.query import Query

MAX_PREPARED = 1000
_NOTHING = frozenset({Kind.FALLBACK, Kind.ANYTHING, Kind.NOTHING_HEARD})
_BY_WORDS = frozenset({Kind.TRANSITION, Kind.GLOBAL, Kind.FAQ})


@dataclass(frozen=True, slots=True)
class Prepared:
    """One answer.

    Attributes:
        before: the session as it was.
        text: the caller's words.
        variables: those that came with them.
        after: the copy of the session that the answer has moved.
        answer: up to where it would wait for a skill. None of its skills has run.
    """

    before: Mark
    text: str
    variables: Mapping[str, str]
    after: Session
    answer: Answer

    def fits(self, session: Session, query: Query) -> bool:
        """Tell whether this is the answer to a query: same words, same session, and nothing has happened since."""
        asked = (query.query_text, dict(query.variables), query.silence)
        return asked == (self.text, dict(self.variables), False) and session.mark() == self.before


class Rehearsals:
    """The prepared answers of one engine, one for each session at most; the oldest are forgotten."""

    def __init__(self) -> None:
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()

    def keep(self, session_id: str, prepared: Prepared) -> None:
        """Keep an answer, in place of an earlier one."""
        self._prepared.pop(session_id, None)
        self._prepared[session_id] = prepared
        if len(self._prepared) > MAX_PREPARED:
            self._prepared.popitem(last=False)

    def take(self, session: Session, query: Query) -> Prepared | None:
        """Return the answer to a query if it was prepared; whatever was prepared is over with it."""
        prepared = self._prepared.pop(session.id, None)
        return prepared if prepared is not None and prepared.fits(session, query) else None


def is_complete(decision: Decision, node: Node, missing: list[Slot]) -> bool | None:
    """Tell whether words are all that was asked for: True, or nothing of it: False; None: some of it, or a question.

    Args:
        decision: what the words were taken for.
        node: where that was asked.
        missing: its slots without a value, before the words.
    """
    if decision.kind in _NOTHING:
        return False
    if decision.kind is Kind.SLOT:
        filling = decision.filling
        whole = not (filling.vague or filling.rejected or filling.parts)
        return True if whole and {slot.name for slot in missing} <= filling.values.keys() else None
    exact = decision.kind in _BY_WORDS and decision.method is Method.EXACT and not node.slots
    return True if exact else None
