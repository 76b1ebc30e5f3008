from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.dialogue.shared import BOTS, models
from voicebot.cli.main import main

OPTIONS = ["--set", f"bots.directory={BOTS}", "--set", f"paths.data={models().parent}"]


def write(folder: Path, name: str, *entries: Mapping[str, object]) -> None:
    (folder / name).write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")


@pytest.fixture
def turns(tmp_path: Path) -> Path:
    write(tmp_path, "topics.json", {"service": {"faq:hours": ["What are your opening hours?"]}})
    turn = {"id": "1", "node": "greeting", "said": "When do you open?", "expect": ["faq:hours"], "kind": "faq"}
    write(tmp_path, "service_en.jsonl", turn)
    heard = {"id": "1", "said": turn["said"], "model": "whisper", "voice": "joe", "speed": 1.0}
    quiet = {**heard, "heard": "When do you open?"}
    noisy = {**heard, "heard": "My hovercraft is full of eels", "noise": "cafe.wav", "snr_db": 15.0}
    write(tmp_path, "asr_en.jsonl", quiet, noisy)
    return tmp_path


def test_figures_of_each_condition_are_printed_and_written(
    turns: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- eval understanding: begin -->\n<!-- eval understanding: end -->\n", encoding="utf-8")
    command = ["eval", "understanding", "--bot", "service", "--turns", str(turns), "--asr", "--details", "--write"]
    assert main([*command, str(page), *OPTIONS]) == 0
    printed = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in printed.splitlines()[2:5]]
    assert [(row[1], row[2], row[5], row[7]) for row in rows] == [
        ("as written", "", "100.0 %", "0.0 %"),
        ("telephone", "0.0 %", "100.0 %", "0.0 %"),
        ("telephone, noise", "150.0 %", "0.0 %", "100.0 %"),
    ]
    assert "missed 1 at greeting: My hovercraft is full of eels" in printed
    assert "| service | telephone, noise |" in page.read_text(encoding="utf-8")


def test_a_missing_folder_of_turns_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "understanding", "--turns", str(tmp_path / "none"), *OPTIONS]) == 2
    assert "cannot be read" in capsys.readouterr().err
