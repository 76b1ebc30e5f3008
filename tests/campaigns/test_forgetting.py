"""What is erased is gone from the file, too."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.campaigns.world import NAME, PLAN, START, Time, settings
from voicebot.campaigns.desk import Desk
from voicebot.campaigns.lifecycle import Command
from voicebot.campaigns.plan import parse_plan
from voicebot.storage.store import Storage


def test_what_was_erased_is_not_in_the_file_any_more(tmp_path: Path) -> None:
    storage = Storage(settings(tmp_path), Time())
    desk = Desk(storage, settings(tmp_path), Time())
    desk.save_campaign(NAME, parse_plan(PLAN))
    desk.import_numbers(NAME, "list.csv", b"number,name\n13800001234,Hildegard\n")
    desk.command(NAME, Command.START)
    desk.command(NAME, Command.STOP)
    storage.close()  # the log is in the file now
    assert b"13800001234" in (tmp_path / "voicebot.db").read_bytes()
    storage = Storage(settings(tmp_path), Time())
    assert storage.forget_numbers(START + timedelta(days=1), ["stopped"]) == 1
    storage.close()
    content = (tmp_path / "voicebot.db").read_bytes()
    assert b"13800001234" not in content
    assert b"Hildegard" not in content
