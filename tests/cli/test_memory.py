"""``voicebot memory`` with a real database."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from voicebot.cli.main import main
from voicebot.settings import load_settings
from voicebot.storage.store import Storage
from voicebot.storage.turns import StoredTurn

NOW = datetime.now(timezone.utc)


def test_a_number_is_shown_and_forgotten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--set", f"paths.data={tmp_path}"]
    storage = Storage(load_settings(overrides=[where[1]]))
    storage.memories.keep("shop", "13800138000", {"name": "Ann"}, NOW, 90)
    storage.turns.add([StoredTurn("s", 1, NOW, "shop", "hello", "greeting", "", 1.0, "13800138000", "hi", "hello")])
    storage.close()
    assert main(["memory", "show", "+8613800138000", *where]) == 0
    bot, calls, _, value = capsys.readouterr().out.strip().split("\t")
    assert (bot, calls, value) == ("shop", "1", "name=Ann")
    assert main(["memory", "forget", "138-0013-8000", *where]) == 0
    assert capsys.readouterr().out == "13800138000 is forgotten: 1 of the bots knew it, 1 turns were in the history\n"
    assert main(["memory", "show", "13800138000", *where]) == 0
    assert capsys.readouterr().out == ""


def test_what_is_no_number_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["memory", "forget", "anonymous", "--set", f"paths.data={tmp_path}"]) == 2
    assert "is no number" in capsys.readouterr().err
