"""Labelled turns: what a caller says at a node of a bot, and what a bot should take it for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from voicebot.errors import ConfigError

DIRECTORY = Path("tests/data/understanding")
SETS = {"appointment": "appointment_zh", "service": "service_en"}
"""The file of turns of each bot, without its ending."""
TOPICS = "topics.json"
NOW = datetime(2026, 11, 23, 10, 0)
"""When the turns are said, a Monday: what their slots are relative to."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a caller says.

    Attributes:
        id: "zh-001".
        node: where the bot has just spoken.
        said: the words.
        expect: labels that are right, as ``labels.Judge`` reads them.
        kind: what sort of turn it is, for the breakdown.
        slot: the time that is meant: "2026-11-25T15:00", "2026-11-25", "15:00", "2026-11-25 afternoon"; "" for none.
        variables: what the conversation knows already.
    """

    id: str
    node: str
    said: str
    expect: tuple[str, ...]
    kind: str
    slot: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """A turn as the recogniser understood it over a telephone line.

    Attributes:
        id: of the turn.
        said: what was spoken, to notice a turn that was changed since.
        heard: what was understood.
        model, voice, speed, noise, snr_db: how it was made; noise "" and snr_db None for a line without any.
    """

    id: str
    said: str
    heard: str
    model: str
    voice: str
    speed: float
    noise: str = ""
    snr_db: float | None = None


def load_turns(file: Path) -> list[Turn]:
    """Read turns, one JSON object a line.

    Raises:
        ConfigError: the file is missing or a line is none of this kind.
    """
    turns = []
    for number, entry in _entries(file):
        try:
            turns.append(Turn(**{**entry, "expect": tuple(entry["expect"])}))
        except (KeyError, TypeError) as error:
            raise ConfigError(f"{file}: line {number} is not a labelled turn ({error})") from error
    return turns


def load_heard(file: Path) -> list[Heard]:
    """Read transcripts, one JSON object a line.

    Raises:
        ConfigError: the file is missing or a line is none of this kind.
    """
    heard = []
    for number, entry in _entries(file):
        try:
            heard.append(Heard(**entry))
        except TypeError as error:
            raise ConfigError(f"{file}: line {number} is not a transcript ({error})") from error
    return heard


def load_topics(file: Path, bot: str) -> dict[str, list[str]]:
    """Read which names of a bot each topic of the labels stands for: questions of its FAQ, for instance.

    Raises:
        ConfigError: the file is missing or has nothing of this kind for the bot.
    """
    try:
        topics = json.loads(_text(file))[bot].items()
        return {str(topic): [str(name) for name in names] for topic, names in topics}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"{file}: expected an object of topics with lists of names for '{bot}' ({error!r})"
        ) from error


def heard_turns(turns: Sequence[Turn], heard: Sequence[Heard], file: Path) -> list[Turn]:
    """Return turns with the words that were understood.

    Raises:
        ConfigError: a turn has no transcript, or its words were changed since.
    """
    known = {(entry.id, entry.said): entry.heard for entry in heard}
    missing = [turn.id for turn in turns if (turn.id, turn.said) not in known]
    if missing:
        raise ConfigError(f"{file}: no transcript of {', '.join(missing[:5])}; make them anew with --asr --fresh")
    return [
        Turn(turn.id, turn.node, known[turn.id, turn.said], turn.expect, turn.kind, turn.slot, turn.variables)
        for turn in turns
    ]


def _entries(file: Path) -> list[tuple[int, dict[str, Any]]]:
    try:
        return [(number, json.loads(line)) for number, line in enumerate(_text(file).splitlines(), start=1) if line]
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from error


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
