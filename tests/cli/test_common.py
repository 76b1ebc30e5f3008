from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from tests.dialogue.shared import ROOT
from voicebot.cli.common import add_config_arguments, settings_from
from voicebot.errors import ConfigError
from voicebot.settings import Settings, load_settings


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_config_arguments(parser)
    return parser.parse_args(arguments)


def test_the_default_config_says_what_the_defaults_are() -> None:
    assert load_settings(ROOT / "config" / "voicebot.yaml") == Settings()


def test_file_environment_and_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "my.yaml"
    file.write_text("http: {port: 1}\nsip: {port: 2}\nlog: {level: debug}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOICEBOT_SIP__PORT", "3")
    settings = settings_from(parse("--config", str(file), "--set", "http.port=4"))
    assert (settings.http.port, settings.sip.port, settings.log.level) == (4, 3, "debug")
    monkeypatch.setenv("VOICEBOT_CONFIG", str(file))
    assert settings_from(parse()).http.port == 1


def test_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VOICEBOT_CONFIG", raising=False)
    assert settings_from(parse("--set", "http.port=7")).http.port == 7
    with pytest.raises(ConfigError, match="there is no such settings file"):
        settings_from(parse("--config", "none.yaml"))
