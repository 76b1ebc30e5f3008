from __future__ import annotations

from pathlib import Path

import pytest

from tests.skills.shared import write_skills
from voicebot.errors import ConfigError, SkillArgumentError
from voicebot.skills.source import read_skills
from voicebot.skills.spec import SkillSpec


def test_public_functions_are_skills(tmp_path: Path) -> None:
    specs = read_skills(write_skills(tmp_path))
    assert "add" in specs
    assert "order_status" in specs
    assert not {"hidden", "_helper", "method", "NotASkill"} & specs.keys()
    assert specs["add"].description == "Add two numbers."


def test_the_parameters_are_a_json_schema(tmp_path: Path) -> None:
    specs = read_skills(write_skills(tmp_path))
    assert specs["add"].parameters_schema == {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "number"}, "negative": {"type": "boolean"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    tags = {"type": "array", "items": {"type": "string"}}
    assert specs["order_status"].parameters_schema["properties"] == {"order": {"type": "string"}, "tags": tags}


def test_no_folder_no_skills(tmp_path: Path) -> None:
    assert read_skills(tmp_path / "skills") == {}


def test_a_file_is_read_and_not_run(tmp_path: Path) -> None:
    text = 'raise SystemExit("run")\n\n\ndef one() -> None:\n    """One."""\n'
    assert list(read_skills(write_skills(tmp_path, text))) == ["one"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("def one(:\n", "tools.py:1: is not Python"),
        ("\ndef one() -> None:\n    pass\n", "tools.py:2: one: a skill begins with a docstring"),
        ('def one(x) -> None:\n    """One."""\n', "tools.py:1: one: parameter 'x' has no type; it may be str, int,"),
        ('def one(x: bytes) -> None:\n    """One."""\n', "parameter 'x' is 'bytes'; it may be str, int, float, bool,"),
        ('def one(*x: str) -> None:\n    """One."""\n', "one: *args, **kwargs and '/' cannot be used"),
        ('def one() -> None:\n    """One."""\n' * 2, "tools.py:3: there is a skill 'one' in"),
        ("x = '\0'", "tools.py"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_skills(write_skills(tmp_path, text))
    assert problem in caught.value.message


@pytest.mark.parametrize(
    "annotation", ["str", "'str'", "str | None", "None | str", "Optional[str]", "typing.Optional[str]", "'str | None'"]
)
def test_ways_to_write_a_type(tmp_path: Path, annotation: str) -> None:
    text = f'def one(x: {annotation} = "") -> None:\n    """One."""\n'
    (parameter,) = read_skills(write_skills(tmp_path, text))["one"].parameters
    assert (parameter.name, parameter.type.name, parameter.required) == ("x", "str", False)


@pytest.fixture
def add(tmp_path: Path) -> SkillSpec:
    return read_skills(write_skills(tmp_path))["add"]


def test_texts_become_values(add: SkillSpec, tmp_path: Path) -> None:
    assert add.convert({"a": " 7 ", "b": "2.5", "negative": "yes"}) == {"a": 7, "b": 2.5, "negative": True}
    assert add.convert({"a": "7", "b": "", "negative": " "}) == {"a": 7}
    lookup = read_skills(tmp_path / "skills")["order_status"]
    values = {"order": "007", "tags": ["a", "b c", "d"]}
    assert lookup.convert({"order": "007", "tags": "a, b c\u3001d,"}) == values


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "skill 'add' needs 'a', which is empty"),
        ({"a": " "}, "skill 'add' needs 'a', which is empty"),
        ({"a": "seven"}, "skill 'add' wants a whole number for 'a'"),
        ({"a": "7.5"}, "skill 'add' wants a whole number for 'a'"),
        ({"a": "7", "b": "much"}, "skill 'add' wants a number for 'b'"),
        ({"a": "7", "negative": "perhaps"}, "skill 'add' wants yes or no for 'negative'"),
        ({"a": "7", "c": "1"}, "skill 'add' has no parameter 'c'"),
    ],
)
def test_what_does_not_fit_is_told_without_the_value(add: SkillSpec, arguments: dict[str, str], problem: str) -> None:
    with pytest.raises(SkillArgumentError) as caught:
        add.convert(arguments)
    assert caught.value.message == problem
