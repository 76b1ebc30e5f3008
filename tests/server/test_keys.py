from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from voicebot.errors import ConfigError
from voicebot.server.keys import api_key, same_key
from voicebot.server.secrets import audio_secret
from voicebot.settings import Settings, load_settings


def settings(data: Path) -> Settings:
    return load_settings(overrides=[f"paths.data={data}"])


def test_a_key_is_made_once_and_only_we_may_read_it(tmp_path: Path) -> None:
    config = settings(tmp_path / "new" / "data")
    key = api_key(config)
    file = tmp_path / "new" / "data" / "api_key"
    assert len(key) >= 32
    assert api_key(config) == key == file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert audio_secret(config) != key.encode()
    assert sorted(path.name for path in file.parent.iterdir()) == ["api_key", "audio_secret"]


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: api_key(settings(tmp_path)), range(16)))
    assert len(set(keys)) == 1


def test_a_configured_key_is_not_kept(tmp_path: Path) -> None:
    config = load_settings(overrides=[f"paths.data={tmp_path}"], environ={"VOICEBOT_API_KEY": "mine"})
    assert api_key(config) == "mine"
    assert list(tmp_path.iterdir()) == []


def test_places_where_no_key_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot keep a key here"):
        api_key(settings(tmp_path / "file"))
    (tmp_path / "api_key").write_text("\n")
    with pytest.raises(ConfigError, match="is empty"):
        api_key(settings(tmp_path))


def test_comparing() -> None:
    assert same_key("a", "a")
    assert not same_key("", "a")
    assert not same_key("\udcff", "a")
