from __future__ import annotations

import json
from pathlib import Path

import pytest

from voicebot.conversation.leg import CallInfo, HangupCause
from voicebot.conversation.record import CallRecord
from voicebot.runtime.archive import safe_name, save_record


def test_a_record_is_kept_whole(tmp_path: Path) -> None:
    record = CallRecord(CallInfo("a/b@host", "1", "2"), "appointment", "2026-11-21T10:00:00.000+00:00")
    record.turn(1).caller_text = "你好"
    record.cause = HangupCause.CALLER
    path = save_record(tmp_path, record)
    assert path == tmp_path / "2026-11-21" / "a_b@host.json"
    saved = json.loads(path.read_text(encoding="utf-8"))
    assert saved["turns"][0]["caller_text"] == "你好"
    assert saved["cause"] == "caller"
    assert [item.name for item in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(("call_id", "name"), [("../../etc/x", "_.._etc_x"), ("", "call"), ("a" * 300, "a" * 120)])
def test_a_hostile_call_id_is_a_harmless_name(call_id: str, name: str) -> None:
    assert safe_name(call_id) == name
