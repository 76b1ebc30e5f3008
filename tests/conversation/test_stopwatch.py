"""What a call's record keeps of the answers."""

from __future__ import annotations

import json

from voicebot.conversation.leg import CallInfo
from voicebot.conversation.stopwatch import Stopwatch
from voicebot.protocol import Chunk, Reply
from voicebot.protocol.understanding import Understanding, UnderstoodValue

UNDERSTOOD = Understanding("transition", "confirm", "confirm", 0.93, (UnderstoodValue("date", "2026-03-04", "周三"),))


def test_a_record_has_what_was_understood_and_the_name_of_the_session() -> None:
    stopwatch = Stopwatch(CallInfo("c1", "1", "2", {}), "clinic")
    stopwatch.asked(1, begun_by_caller=True)
    stopwatch.chunk(1, Chunk("s1", "q1", 0, reply=Reply("好的。")))
    stopwatch.chunk(1, Chunk("s1", "q1", 1, done=True, understood=UNDERSTOOD))
    stopwatch.asked(2, begun_by_caller=True)
    stopwatch.chunk(2, Chunk("", "q2", 0, done=True))
    record = json.loads(json.dumps(stopwatch.record.as_dict()))
    assert record["session_id"] == "s1"
    first, second = record["turns"]
    assert (first["understood"]["intent"], first["understood"]["score"]) == ("confirm", 0.93)
    assert first["understood"]["entities"] == [{"kind": "date", "value": "2026-03-04", "text": "周三"}]
    assert second["understood"] is None


def test_the_caller_s_values_are_in_no_repr() -> None:
    assert "2026" not in repr(UNDERSTOOD)
    assert "周三" not in repr(UNDERSTOOD)
