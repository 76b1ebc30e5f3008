from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.bench.scripts import speech_folder
from voicebot.errors import ConfigError

OWN_CLIPS = Path("tests/data")


def test_own_clips_serve_where_no_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEBOT_SPEECH_DIR", str(OWN_CLIPS))
    assert speech_folder(None) == OWN_CLIPS


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--speech"):
        speech_folder(tmp_path)
