"""Slots that are typed on the telephone."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.dialogue import Bot, load_bot
from voicebot.dialogue.expecting import expectation_of, in_common
from voicebot.errors import ConfigError
from voicebot.protocol.expectation import Expectation, Expected, KeyEntry
from voicebot.protocol.instruction import SendDigits

BOT = """\
language: en
start: ask
silence: {prompts: ["Hello?"], goto: bye}
fallback: {texts: ["Sorry?"], goto: bye}
nodes:
  ask:
    slots:
      pin: {kind: digits, ask: Your PIN please., length: 4, KEYS}
    filled: bye
  bye: {say: Bye., instructions: {INSTRUCTIONS}}
"""


def load(folder: Path, keys: str = "keys: true", instructions: str = "hangup: true") -> Bot:
    file = folder / "bot.yaml"
    file.write_text(BOT.replace("KEYS", keys).replace("INSTRUCTIONS", instructions), encoding="utf-8")
    return load_bot(file)


@pytest.mark.parametrize(
    ("keys", "entry"),
    [
        ("keys: true", KeyEntry()),
        ("keys: false", None),
        ("keys: {}", KeyEntry()),
        ('keys: {end: "*", gap_ms: 800, first_seconds: 5, masked: true}', KeyEntry("*", 800, True)),
        ('keys: {end: ""}', KeyEntry("")),
    ],
)
def test_how_it_is_typed_is_told_to_the_line(tmp_path: Path, keys: str, entry: KeyEntry | None) -> None:
    node = load(tmp_path, keys).nodes["ask"]
    assert expectation_of(node, node.slots) == Expectation(Expected.DIGITS, (4, 4), entry)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("keys: {end: '##'}", "expected one key"),
        ("keys: {end: x}", "expected one key"),
        ("keys: {gap_ms: 1}", "gap_ms"),
        ("keys: {first_seconds: 0}", "first_seconds"),
        ("keys: {seconds: 1}", "seconds"),
        ("keys: maybe", "true, or a map"),
    ],
)
def test_mistakes(tmp_path: Path, keys: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        load(tmp_path, keys)


def test_a_secret_stays_one_where_it_is_not_known_which_question_comes() -> None:
    secret = Expectation(Expected.DIGITS, (4, 4), KeyEntry(masked=True))
    assert in_common([secret, Expectation()]).masked
    assert in_common([secret, secret]) == secret


def test_keys_are_pressed_by_an_instruction(tmp_path: Path) -> None:
    assert load(tmp_path, instructions='keys: "12#"').nodes["bye"].instructions == (SendDigits("12#"),)
    with pytest.raises(ConfigError, match="keys of a telephone"):
        load(tmp_path, instructions="keys: hello")
