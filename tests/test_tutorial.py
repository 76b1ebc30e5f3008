"""The conversations that the tutorial shows take place as they are shown, and its examples of slots are slots."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from tests.dialogue.shared import ROOT, Caller, small_engine
from voicebot.dialogue import load_bot

PAGES = {"en": "build-a-bot.md", "zh": "build-a-bot.zh-CN.md"}
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def examples(language: str, kind: str, containing: str) -> list[str]:
    text = (ROOT / "docs" / PAGES[language]).read_text(encoding="utf-8")
    return [block for name, block in _FENCE.findall(text) if name == kind and containing in block]


def whole_bot(language: str) -> str:
    return examples(language, "yaml", "nodes:")[1]


@pytest.mark.parametrize("language", PAGES)
async def test_the_conversation(language: str, tmp_path: Path) -> None:
    (shown,) = examples(language, "", "you> ")
    caller = Caller(small_engine(tmp_path, whole_bot(language)))
    said = re.findall("^you> (.+)$", shown, re.MULTILINE)
    heard = [await caller.say(words) for words in ("", *said)]
    assert heard == re.findall("^bot> (.+)$", shown, re.MULTILINE)
    (entity,) = caller.decision.entities
    decision = f"slot until, score {caller.decision.score:.2f}; entities {entity.kind.value} {entity.value}"
    assert decision in shown


@pytest.mark.parametrize("language", PAGES)
def test_the_slots(language: str, tmp_path: Path) -> None:
    nodes = [block for block in examples(language, "yaml", "ask_table:") if "nodes:" not in block]
    (typed,) = examples(language, "yaml", "masked: true")
    nodes.append("ask_pin:\n  filled: goodbye\n  say: A PIN, please.\n" + textwrap.indent(typed, "  "))
    text = whole_bot(language).replace("nodes:\n", "nodes:\n" + textwrap.indent("".join(nodes), "  "))
    file = tmp_path / "bot.yaml"
    file.write_text(text, encoding="utf-8")
    loaded = load_bot(file).nodes
    (pin,) = loaded["ask_pin"].slots
    assert (pin.kind.value, pin.keys is not None and pin.keys.masked) == ("digits", True)
    slots = loaded["ask_table"].slots
    assert [slot.kind.value for slot in slots] == ["number", "date", "time"]
    condition = slots[0].rules.condition
    assert condition is not None
    assert condition.holds(lambda _name: "6")
    assert not condition.holds(lambda _name: "7")
