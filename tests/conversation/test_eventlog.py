"""What gets into the log of a call, and what of it stays out where words may not be kept."""

from __future__ import annotations

import dataclasses
import typing

import pytest

from voicebot.conversation import actions, events
from voicebot.conversation.actions import Ask, Speak, StartTransfer
from voicebot.conversation.eventlog import entry
from voicebot.conversation.events import CallEnded, ChunkArrived, DigitPressed, TranscriptReady, TransferEnded
from voicebot.conversation.leg import HangupCause, TransferOutcome, TransferResult
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.instruction import Hangup, ToCustomerService
from voicebot.protocol.query import HEARD_VARIABLE, Query
from voicebot.protocol.reply import Reply

SECRET = "13800138000"


def test_fields_become_plain_values() -> None:
    assert entry(TranscriptReady(3, 1, "是的"), content=True) == {"utterance_id": 3, "attempt": 1, "text": "是的"}
    assert entry(CallEnded(HangupCause.CALLER), content=True) == {"cause": "caller"}
    result = entry(TransferEnded(TransferResult(TransferOutcome.BUSY, 486, "Busy Here")), content=True)
    assert result == {"result": {"is": "TransferResult", "outcome": "busy", "status": 486, "reason": "Busy Here"}}


def test_a_query_and_a_chunk_are_told_in_short() -> None:
    query = Query("明天下午", "session-1", {"caller": SECRET, HEARD_VARIABLE: "您好，"})
    assert entry(Ask(2, query), content=True) == {"turn_id": 2, "text": "明天下午", "silence": False, "heard": "您好，"}
    reply = Reply("好的。", allow_interrupt=False, allow_semantic_interruption=True)
    chunk = Chunk("s", "q", 0, True, reply, (Hangup(),), identify_duration_ms=500, node_silent_duration_s=9)
    assert entry(ChunkArrived(2, chunk), content=True) == {
        "turn_id": 2,
        "done": True,
        "text": "好的。",
        "interrupt": False,
        "semantic": True,
        "source": "TEXT_REPLY",
        "instructions": ["Hangup"],
        "identify_ms": 500,
        "silent_s": 9,
    }


@pytest.mark.parametrize(
    "item",
    [
        TranscriptReady(1, 1, SECRET),
        DigitPressed(SECRET),
        Speak(1, SECRET, "http://files/" + SECRET),
        Ask(1, Query(SECRET, SECRET, {"x": SECRET, HEARD_VARIABLE: SECRET})),
        ChunkArrived(1, Chunk(SECRET, SECRET, 0, reply=Reply(SECRET, audio_url=SECRET))),
        StartTransfer(ToCustomerService(trans_addr=SECRET, trans_value=SECRET, reason=SECRET), SECRET),
    ],
)
def test_no_word_or_number_gets_in_where_they_may_not_be_kept(item: events.Event | actions.Action) -> None:
    assert SECRET not in repr(entry(item, content=False))


def test_a_caller_who_said_nothing_may_be_known() -> None:
    assert entry(TranscriptReady(1, 1, ""), content=False)["text"] == ""
    assert entry(TranscriptReady(1, 1, "yes"), content=False)["text"] is None


_WORDLESS = {"code", "why", "rule", "kind", "source"}


@pytest.mark.parametrize("kind", [*typing.get_args(events.Event), *typing.get_args(actions.Action)])
def test_texts_of_every_event_and_action_are_taken_for_words(kind: type) -> None:
    """An event that is added later keeps its words out of the log unless its field is one of the few that hold none."""
    hints = typing.get_type_hints(kind)
    texts = [field.name for field in dataclasses.fields(kind) if hints[field.name] is str]
    values = {field.name: SECRET if field.name in texts else None for field in dataclasses.fields(kind)}
    if kind in (Ask, ChunkArrived):
        return  # have a test of their own
    written = entry(kind(**values), content=False)
    assert all(written.get(name) is None for name in texts if name not in _WORDLESS)
