from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.bench.cases import CASES, Background, read_cases, scenarios
from voicebot.bench.scenarios import ANSWERING, TALKING_OVER
from voicebot.bench.stage import BOTS
from voicebot.dialogue.botfile import load_bots
from voicebot.errors import ConfigError

FILE = """
defaults: {bot: open, expect: answer}
groups:
  - kind: two words
    language: zh
    cases:
      - zh/a.wav
      - [zh/a.wav, 400, {say: "对"}]
  - kind: noise
    language: en
    expect: go_on
    cases:
      - {parts: [3000], background: {clip: noise/a.wav, snr_db: 15}, after_ms: 300}
"""


def test_cases_take_what_their_group_and_the_file_say(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(FILE, encoding="utf-8")
    one, two, noise = read_cases(file)
    assert (one.id, one.parts, one.expect, one.language) == ("two-words-zh-open-1", ("zh/a.wav",), "answer", "zh")
    assert two.parts == ("zh/a.wav", 400, {"say": "对"})
    assert (noise.background, noise.expect, noise.after_ms) == (Background("noise/a.wav", 15.0), "go_on", 300)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("expect: answer", "expect: maybe"),
        ("kind: noise", "kind: noise\n    colour: pink"),
        ("- zh/a.wav\n", "- [{shout: hello}]\n"),
        ("language: en", "language: fr"),
        ("groups:", "group:"),
        ("kind: noise\n    language: en\n    expect: go_on", "kind: two words\n    language: zh"),
    ],
)
def test_a_mistake_in_the_file_is_told(tmp_path: Path, wrong: str, told: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(FILE.replace(wrong, told, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"x\.yaml"):
        read_cases(file)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_cases(tmp_path / "x.yaml")


def test_every_scenario_has_cases_and_every_case_a_bot() -> None:
    assert set(scenarios()) == {*ANSWERING, *TALKING_OVER}
    bots = load_bots(BOTS)
    for name in scenarios():
        for case in read_cases(CASES / f"{name}.yaml"):
            assert f"{case.language}_{case.bot}" in bots
            assert (case.expect == "answer") == (name in ANSWERING)


def test_long_sentences_of_the_bots_end_in_no_question() -> None:
    """After a question a short word is an answer, and must stop the bot."""
    for name, bot in load_bots(BOTS).items():
        if name.endswith(("_long", "_semantic")):
            assert not [text for text in bot.nodes["talk"].say if "?" in text or "？" in text]
