from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialogue.shared import BOTS, SMALL_BOT, Caller, small_engine
from voicebot.dialogue import Bot, load_bot, load_bots
from voicebot.dialogue.bot import SkillUse
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


@pytest.mark.parametrize(
    ("whole_bot", "node", "expected"),
    [
        ("", "", (True, True)),
        ("", "interruptible: semantic", (True, True)),
        ("", "interruptible: true", (True, False)),
        ("", "interruptible: no", (False, False)),
        ("interruptible: true", "", (True, False)),
        ("interruptible: false", "interruptible: semantic", (True, True)),
    ],
)
async def test_what_may_interrupt(tmp_path: Path, whole_bot: str, node: str, expected: tuple[bool, bool]) -> None:
    text = SMALL_BOT.replace("silence_s: 9", whole_bot).replace("interruptible: false", node)
    caller = Caller(small_engine(tmp_path, text.replace("start: hello", "start: number")))
    await caller.say("")
    reply = caller.chunks[0].reply
    assert reply is not None
    assert (reply.allow_interrupt, reply.allow_semantic_interruption) == expected


def test_words_stay_words(tmp_path: Path) -> None:
    # A YAML loader would make true of yes, and 7 of 007.
    text = SMALL_BOT.replace('template: "7"', "template: 007")
    bot = load(tmp_path, text)
    assert bot.nodes["hello"].transitions[0].when.intents == ("yes",)
    assert bot.nodes["bye"].instructions == (ShortMessage("{{mobile}}", "", "007"), Hangup())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "interruptible: false",
            "interruptible: maybe",
            "bot.yaml:26: nodes.number.interruptible: expected true, false or semantic",
        ),
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


ROUTES = """\
language: en
start: hello
silence: {prompts: ["Hello?"], goto: bye}
fallback: {texts: ["Sorry?"], goto: bye}
skills:
  weather:
    url: https://weather.example/{{city}}
    query: {day: "{{day|today}}", key: "{{env.KEY}}"}
  book: {url: "{{env.SHOP}}/book", method: POST, json: {order: "{{order}}", count: 2, sure: true}, timeout_s: 9}
nodes:
  hello:
    set: {plan: "{{plan|none}}"}
    goto:
      - {if: plan == gold, goto: look}
      - {goto: bye}
  look:
    skill: {call: weather, with: {city: "{{city}}"}, save: sky, timeout_s: 2.5, on_error: bye}
    goto: bye
  ask:
    say: Well?
    skill: {call: book, with: {order: "{{order}}"}, save: {id: order.id}, wait: false}
    transitions:
      - {if: id is set, goto: bye}
  bye: {say: Bye., instructions: {hangup: true}}
"""


def test_branches_assignments_and_skills(tmp_path: Path) -> None:
    bot = load(tmp_path, ROUTES)
    assert bot.nodes["hello"].assignments == (("plan", "{{plan|none}}"),)
    assert [(branch.only_if.text, branch.goto) for branch in bot.nodes["hello"].branches] == [("plan == gold", "look")]
    assert bot.nodes["hello"].goto == "bye"
    assert bot.nodes["look"].skill == SkillUse("weather", {"city": "{{city}}"}, {"sky": ""}, 2.5, on_error="bye")
    assert bot.nodes["ask"].skill == SkillUse("book", {"order": "{{order}}"}, {"id": "order.id"}, wait=False)
    assert bot.nodes["ask"].listen
    (transition,) = bot.nodes["ask"].transitions
    assert transition.when.any


def test_remote_skills(tmp_path: Path) -> None:
    skills = load(tmp_path, ROUTES).skills
    schema = skills["weather"].parameters_schema
    assert schema["properties"] == {"city": {"type": "string"}, "day": {"type": "string"}}
    assert schema["required"] == ["city"]
    remote = skills["book"].remote
    assert remote is not None
    assert (remote.method, remote.json) == ("POST", {"order": "{{order}}", "count": 2, "sure": True})
    assert skills["book"].timeout_s == 9


