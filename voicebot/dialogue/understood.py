"""What a turn was taken for, as it is told to others."""

from __future__ import annotations

from voicebot.dialogue.session import Session
from voicebot.protocol.understanding import MOST_VALUES, Understanding, UnderstoodValue


def understanding_of(session: Session) -> Understanding | None:
    """Return what the last turn of a session was taken for; None before there was one.

    Of a turn that nobody else may know of, only the kinds of the values are told.
    """
    decision, turn = session.decision, session.history.last
    if decision is None or turn is None:
        return None
    hidden = turn.private
    return Understanding(
        kind=decision.kind.value,
        name=decision.name,
        intent=decision.intent,
        score=decision.score,
        entities=tuple(
            UnderstoodValue(one.kind.value, "" if hidden else one.value, "" if hidden else one.text)
            for one in decision.entities[:MOST_VALUES]
        ),
    )
