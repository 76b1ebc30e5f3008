"""Skills as tools, run by real skill processes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.skills.shared import python_skills, write_skills
from voicebot.llm.model import ToolCall
from voicebot.llm.toolbox import MAX_RESULT_CHARACTERS, ToolBox
from voicebot.skills.source import read_skills
from voicebot.skills.spec import SkillSpec


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[ToolBox]:
    (tmp_path / "read").mkdir()
    specs = read_skills(write_skills(tmp_path / "read"))
    async with python_skills(tmp_path) as runner:
        yield ToolBox(specs.values(), runner, 10.0)


def call(name: str, arguments: object) -> ToolCall:
    return ToolCall("1", name, arguments if isinstance(arguments, str) else json.dumps(arguments))


async def test_skills_are_tools(box: ToolBox) -> None:
    tool = next(tool for tool in box.tools if tool.name == "add")
    assert tool.description == "Add two numbers."
    assert tool.parameters["properties"]["a"] == {"type": "integer"}
    assert await box.run(call("add", {"a": 1, "b": 2.5, "negative": True})) == "-3.5"
    result = await box.run(call("order_status", {"order": "7", "tags": ["red", "big"]}))
    assert json.loads(result) == {"order": "7", "status": "sent", "tags": ["red", "big"], "sign": "!"}
    assert await box.run(call("order_status", {"order": "7", "tags": None}))


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("nothing", {}, "no tool 'nothing'"),
        ("add", "{broken", "not a JSON object"),
        ("add", [1], "not a JSON object"),
        ("add", {"a": "many"}, "wants a whole number for 'a'"),
        ("add", {}, "needs 'a'"),
        ("fail", {"text": "secret"}, "failed"),
    ],
)
async def test_failures_are_told_to_the_model(box: ToolBox, name: str, arguments: object, problem: str) -> None:
    assert problem in json.loads(await box.run(call(name, arguments)))["error"]


async def test_a_tool_that_takes_too_long(tmp_path: Path) -> None:
    async with python_skills(tmp_path) as runner:
        await runner.start()
        specs = read_skills(tmp_path / "skills")
        box = ToolBox([specs["slowly"]], runner, 0.2)
        assert "took more than" in await box.run(call("slowly", {"seconds": 60}))


async def test_long_results_are_cut(tmp_path: Path) -> None:
    class Long:
        async def start(self) -> None:
            pass

        async def run(self, name: str, arguments: object, timeout_s: float) -> object:
            return ["x" * 100] * 100

        async def close(self) -> None:
            pass

    box = ToolBox([SkillSpec("long")], Long(), 1.0)
    assert len(await box.run(call("long", {}))) == MAX_RESULT_CHARACTERS


async def test_names_that_models_do_not_take_are_changed(tmp_path: Path) -> None:
    async with python_skills(tmp_path) as runner:
        box = ToolBox([SkillSpec("my skill"), SkillSpec("my.skill"), SkillSpec("\u5929\u6c14")], runner, 1.0)
        assert [tool.name for tool in box.tools] == ["my_skill", "my_skill_2", "__"]
