"""Where recorded speech lies."""

from __future__ import annotations

import os
from pathlib import Path

from voicebot.errors import ConfigError


def speech_folder(asked: Path | None) -> Path:
    """Find a folder of recorded speech with a ``manifest.jsonl``.

    Raises:
        ConfigError: none of the usual places has one.
    """
    named = asked or (Path(os.environ["VOICEBOT_SPEECH_DIR"]) if os.environ.get("VOICEBOT_SPEECH_DIR") else None)
    places = [named] if named else [Path("../shared/speech"), Path("tests/data")]
    for place in places:
        if (place / "manifest.jsonl").is_file():
            return place
    raise ConfigError(f"no recorded speech found in {' or '.join(map(str, places))}; name a folder with --speech")
