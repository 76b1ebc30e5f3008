"""Changed bots are taken over: look by look, without a service around them."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.dialogue.shared import ROOT, models
from voicebot.dialogue.versions import EngineVersions
from voicebot.protocol import Query
from voicebot.runtime.bots import OurBots
from voicebot.runtime.folders import fingerprint, fingerprints
from voicebot.runtime.reload import Reloader
from voicebot.settings import load_settings
from voicebot.settings.model import Settings

BOT = """\
language: en
start: hello
silence: {prompts: ["Hello?"], goto: bye}
fallback: {texts: ["Sorry?"], goto: bye}
nodes:
  hello: {say: Version ONE., transitions: [{any: true, goto: bye}]}
  bye: {say: Bye., instructions: {hangup: true}}
"""


class Office:
    """A folder of bots that is looked at."""

    def __init__(self, folder: Path, *, automatic: bool = True) -> None:
        self.folder = folder / "bots"
        (self.folder / "office").mkdir(parents=True)
        (folder / "models").symlink_to(models())
        self.write("ONE")
        settings = load_settings(ROOT / "config/voicebot.yaml", [f"paths.data={folder}"], os.environ)
        settings = Settings.model_validate({**settings.model_dump(), "lines": [], "bots": {"directory": self.folder}})
        self.bots = OurBots(settings)
        self.new: list[str] = []
        self.reloader = Reloader(self.bots, self._is_new, automatic=automatic)

    def write(self, version: str, name: str = "office") -> None:
        """Write a version of a bot."""
        (self.folder / name).mkdir(exist_ok=True)
        (self.folder / name / "bot.yaml").write_text(BOT.replace("ONE", version), encoding="utf-8")

    async def look(self, times: int = 2) -> list[str]:
        """Look some times; return the bots that were taken over."""
        self.new = []
        for _ in range(times):
            await self.reloader.look()
        return self.new

    async def greeting(self, name: str = "office") -> str:
        """Return what a new caller hears."""
        chunks = [chunk async for chunk in self.bots.by_folder[name].ask(Query())]
        return "".join(chunk.reply.text for chunk in chunks if chunk.reply is not None).strip()

    def _is_new(self, versions: EngineVersions) -> None:
        self.new.append(versions.bot.name)


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """A folder that is looked at by itself."""
    office = Office(tmp_path)
    yield office
    await office.bots.close()


async def test_a_change_is_taken_over_when_it_has_settled(office: Office) -> None:
    assert await office.look() == []
    office.write("TWO")
    assert await office.look(1) == []
    office.write("THREE")
    assert await office.look(1) == [], "it has changed since the last look"
    assert await office.look(1) == ["office"]
    assert await office.greeting() == "Version THREE."
    assert await office.look() == []


async def test_a_wrong_version_is_told_once_and_changes_nothing(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.write("TWO, goto: nowhere")
    with caplog.at_level(logging.ERROR):
        assert await office.look(5) == []
    (record,) = caplog.records
    assert "office/bot.yaml:6" in record.getMessage()
    assert await office.greeting() == "Version ONE."
    office.write("TWO")
    assert await office.look() == ["office"]


async def test_another_name_needs_a_restart(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    file = office.folder / "office" / "bot.yaml"
    file.write_text(f"name: bureau\n{BOT}", encoding="utf-8")
    with caplog.at_level(logging.ERROR):
        assert await office.look() == []
    assert "needs a restart" in caplog.text


async def test_bots_come_and_go(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.write("NEW", "branch")
    assert await office.look() == ["branch"]
    assert await office.greeting("branch") == "Version NEW."
    (office.folder / "branch" / "bot.yaml").unlink()
    with caplog.at_level(logging.WARNING):
        assert await office.look(3) == []
    (record,) = caplog.records
    assert "branch" in record.getMessage()
    assert await office.greeting("branch") == "Version NEW."
    office.write("BACK", "branch")
    assert await office.look() == ["branch"]


async def test_a_service_that_waits_for_a_signal_looks_only_then(tmp_path: Path) -> None:
    office = Office(tmp_path, automatic=False)
    office.write("TWO")
    assert await office.look(3) == []
    await office.reloader.look(everything=True)
    assert office.new == ["office"]
    assert await office.greeting() == "Version TWO."
    await office.bots.close()


async def test_stopping_gives_up_what_is_being_loaded(office: Office) -> None:
    office.reloader.start()
    office.reloader.ask()
    await office.reloader.stop()
    assert office.new == []


def test_what_editors_leave_behind_is_no_change(tmp_path: Path) -> None:
    (tmp_path / "shop" / "skills" / "__pycache__").mkdir(parents=True)
    (tmp_path / "shop" / "bot.yaml").write_text("x")
    (tmp_path / "shop" / "skills" / "stock.py").write_text("x")
    before = fingerprints(tmp_path)
    assert list(before) == ["shop"]
    assert {name for name, _, _ in before["shop"]} == {"bot.yaml", "skills/stock.py"}
    for name in ("bot.yaml~", ".bot.yaml.swp", "skills/__pycache__/stock.pyc", "skills/stock.pyc", "bot.yaml.tmp"):
        (tmp_path / "shop" / name).write_text("x")
    assert fingerprint(tmp_path / "shop") == before["shop"]
    (tmp_path / "shop" / "faq.csv").write_text("x")
    assert fingerprint(tmp_path / "shop") != before["shop"]
