from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialogue.shared import BOTS, SMALL_BOT
from voicebot.dialogue import Bot, load_bot, load_bots
from voicebot.errors import ConfigError
from voicebot.protocol import Hangup, ShortMessage


def load(tmp_path: Path, text: str) -> Bot:
    file = tmp_path / "bot.yaml"
    file.write_text(text, encoding="utf-8")
    return load_bot(file)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    message = caught.value.message
    assert message.startswith(str(tmp_path / "bot.yaml"))
    return message[len(str(tmp_path)) + 1 :]


def test_the_example_bots() -> None:
    bots = load_bots(BOTS)
    assert set(bots) == {"appointment", "service"}
    assert [bots[name].language for name in ("appointment", "service")] == ["zh", "en"]
    assert all(len(bot.faq) >= 12 for bot in bots.values())
    assert bots["appointment"].nodes["goodbye"].instructions == (Hangup(),)


def test_words_stay_words(tmp_path: Path) -> None:
    # A YAML loader would make true of yes, and 7 of 007.
    text = SMALL_BOT.replace('template: "7"', "template: 007")
    bot = load(tmp_path, text)
    assert bot.nodes["hello"].transitions[0].when.intents == ("yes",)
    assert bot.nodes["bye"].instructions == (ShortMessage("{{mobile}}", "", "007"), Hangup())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("start: hello", "start: helo", "bot.yaml:2: start: there is no node 'helo'; the nodes are: "),
        ("start: hello", "strat: hello", "bot.yaml:2: strat: 'strat' is not known here, did you mean 'start'?"),
        ("start: hello", "", "bot.yaml:1: 'start' is missing"),
        ("language: en", "language: fr", "bot.yaml:1: language: 'fr' is not known here. Allowed: en, zh"),
        ("silence_s: 9", "silence_s: 900", "bot.yaml:3: silence_s: expected a whole number from 1 to 120, found 900"),
        ("silence_s: 9", "silence_s: soon", "bot.yaml:3: silence_s: expected a whole number from 1 to 120"),
        ("silence_s: 9", "silence_s: 9\nsilence_s: 9", "bot.yaml:4: silence_s: stands here a second time"),
        ("silence_s: 9", "silence_s: [9", "bot.yaml:4: "),
        ("{intent: yes, goto: number}", "{intent: yess, goto: number}", "there is no intent 'yess'"),
        ("{intent: yes, goto: number}", "{goto: number}", "expected when to go"),
        ("{intent: yes, goto: number}", "{intent: yes}", "transitions[1]: 'goto' is missing"),
        ("(?P<number>[0-9]+)", "(?P<number>[0-9]+", "regex: not a regular expression"),
        ("type: seat", "type: chair", "transfer.type: 'chair' is not known here. Allowed: group, number, seat"),
        ("hangup: true", "hangup: maybe", "instructions.hangup: expected true or false"),
        ("interruptible: false", "goto: bye", "a node with 'listen: false', 'goto' or 'instructions' does not wait"),
        ("interruptible: false", "listen: true\n    goto: bye", "a node that listens goes on by its transitions"),
        ("    say: Bye.\n", "    say: []\n", "nodes.bye.say: expected at least one text"),
        ("    say: Bye.\n", "    say: {a: b}\n", "nodes.bye.say: expected a list"),
        ("  human: {goto: person}", "  humans: {goto: person}", "bot.yaml:13: globals.humans: there is no intent"),
        ("goto: bye}\n  bye:", "goto: other}\n  bye:", "goes in a circle without ever listening"),
        ('    answer: ["It is free. Really.", "As I said it is free."]', "", "faq[1]: 'answer' is missing"),
    ],
)
def test_mistakes_are_told_with_line_key_and_what_is_allowed(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = SMALL_BOT.replace("  other:\n    say: I see. {{nothing}}\n    goto: bye", "  other:\n    goto: sorry")
    assert old in text
    assert message in refusal(tmp_path, text.replace(old, new, 1))


@pytest.mark.parametrize("text", ["", "- a\n", "just words", "a: b: c"])
def test_files_that_are_no_bot(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, text)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_bot(tmp_path / "none.yaml")
    (tmp_path / "bot.yaml").write_bytes(b"name: \xff")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load_bot(tmp_path / "bot.yaml")
    with pytest.raises(ConfigError, match="there is no bot here"):
        load_bots(tmp_path / "nowhere")
