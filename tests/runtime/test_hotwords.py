from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from voicebot.errors import ConfigError
from voicebot.runtime.bots import OurBots
from voicebot.runtime.hotwords import hot_words_of_lines
from voicebot.runtime.order import WorkerOrder
from voicebot.settings import load_settings
from voicebot.settings.model import Settings

_LINES = """\
lines:
  - {name: ours, called: ["*"], bot: appointment, language: zh}
  - {name: theirs, called: [x], brain_url: "http://127.0.0.1:1/stream/query", language: zh}
"""
BOTS = Path(__file__).resolve().parents[2] / "config" / "bots"


def settings_of(tmp_path: Path, *overrides: str) -> Settings:
    folder = tmp_path / "bots" / "appointment"
    if not folder.exists():
        folder.mkdir(parents=True)
        (folder / "bot.yaml").write_bytes((BOTS / "appointment" / "bot.yaml").read_bytes())
        (tmp_path / "models").symlink_to(load_settings(environ=os.environ).paths.models.resolve())
    file = tmp_path / "voicebot.yaml"
    file.write_text(_LINES, encoding="utf-8")
    return load_settings(file, [f"bots.directory={tmp_path / 'bots'}", f"paths.data={tmp_path}", *overrides])


@pytest.mark.parametrize("listed", ["李明远\n", None])
def test_each_line_of_ours_has_the_words_of_its_bot(tmp_path: Path, listed: str | None) -> None:
    settings = settings_of(tmp_path)
    bots = OurBots(settings)
    if listed:
        (tmp_path / "bots" / "appointment" / "hotwords.txt").write_text(listed, encoding="utf-8")
    words = hot_words_of_lines(settings, bots)
    assert list(words) == ["ours"]
    assert words["ours"][0] == ("李明远" if listed else "王女士")


@pytest.mark.parametrize("off", ["off", '"off"', "false"])
def test_none_are_looked_for_where_they_are_switched_off(tmp_path: Path, off: str) -> None:
    settings = settings_of(tmp_path, f"speech.recogniser.hot_words={off}")
    assert hot_words_of_lines(settings, OurBots(settings)) == {}


async def test_a_wrong_list_keeps_the_version_that_runs(tmp_path: Path) -> None:
    bots = OurBots(settings_of(tmp_path))
    (tmp_path / "bots" / "appointment" / "hotwords.txt").write_text("长" * 30, encoding="utf-8")
    before = bots.by_folder["appointment"].current
    with pytest.raises(ConfigError, match=r"hotwords\.txt:1"):
        await bots.take_over("appointment")
    assert bots.by_folder["appointment"].current is before


def test_a_line_worker_is_told_the_words(tmp_path: Path) -> None:
    order = WorkerOrder(
        "token",
        load_settings(),
        ("127.0.0.1", 1),
        ("127.0.0.1", 2),
        tmp_path,
        "http://x",
        "",
        hot_words={"a": ["王女士"]},
    )
    assert WorkerOrder.from_json(json.loads(json.dumps(order.as_json()))).hot_words == {"a": ["王女士"]}
