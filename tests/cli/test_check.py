"""``voicebot check`` as people run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.dialogue.shared import ROOT, SMALL_BOT, models
from voicebot.cli.main import main
from voicebot.dialogue.schema import schema_text


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    """Settings with a folder of bots and the models that are there."""
    folder = tmp_path / "bots" / "small"
    folder.mkdir(parents=True)
    (folder / "bot.yaml").write_text(SMALL_BOT.replace("hello: {say: Hi there.}", "hello: {repeat: true}"))
    data = tmp_path / "data"
    data.mkdir()
    (data / "models").symlink_to(models())
    return ["--set", f"paths.data={data}", "--set", f"bots.directory={tmp_path / 'bots'}"]


def test_warnings_count_when_they_are_asked_for(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "small", *options]) == 0
    out = capsys.readouterr().out
    assert "bot.yaml:35: warning: nothing sets the variable 'nothing'" in out
    assert out.splitlines()[-1].startswith("1 bot: 0 errors, ")
    assert main(["check", "small", "--strict", *options]) == 1


def test_errors_are_told_for_all_bots(options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "bots" / "broken"
    broken.mkdir()
    (broken / "bot.yaml").write_text(SMALL_BOT.replace("goto: number", "goto: numbers"))
    assert main(["check", *options]) == 1
    out = capsys.readouterr().out
    assert "broken/bot.yaml:22: error: " in out
    assert "broken/bot.yaml:44: error: " in out
    assert out.splitlines()[-1].startswith("2 bots: 2 errors, ")


def test_a_folder_or_a_file_may_be_named(options: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "bots" / "small"
    assert main(["check", str(folder), str(folder / "bot.yaml"), *options]) == 0


def test_findings_as_json(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", *options]) == 0
    findings = json.loads(capsys.readouterr().out)
    assert {"severity", "code", "where", "problem", "fix"} == set(findings[0])
    assert "unknown_variable" in {finding["code"] for finding in findings}


def test_without_the_model_words_alone_are_compared(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *options, "--set", f"paths.data={tmp_path / 'empty'}"]) == 0
    assert "compared by their words only" in capsys.readouterr().out


def test_a_bot_that_is_not_there(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "nobody", *options]) == 2
    assert "there is no bot 'nobody'" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["bot"], ["faq"], ["intents"]])
def test_the_schemas_are_printed(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--schema", *options]) == 0
    name = options[0] if options else "bot"
    printed = capsys.readouterr().out
    assert printed == schema_text(name) == (ROOT / f"config/bots/{name}.schema.json").read_text(encoding="utf-8")