def test_where_an_answer_may_end(tmp_path: Path) -> None:
    bot = load(tmp_path, ROUTES.replace("on_error: bye", "on_error: ask"))
    assert [node.id for node in bot.ends_of(bot.nodes["hello"])] == ["bye", "ask"]
    assert [node.id for node in bot.ends_of(bot.nodes["ask"])] == ["ask"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("if: plan == gold", "if: plan is gold", "bot.yaml:14: nodes.hello.goto[1].if: column 9: after 'is' stands"),
        ("if: id is set", "if: id", "bot.yaml:23: nodes.ask.transitions[1].if: column 3: after 'id' expected"),
        ("      - {goto: bye}\n", "", "nodes.hello.goto[1]: the last entry has no 'if'"),
        (
            "if: plan == gold, goto: look",
            "goto: look",
            "nodes.hello.goto[1]: 'if' is missing: only the last entry goes",
        ),
        ("if: plan == gold, goto: look", "if: plan == gold", "nodes.hello.goto[1]: 'goto' is missing"),
        ("goto: look}", "goto: lok}", "nodes.hello.goto[1].goto: there is no node 'lok'"),
        ("goto: look}", "goto: hello}", "nodes.hello: goes in a circle without ever listening: hello"),
        ("on_error: bye}\n    goto: bye", "on_error: hello}\n    goto: bye", "goes in a circle without ever listening"),
        ("on_error: bye", "on_error: by", "nodes.look.skill.on_error: there is no node 'by'"),
        ("    goto: bye\n  ask", "  ask", "nodes.look: 'say' is missing"),
        (
            "    goto: bye\n  ask",
            "    say: x\n  ask",
            "nodes.look.skill: a node that waits for its skill needs a 'goto'",
        ),
        ("call: weather, ", "", "nodes.look.skill: 'call' is missing"),
        ("call: weather", "call: wether", "skill.call: there is no skill 'wether'; the skills are: book, weather"),
        ('city: "{{city}}"}', 'town: "{{city}}"}', "with.town: there is no parameter 'town'; the parameters are: city"),
        (', with: {city: "{{city}}"}', "", "nodes.look.skill: skill 'weather' needs 'city' under 'with'"),
        ("timeout_s: 2.5", "timeout_s: 40", "skill.timeout_s: expected a number from 0.1 to 9.0, found 40.0"),
        ("wait: false", "wait: false, on_error: bye", "the conversation has gone on when an error comes"),
        ("https://weather.example/", "https://{{city}}.example/", "skills.weather.url: expected http://host/"),
        ("https://weather.example/", "weather.example/", "skills.weather.url: expected http://host/"),
        ("    url: https", "    uri: https", "skills.weather.uri: 'uri' is not known here, did you mean 'url'?"),
        ("method: POST, json", "json", "skills.book.json: a GET has no body"),
        ("say: Well?", "say: Well {{name}?", "nodes.ask.say: the braces do not pair"),
        ("say: Bye.", 'say: "Bye name}}."', "nodes.bye.say: the braces do not pair"),
        ("if: id is set", "if: {{id}} is set", 'bot.yaml:23: a text that begins with {{ needs quotes: "{{name}} ..."'),
        ("say: Well?", "say: {{name}}", 'nodes.ask.say: a text that begins with {{ needs quotes: "{{name}} ..."'),
    ],
)
def test_mistakes_in_conditions_and_skills(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert ROUTES.count(old) == 1
    assert message in refusal(tmp_path, ROUTES.replace(old, new))


def test_a_skill_of_two_kinds(tmp_path: Path) -> None:
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "sky.py").write_text('def weather(city: str) -> str:\n    """Tell."""\n    return city\n')
    assert "skills.weather: there is a skill of this name in" in refusal(tmp_path, ROUTES)


def test_a_bot_whose_skill_file_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "sky.py").write_text("def weather(city: str) -> str:\n    return city\n")
    with pytest.raises(ConfigError, match=r"sky\.py:1: weather: a skill begins with a docstring"):
        load(tmp_path, ROUTES)


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
