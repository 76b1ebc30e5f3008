"""When a query is rehearsed: asked on trial with the words of a pause that may be the last one."""

from __future__ import annotations

from voicebot.conversation.actions import Action, Rehearse
from voicebot.conversation.events import TranscriptReady
from voicebot.conversation.hearing import HearingEvent
from voicebot.conversation.state import CallState


def rehearse(state: CallState, event: HearingEvent) -> list[Action]:
    """Return the rehearsal that a transcript gives reason for.

    Not while the bot still has something to say: how much of that is heard goes into the real query, and is not
    known before.
    """
    if not (isinstance(event, TranscriptReady) and state.config.rehearse and state.turn.finished) or state.digits:
        return []
    text = state.hearing.so_far(event.utterance_id, event.attempt)
    query = state.asking.rehearsal(text) if text else None
    return [Rehearse(event.utterance_id, event.attempt, query)] if query is not None else []
