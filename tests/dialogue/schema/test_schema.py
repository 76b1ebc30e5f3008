"""The JSON Schema of ``bot.yaml`` says what the loader says."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.dialogue.shared import BOTS, ROOT, SMALL_BOT
from voicebot.dialogue.botfile import load_bot, read_bot
from voicebot.dialogue.faqfile import read_faq_files
from voicebot.dialogue.intentfile import read_intents
from voicebot.dialogue.schema import SCHEMAS, bot_schema, schema_text
from voicebot.dialogue.slots import SlotKind
from voicebot.errors import ConfigError

VALIDATOR = jsonschema_rs.Draft202012Validator(bot_schema())
PAGES = [ROOT / "docs" / name for name in ("build-a-bot.md", "build-a-bot.zh-CN.md")]


class _Core(yaml.SafeLoader):
    """YAML 1.2, as editors read it: only true and false are booleans."""


_Core.yaml_implicit_resolvers = {
    sign: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
    ]
    for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def as_editor_reads(text: str) -> Any:
    return yaml.load(text, Loader=_Core)


def errors_of(document: Any) -> list[str]:
    return [f"{error.instance_path}: {error.message[:200]}" for error in VALIDATOR.iter_errors(document)]


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_the_schema_is_one(name: str) -> None:
    jsonschema_rs.meta.validate(SCHEMAS[name]())


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_the_file_is_current(name: str) -> None:
    text = (BOTS / f"{name}.schema.json").read_text(encoding="utf-8")
    assert text == schema_text(name), f"voicebot check --schema {name} > config/bots/{name}.schema.json"


def _bots() -> Iterator[tuple[str, str]]:
    for file in sorted([*BOTS.glob("*/bot.yaml"), *(ROOT / "tests/service/bots").glob("*/bot.yaml")]):
        yield str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")
    for page in PAGES:
        blocks = re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        for number, block in enumerate(block for block in blocks if "\nnodes:" in block):
            yield f"{page.name} {number}", block
    yield "small", SMALL_BOT


@pytest.mark.parametrize("text", [text for _, text in _bots()], ids=[name for name, _ in _bots()])
def test_bots_that_load_fit_the_schema(text: str) -> None:
    assert errors_of(as_editor_reads(text)) == []


@pytest.mark.parametrize("name", ["appointment", "service"])
def test_the_example_bots_name_the_schema(name: str) -> None:
    for file in ("bot", "intents"):
        first = (BOTS / name / f"{file}.yaml").read_text(encoding="utf-8").splitlines()[0]
        assert first == f"# yaml-language-server: $schema=../{file}.schema.json"


@pytest.mark.parametrize("name", ["appointment", "service"])
def test_the_intents_of_the_example_bots_fit(name: str) -> None:
    document = as_editor_reads((BOTS / name / "intents.yaml").read_text(encoding="utf-8"))
    assert list(jsonschema_rs.Draft202012Validator(SCHEMAS["intents"]()).iter_errors(document)) == []


INTENTS = [
    "weather: [will it rain]",
    "yes: sure thing",
    "weather: []",
    "weather: {will: rain}",
    "- weather",
    "weather:",
]
FAQ = [
    "- {question: Where are you, answer: Here.}",
    "- {question: Where, answer: [Here., There.], similar: [what place, the way], topic: place, id: 7, tags: [a]}",
    "- {question: Where are you}",
    "- {question: Where are you, answer: Here., anser: There.}",
    "question: Where are you",
]


@pytest.mark.parametrize(("name", "text"), [*(("intents", text) for text in INTENTS), *(("faq", text) for text in FAQ)])
def test_the_schemas_of_the_files_beside_say_what_their_loaders_say(name: str, text: str, tmp_path: Path) -> None:
    fits = jsonschema_rs.Draft202012Validator(SCHEMAS[name]()).is_valid(as_editor_reads(text))
    (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    try:
        if name == "faq":
            read_faq_files(tmp_path)
        else:
            read_intents(None, tmp_path, "en")
        loads = True
    except ConfigError:
        loads = False
    assert fits == loads


def test_every_key_is_described_in_both_languages() -> None:
    def keys(schema: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(schema, dict):
            for name, value in schema.get("properties", {}).items():
                yield name, value
            for value in schema.values():
                yield from keys(value)
        elif isinstance(schema, list):
            for value in schema:
                yield from keys(value)

    found = [(name, value) for name, value in keys(bot_schema()) if "description" in value]
    assert len(found) > 90
    for name, value in found:
        english, _, chinese = value["markdownDescription"].partition("\n\n")
        assert english == value["description"], name
        assert re.search("[\u4e00-\u9fff]", chinese), name
        assert not re.search("[\u4e00-\u9fff]", english), name


FULL: dict[str, Any] = {
    "language": "en",
    "start": "a",
    "silence": {"prompts": "x", "goto": "z"},
    "fallback": {"texts": "x", "goto": "z"},
    "thresholds": {"intent": 0.5},
    "globals": {"human": {"goto": "z"}},
    "faq": [{"question": "q", "answer": "a"}],
    "skills": {"look": {"url": "https://example.com/"}},
    "mcp": [{"name": "m", "command": "x"}],
    "language_model": {"actions": {"hang_up": "z"}},
    "memory": {"remember": "name"},
    "nodes": {
        "a": {
            "say": "x",
            "silence": {"prompts": "x"},
            "transitions": [{"any": True, "goto": "b"}],
        },
        "b": {
            "goto": [{"if": "x is set", "goto": "c"}, {"goto": "c"}],
            "skill": {"call": "look"},
        },
        "c": {"slots": {"n": {"kind": "text", "ask": "x", "invalid": {"other": "x"}}}, "filled": "z"},
        "y": {"instructions": {"transfer": {"value": "1"}}},
        "z": {"say": "x", "instructions": {"hangup": True, "sms": {"template": "1"}}},
    },
}

OBJECTS = [
    "",
    "silence",
    "fallback",
    "thresholds",
    "globals.human",
    "faq.0",
    "skills.look",
    "mcp.0",
    "language_model",
    "language_model.actions",
    "memory",
    "nodes.a",
    "nodes.a.silence",
    "nodes.a.transitions.0",
    "nodes.b.goto.0",
    "nodes.b.skill",
    "nodes.c.slots.n.invalid",
    "nodes.y.instructions",
    "nodes.y.instructions.transfer",
    "nodes.z.instructions.sms",
]


def at(tree: Any, path: str) -> Any:
    for step in path.split(".") if path else []:
        tree = tree[int(step)] if isinstance(tree, list) else tree[step]
    return tree


def problem_of(document: Any, folder: Path) -> str:
    """Return what the loader says; "" if it loads."""
    file = folder / "bot.yaml"
    file.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
    try:
        load_bot(file)
    except ConfigError as error:
        return error.message
    return ""


def allowed_by_schema(path: str) -> set[str]:
    """Return the keys that the schema has for an object of FULL."""
    schemas, tree = [bot_schema()], FULL
    for step in path.split(".") if path else []:
        inner = []
        for schema in schemas:
            options = [schema, *schema.get("anyOf", [])]
            for option in options:
                if isinstance(tree, list) and "items" in option:
                    inner.append(option["items"])
                elif step in option.get("properties", {}):
                    inner.append(option["properties"][step])
                elif isinstance(option.get("additionalProperties"), dict) and isinstance(tree, dict):
                    inner.append(option["additionalProperties"])
        schemas, tree = inner, at(tree, step)
    return {
        name
        for schema in schemas
        for option in (schema, *schema.get("anyOf", []))
        for name in option.get("properties", {})
    }


def allowed_by_loader(document: Any, folder: Path) -> set[str]:
    found = re.search(r"'zzz' is not known here.*Allowed: (.*)$", problem_of(document, folder))
    assert found is not None, problem_of(document, folder)
    return set(found[1].split(", "))


def test_the_bot_with_everything_is_one(tmp_path: Path) -> None:
    assert problem_of(FULL, tmp_path) == ""
    assert errors_of(FULL) == []


@pytest.mark.parametrize("path", OBJECTS)
def test_the_schema_has_the_keys_of_the_loader(path: str, tmp_path: Path) -> None:
    document = copy.deepcopy(FULL)
    at(document, path)["zzz"] = "x"
    assert allowed_by_schema(path) == allowed_by_loader(document, tmp_path)
    assert errors_of(document), "the schema refuses what it does not know"


@pytest.mark.parametrize("kind", [kind.value for kind in SlotKind])
def test_each_kind_of_slot_has_the_keys_of_the_loader(kind: str, tmp_path: Path) -> None:
    document = copy.deepcopy(FULL)
    slot: dict[str, Any] = {"kind": kind, "ask": "x"} | ({"values": ["x"]} if kind == "name" else {})
    document["nodes"]["c"]["slots"]["n"] = slot
    assert errors_of(document) == []
    known = set(allowed_by_schema("nodes.c.slots.n"))
    slot["zzz"] = "x"
    expected = allowed_by_loader(document, tmp_path)
    del slot["zzz"]
    refused = set()
    for name in known - slot.keys():
        slot[name] = {"min": 1, "max": 2, "end_of_speech_ms": 700, "letters": True, "keys": True}.get(name, "x")
        if errors_of(document):
            refused.add(name)
        del slot[name]
    assert known - refused == expected


MUTATIONS: list[tuple[str, Any]] = [
    ("language", "fr"),
    ("start", None),
    ("end_of_speech_ms", 100),
    ("end_of_speech_ms", "soon"),
    ("silence_s", 0),
    ("nodes", {}),
    ("nodes", ["a"]),
    ("silence", "x"),
    ("silence.prompts", []),
    ("silence.goto", None),
    ("fallback.limit", 0),
    ("fallback.texts", None),
    ("thresholds.intent", 2),
    ("globals.human", {}),
    ("globals.human.repeat", "perhaps"),
    ("chitchat", "perhaps"),
    ("faq", {"question": "q", "answer": "a"}),
    ("faq.0.answer", None),
    ("skills.look.url", "ftp://example.com/"),
    ("skills.look.url", "https://{{host}}/"),
    ("skills.look.method", "PUT"),
    ("skills.look.timeout_s", 0),
    ("mcp.0.name", "1 2"),
    ("mcp.0.url", "https://example.com/"),
    ("mcp.0.command", None),
    ("mcp.0.headers", {"a": "b"}),
    ("language_model.when", "always"),
    ("language_model.actions", {"dance": "z"}),
    ("memory.remember", None),
    ("memory.days", 0),
    ("nodes.a", {}),
    ("nodes.a.say", {"x": "y"}),
    ("nodes.a.goto", "z"),
    ("nodes.a.listen", "perhaps"),
    ("nodes.a.max_visits", 3),
    ("nodes.a.then", "z"),
    ("nodes.a.filled", "z"),
    ("nodes.a.tries", 3),
    ("nodes.a.transitions.0", {"goto": "b"}),
    ("nodes.a.transitions.0.goto", None),
    ("nodes.a.transitions.0.intent", []),
    ("nodes.a.silence.seconds", 500),
    ("nodes.b.goto", []),
    ("nodes.b.skill.call", None),
    ("nodes.c.filled", None),
    ("nodes.c.slots", {}),
    ("nodes.c.slots.n.kind", "colour"),
    ("nodes.c.slots.n.ask", None),
    ("nodes.c.slots.n.min", 3),
    ("nodes.y.instructions", {}),
    ("nodes.y.instructions.transfer", {"type": "number"}),
    ("nodes.y.instructions.transfer.type", "pigeon"),
    ("nodes.y.instructions.hangup", True),
    ("nodes.z.instructions.sms.template", None),
]


@pytest.mark.parametrize(("path", "value"), MUTATIONS, ids=[f"{path}={value}" for path, value in MUTATIONS])
def test_what_the_loader_refuses_the_schema_refuses(path: str, value: Any, tmp_path: Path) -> None:
    document = copy.deepcopy(FULL)
    parent, _, name = path.rpartition(".")
    if value is None:
        del at(document, parent)[name]
    else:
        at(document, parent)[name if name != "0" else 0] = value
    assert problem_of(document, tmp_path)
    assert errors_of(document)


def test_words_that_yaml_takes_for_something_else_are_texts(tmp_path: Path) -> None:
    text = SMALL_BOT.replace("[forgot]", "[0086, yes, 3.5]")
    assert errors_of(as_editor_reads(text)) == []
    file = tmp_path / "bot.yaml"
    file.write_text(text, encoding="utf-8")
    assert read_bot(file)[0].nodes["number"].transitions[1].when.contains == ("0086", "yes", "3.5")
