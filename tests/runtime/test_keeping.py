from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from voicebot.conversation.leg import CallInfo, HangupCause
from voicebot.conversation.record import CallRecord
from voicebot.protocol.instruction import Blacklist, ShortMessage
from voicebot.runtime.archive import safe_name, save_record
from voicebot.runtime.outbox import Outbox


def test_the_outbox_keeps_every_instruction_in_order(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "data" / "outbox.jsonl")
    outbox.store("c1", "1000", ShortMessage("13800000000", "47", "30"))
    outbox.store("c1", "1000", Blacklist())
    entries = [json.loads(line) for line in (tmp_path / "data" / "outbox.jsonl").read_text().splitlines()]
    assert [entry["instruction"] for entry in entries] == ["system_shortmessage", "system_blacklist_event"]
    assert entries[0]["parameters"] == {"mobile": "13800000000", "signature_id": "47", "template_id": "30"}
    assert {entry["party"] for entry in entries} == {"1000"}
    assert stat.S_IMODE((tmp_path / "data" / "outbox.jsonl").stat().st_mode) == 0o600


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
