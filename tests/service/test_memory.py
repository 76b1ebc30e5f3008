"""A caller rings twice: the bot knows him by his number, and every turn is in the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.configured import config, line
from tests.service.peers import sipp
from tests.service.running import RunningService, heard
from tests.service.script import Script
from voicebot.cli.main import main
from voicebot.settings import load_settings
from voicebot.storage.store import Storage

pytestmark = [pytest.mark.audio, pytest.mark.timeout(120)]

BOT = """\
language: en
start: greeting
memory: {remember: [topic]}
silence: {prompts: ["Hello?"], goto: bye}
fallback: {texts: ["Sorry?"], goto: bye}
nodes:
  greeting:
    goto:
      - {if: last_topic is set, goto: again}
      - {goto: first}
  first: {set: {topic: invoices}, say: Good day., goto: bye}
  again: {say: "Is it about {{last_topic}} again?", goto: bye}
  bye: {say: Bye., instructions: {hangup: true}}
"""
NUMBER = "13800138000"


@pytest.fixture(scope="module")
def remembering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service whose bot remembers, with the history on."""
    bots: Path = tmp_path_factory.mktemp("bots")
    (bots / "office").mkdir()
    (bots / "office" / "bot.yaml").write_text(BOT, encoding="utf-8")
    settings = config(
        lines=[line("office")],
        bots={"directory": str(bots), "default": "office"},
        storage={"history": True},
        log={"level": "debug"},
    )
    running = RunningService(tmp_path_factory.mktemp("remembering"), settings)
    try:
        running.until_ready()
        yield running
    finally:
        running.destroy()


async def test_a_caller_is_known_when_he_rings_again_until_he_is_forgotten(
    remembering: RunningService, capsys: pytest.CaptureFixture[str]
) -> None:
    script = Script(NUMBER, "office").rings().is_answered().is_hung_up_on()
    for _ in range(2):
        async with sipp(script, remembering.sip_port) as caller:
            await caller.succeeds()
    remembering.terminate()
    assert remembering.ends(20) == 0, remembering.log.text
    told = [[text for text, _ in heard(record)] for record in remembering.records()]
    assert sorted(told) == [["Good day.", "Bye."], ["Is it about invoices again?", "Bye."]]
    settings = load_settings(overrides=[f"paths.data={remembering.data}"])
    storage = Storage(settings)
    turns = storage.turns.of_caller(NUMBER)
    storage.close()
    assert [turn.bot_text for turn in turns] == ["Good day. Bye.", "Is it about invoices again? Bye."]
    log = remembering.log.text.replace(f"call {NUMBER}-", "call ")  # the Call-ID is the caller's own
    assert NUMBER not in log
    assert "invoices" not in log
    where = ["--set", f"paths.data={remembering.data}"]
    assert main(["memory", "show", NUMBER, *where]) == 0
    assert capsys.readouterr().out.split("\t")[::3] == ["office", "topic=invoices\n"]
    assert main(["memory", "forget", NUMBER, *where]) == 0
    assert "2 turns" in capsys.readouterr().out
