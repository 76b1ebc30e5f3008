"""The calls that the turn bench makes, from recorded clips."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path

from voicebot.caller.analysis import has_clear_ends
from voicebot.caller.audio import load_clip
from voicebot.caller.script import Script, Step
from voicebot.errors import ConfigError

# Words a caller answers such calls with; the rest of a clip folder fills up.
_KINDS = {"zh": ("word", "sentence"), "en": ("short", "sentence", "command", "telephone-band")}
_RATE_HZ = 16000
_SHORTEST_S, _LONGEST_S = 0.8, 5.0


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


def clips(folder: Path, language: str) -> list[Path]:
    """Return the clips of one language that suit a short answer on the phone, in a fixed order.

    Only clips whose words begin and end at a clear moment, if there are any: the others time less exactly.
    """
    entries = [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    suitable = [
        entry
        for entry in entries
        if entry["lang"] == language
        and entry["kind"] in _KINDS[language]
        and entry["text"]
        and _SHORTEST_S <= entry["seconds"] <= _LONGEST_S
    ]
    # Words and sentences in turn, so that every call has both.
    groups = [[entry for entry in suitable if entry["kind"] == kind] for kind in _KINDS[language]]
    mixed = itertools.chain.from_iterable(itertools.zip_longest(*groups))
    chosen = [folder / entry["file"] for entry in mixed if entry is not None]
    clear = [clip for clip in chosen if has_clear_ends(load_clip(clip, _RATE_HZ), _RATE_HZ)]
    return clear or chosen


def turn_script(name: str, target: str, supply: Iterator[Path], turns: int, number: int) -> Script:
    """Return a call in which the caller listens and answers, ``turns`` times."""
    steps = tuple(Step("say", str(next(supply))) for _ in range(turns))
    # Spread over the length of a turn: callers do not speak in chorus.
    return Script(name, target, (*steps, Step("listen")), start_after_ms=number * 700)


def barge_in_script(name: str, target: str, supply: Iterator[Path], turns: int) -> Script:
    """Return a call in which the caller talks over the bot in every turn."""
    steps = tuple(Step("interrupt", str(next(supply)), after_ms=600) for _ in range(turns))
    return Script(name, target, (*steps, Step("listen")))
