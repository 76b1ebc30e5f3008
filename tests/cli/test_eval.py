from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.dialogue.shared import BOTS, models
from voicebot.cli.main import main

OPTIONS = ["--set", f"bots.directory={BOTS}", "--set", f"paths.data={models().parent}"]
COMMAND = ["eval", "understanding", "--bot", "service", *OPTIONS]
EELS = "My hovercraft is full of eels"
SECRET = "Kindly play me a polka"


def write(folder: Path, name: str, *entries: Mapping[str, object]) -> None:
    (folder / name).write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")


def turn(name: str, said: str) -> dict[str, object]:
    return {"id": name, "node": "greeting", "said": said, "expect": ["faq:hours"], "kind": "faq"}


def heard(name: str, said: str, understood: str, noise: str = "") -> dict[str, object]:
    made = {"model": "whisper", "voice": "joe", "speed": 1.0, "noise": noise, "snr_db": 15.0 if noise else None}
    return {"id": name, "said": said, "heard": understood, **made}


@pytest.fixture
def turns(tmp_path: Path) -> Path:
    """A folder with one known and one held-out turn; only the known one was heard over the telephone."""
    write(tmp_path, "topics.json", {"service": {"faq:hours": ["What are your opening hours?"]}})
    known = "When do you open?"
    write(tmp_path, "service_en.jsonl", turn("1", known))
    write(tmp_path, "heldout_en.jsonl", turn("he-1", SECRET))
    write(tmp_path, "asr_en.jsonl", heard("1", known, known), heard("1", known, EELS, "cafe.wav"))
    return tmp_path


def rows_of(printed: str) -> list[tuple[str, ...]]:
    """Return turns, heard, misheard, number, right and asked again of each row of the first table."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in printed.split("\n\n")[0].splitlines()[2:]]
    return [(row[1], row[2], row[3], row[5], row[6], row[8]) for row in rows]


def test_figures_of_each_set_and_condition_are_printed_and_written(
    turns: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- eval understanding: begin -->\n<!-- eval understanding: end -->\n", encoding="utf-8")
    assert main([*COMMAND, "--folder", str(turns), "--asr", "--write", str(page)]) == 0
    printed = capsys.readouterr().out
    assert rows_of(printed) == [
        ("known", "as written", "", "1", "100.0 %", "0.0 %"),
        ("known", "telephone", "0.0 %", "1", "100.0 %", "0.0 %"),
        ("known", "telephone, noise", "150.0 %", "1", "0.0 %", "100.0 %"),
        ("held-out", "as written", "", "1", "0.0 %", "100.0 %"),
    ]
    missing = "service, held-out turns: not heard over the telephone yet, there is no asr_heldout_en.jsonl"
    assert missing in printed
    written = page.read_text(encoding="utf-8")
    assert "| service | held-out |" in written
    assert missing in written


def test_transcripts_of_held_out_turns_are_their_own(turns: Path, capsys: pytest.CaptureFixture[str]) -> None:
    understood = "When do you open?"
    entries = [heard("he-1", SECRET, understood), heard("he-1", SECRET, understood, "cafe.wav")]
    write(turns, "asr_heldout_en.jsonl", *entries)
    assert main([*COMMAND, "--folder", str(turns), "--asr", "--turns", "held-out"]) == 0
    printed = capsys.readouterr().out
    assert [(row[0], row[1], row[4]) for row in rows_of(printed)] == [
        ("held-out", "as written", "0.0 %"),
        ("held-out", "telephone", "100.0 %"),
        ("held-out", "telephone, noise", "100.0 %"),
    ]
    assert "not heard" not in printed


@pytest.mark.parametrize("choice", [[], ["--turns", "all"], ["--turns", "known"]])
def test_held_out_turns_are_not_listed_along_with_others(
    turns: Path, choice: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*COMMAND, "--folder", str(turns), "--asr", "--details", *choice]) == 0
    printed = capsys.readouterr().out
    assert f"missed 1 at greeting: {EELS}" in printed
    assert SECRET not in printed
    assert "he-1" not in printed


def test_held_out_turns_are_listed_where_they_alone_are_asked_for(
    turns: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*COMMAND, "--folder", str(turns), "--details", "--turns", "held-out"]) == 0
    printed = capsys.readouterr().out
    assert f"missed he-1 at greeting: {SECRET}" in printed
    assert [row[0] for row in rows_of(printed)] == ["held-out"]


def test_a_missing_folder_of_turns_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "understanding", "--folder", str(tmp_path / "none"), *OPTIONS]) == 2
    assert "cannot be read" in capsys.readouterr().err
