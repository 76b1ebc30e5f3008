from __future__ import annotations

import argparse
import asyncio
import io
from pathlib import Path

import pytest

from tests.dialogue.shared import ROOT, encoder, engine, models
from voicebot.cli import chat
from voicebot.cli.chat import Chat
from voicebot.dialogue import Engine
from voicebot.errors import ConfigError
from voicebot.skills.runner import BotSkills


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    chat.add_parser(subparsers)
    return parser.parse_args(["chat", *arguments])


def talk(name: str, lines: str, verbose: bool = False, skill_home: Path | None = None) -> str:
    out = io.StringIO()
    loop = asyncio.new_event_loop()
    bot = engine(name)
    if skill_home is not None:
        bot = Engine(bot.bot, encoder(), skills=BotSkills(bot.bot.skills, skill_home))
    try:
        assert Chat(bot, loop, verbose, io.StringIO(lines), out).talk({}) == 0
    finally:
        loop.run_until_complete(bot.close())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
    return out.getvalue()


def test_a_conversation_to_the_hang_up(tmp_path: Path) -> None:
    shown = talk("service", "where is my order\n4 5 1 2 3\nno\nnever read\n", skill_home=tmp_path)
    assert "bot> Hello, this is Northwind Mobile. How can I help you?" in shown
    assert "Your order is on its way" in shown
    assert shown.endswith("[hangs up]\n")
    assert shown.count("you> ") == 3


def test_silence_transfer_and_the_end_of_the_input() -> None:
    shown = talk("service", "\nagent\n/busy\n")
    assert "Are you still there?" in shown
    assert "[transfers the call to number 8000]" in shown
    assert "all my colleagues are on the phone" in shown


def test_verbose_tells_what_was_decided_and_why() -> None:
    shown = talk("appointment", "转员工\n/failed\n", verbose=True)
    assert "by likeness, score 0." in shown
    assert "transfer_failed failed" in shown


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sys.stdin", io.StringIO("我在开会\n"))
    data = models().parent
    assert chat.run(parse("--var", "name=李先生", "--set", f"paths.data={data}")) == 0
    assert "请问是李先生吗？" in capsys.readouterr().out


def test_an_endpoint_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert chat.run(parse("--url", "http://127.0.0.1:9/stream/query")) == 1
    assert "cannot be reached" in capsys.readouterr().out


def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no bot 'nobody'"):
        chat.run(parse("--bot", "nobody", "--set", f"bots.directory={ROOT / 'config/bots'}"))
    with pytest.raises(ConfigError, match="--var name: expected NAME=VALUE"):
        chat.run(parse("--var", "name"))
    with pytest.raises(ConfigError, match="there is no such settings file"):
        chat.run(parse("--config", str(tmp_path / "none.yaml")))
