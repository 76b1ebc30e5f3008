from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from voicebot.dialogue.entities import NEGATED, Entity, EntityKind, find_entities

NOW = datetime(2026, 11, 18, 10, 20)
HERE = Path(__file__).parent
PLAIN = 0.8


def cases(file: str) -> list[tuple[EntityKind, str, list[str]]]:
    found, kind = [], EntityKind.NUMBER
    for line in (HERE / file).read_text(encoding="utf-8").splitlines():
        if section := re.fullmatch(r"\[(\w+)\]", line):
            kind = EntityKind(section[1])
        elif line and not line.startswith("#"):
            said, _, expected = line.partition(" =>")
            values = [value.strip() for value in expected.split("|")]
            found.append((kind, said, [value for value in values if value]))
    return found


def marked(entity: Entity) -> str:
    if entity.confidence == NEGATED:
        return "!" + entity.value
    return entity.value if entity.confidence >= PLAIN else "~" + entity.value


@pytest.mark.parametrize(("kind", "said", "values"), cases("mandarin.txt"))
def test_mandarin(kind: EntityKind, said: str, values: list[str]) -> None:
    assert [marked(entity) for entity in find_entities(said, "zh", NOW, [kind])] == values


@pytest.mark.parametrize(("kind", "said", "values"), cases("english.txt"))
def test_english(kind: EntityKind, said: str, values: list[str]) -> None:
    assert [marked(entity) for entity in find_entities(said, "en", NOW, [kind])] == values


@pytest.mark.parametrize(("file", "least"), [("mandarin.txt", 250), ("english.txt", 120)])
def test_no_utterance_is_listed_twice(file: str, least: int) -> None:
    asked = [(kind, said) for kind, said, _ in cases(file)]
    assert len(set(asked)) == len(asked) >= least
