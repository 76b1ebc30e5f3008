from __future__ import annotations

import json

import pytest

from voicebot.conversation.leg import CallInfo, HangupCause
from voicebot.conversation.record import CallRecord
from voicebot.events.cdr import cdr


def record(cause: HangupCause) -> CallRecord:
    ended = CallRecord(CallInfo("a@b", "139", "8001"), "shop", "2026-11-21T10:00:00+00:00", cause=cause)
    ended.duration_ms = 61_234.5
    ended.transfer = "bridged"
    ended.audio = {"codec": "PCMA", "received": 3000, "lost": 30, "discarded": 0, "jitter_ms": 3.14159, "sent": 3050}
    return ended


@pytest.mark.parametrize("cause", list(HangupCause))
def test_every_end_has_a_side(cause: HangupCause) -> None:
    found = cdr(record(cause), outgoing=False, answered=True, status=200, reason="OK")
    assert found["hangupCause"] == cause.value
    assert found["hangupSide"] in {"caller", "bot", "transfer", "line", "supervisor"}


def test_who_gives_up_what_rings() -> None:
    sides = {
        outgoing: cdr(record(HangupCause.CANCELLED), outgoing=outgoing, answered=False, status=487, reason="")[
            "hangupSide"
        ]
        for outgoing in (False, True)
    }
    assert sides == {False: "caller", True: "line"}


def test_what_it_says() -> None:
    found = cdr(record(HangupCause.CALLER), outgoing=True, answered=True, status=200, reason="Normal call clearing")
    assert (found["callId"], found["direction"], found["talkMs"]) == ("a@b", "outgoing", 61234)
    assert (found["codec"], found["packetsIn"], found["packetsLost"], found["jitterMs"]) == ("PCMA", 3000, 30, 3.1)
    assert found["lossPercent"] == pytest.approx(0.99)
    assert 4 < found["mos"] < 4.41
    assert json.loads(json.dumps(found)) == found


def test_a_call_that_never_was_up() -> None:
    ended = CallRecord(CallInfo("a@b", "", "8001"), "shop", "2026-11-21T10:00:00+00:00")
    found = cdr(ended, outgoing=False, answered=False, status=487, reason="Request Terminated")
    assert (found["answered"], found["talkMs"], found["mos"], found["sipStatus"]) == (False, 0, None, 487)
