"""The sets of labelled turns: the known one, which bots are improved with, and the one that is held out from that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from voicebot.evaluation.turns import SETS


@dataclass(frozen=True, slots=True)
class TurnSet:
    """Turns of every bot.

    Attributes:
        name: "known" or "held-out".
        files: of each bot's turns, without the ending.
        transcripts: how the files of transcripts begin, before "_<language>.jsonl".
        shown: wordings may be listed without being asked for by the set's name.
    """

    name: str
    files: Mapping[str, str]
    transcripts: str
    shown: bool

    def turns_file(self, folder: Path, bot: str) -> Path:
        """Return the file of a bot's turns."""
        return folder / f"{self.files[bot]}.jsonl"

    def transcripts_file(self, folder: Path, language: str) -> Path:
        """Return the file with the turns of a language as they were heard over the telephone."""
        return folder / f"{self.transcripts}_{language}.jsonl"


KNOWN = TurnSet("known", SETS, "asr", shown=True)
HELD_OUT = TurnSet("held-out", {"appointment": "heldout_zh", "service": "heldout_en"}, "asr_heldout", shown=False)
"""Whoever writes bots or the matcher must not see these."""
TURN_SETS = (KNOWN, HELD_OUT)
ALL = "all"
CHOICES = (ALL, *(turns.name for turns in TURN_SETS))


def chosen(choice: str) -> tuple[TurnSet, ...]:
    """Return the sets that one of CHOICES means."""
    return tuple(turns for turns in TURN_SETS if choice in (ALL, turns.name))


def may_be_listed(name: str, choice: str) -> bool:
    """Tell whether the turns of a set may be listed: held-out ones only if nothing but them was asked for."""
    return choice == name or any(turns.shown for turns in TURN_SETS if turns.name == name)
