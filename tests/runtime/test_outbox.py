from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from voicebot.conversation.leg import CallInfo
from voicebot.protocol.instruction import BLACKLIST, SHORT_MESSAGE, Blacklist, ShortMessage
from voicebot.runtime.outbox import Outbox, order_of
from voicebot.settings.model import LineSettings
from voicebot.storage.spool import Spool

INFO = CallInfo("c1", "1000", "8001")
LINE = LineSettings(name="desk", bot="reception")


async def test_orders_are_kept_and_the_main_process_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spool = Spool(tmp_path)
    outbox = Outbox(spool)
    outbox.store(order_of(ShortMessage("13800000000", "47", "30"), INFO, LINE, "s1"))
    outbox.store(order_of(Blacklist(), INFO, LINE, "s1"))
    outbox.close()
    message, entry = spool.orders()
    assert (message.instruction, entry.instruction) == (SHORT_MESSAGE, BLACKLIST)
    assert message.parameters == {"mobile": "13800000000", "signature_id": "47", "template_id": "30"}
    assert (message.call_id, message.party, message.called, message.line) == ("c1", "1000", "8001", "desk")
    assert (message.session_id, entry.reason) == ("s1", "bot reception")
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [{"event": "stored"}] * 2


def test_an_engine_of_somebody_else_is_named_by_its_line() -> None:
    line = LineSettings(name="sales", brain_url="http://127.0.0.1:1/stream/query")
    assert order_of(Blacklist(), INFO, line, "").reason == "line sales"


async def test_what_the_disk_does_not_take_is_tried_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "outbox"
    folder.write_text("a file where a directory should be")
    spool = Spool(folder)
    outbox = Outbox(spool)
    outbox.store(order_of(Blacklist(), INFO, LINE, ""))
    assert "call c1: its system_blacklist_event cannot be kept yet" in caplog.text
    assert "1000" not in caplog.text
    folder.unlink()
    outbox.store(order_of(Blacklist(), CallInfo("c2", "1001", "8001"), LINE, ""))
    outbox.close()
    assert [order.call_id for order in spool.orders()] == ["c1", "c2"]
    assert len(capsys.readouterr().out.splitlines()) == 2


async def test_what_is_lost_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "outbox"
    folder.write_text("a file where a directory should be")
    outbox = Outbox(Spool(folder))
    outbox.store(order_of(Blacklist(), INFO, LINE, ""))
    outbox.close()
    assert "call c1: its system_blacklist_event is lost" in caplog.text


def test_a_line_worker_loads_no_database() -> None:
    check = (
        "import sys, voicebot.runtime.line_process; print([m for m in ('sqlalchemy', 'alembic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
