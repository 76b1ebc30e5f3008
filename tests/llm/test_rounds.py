"""Answers in rounds, with tools."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from voicebot.errors import ModelReplyError
from voicebot.llm.model import Finish, Message, ModelRequest, Piece, TextDelta, Tool, ToolCall
from voicebot.llm.rounds import Leave, answer_in_rounds

SCHEMA = {"type": "object"}
TOOLS = (Tool("look", "", SCHEMA), Tool("leave", "", SCHEMA))
REQUEST = ModelRequest((Message("user", "Hello"),), TOOLS)


class ScriptedModel:
    """Answers each request with the next script; satisfies ``Streaming``."""

    def __init__(self, *scripts: Sequence[Piece]) -> None:
        self.scripts = list(scripts)
        self.requests: list[ModelRequest] = []

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Piece, None]:
        self.requests.append(request)
        for piece in self.scripts.pop(0):
            yield piece


async def look(call: ToolCall) -> str:
    return f"seen {call.arguments}"


async def test_tools_are_used_and_the_model_is_told() -> None:
    calls = [ToolCall("1", "look", "a"), ToolCall("2", "look", "b")]
    model = ScriptedModel(
        [TextDelta("Let me see."), *calls, Finish("tool_calls")], [TextDelta("There."), Finish("stop")]
    )
    pieces = [piece async for piece in answer_in_rounds(model, REQUEST, look)]
    assert pieces == [TextDelta("Let me see."), TextDelta("There."), Finish("stop")]
    assert model.requests[1].messages[1:] == (
        Message("assistant", "Let me see.", tuple(calls)),
        Message("tool", "seen a", tool_call_id="1"),
        Message("tool", "seen b", tool_call_id="2"),
    )


async def test_tools_of_one_round_run_side_by_side() -> None:
    met: list[str] = []
    other = {"a": asyncio.Event(), "b": asyncio.Event()}

    async def meet(call: ToolCall) -> str:
        other[call.arguments].set()
        await other["b" if call.arguments == "a" else "a"].wait()
        met.append(call.arguments)
        return ""

    model = ScriptedModel([ToolCall("1", "look", "a"), ToolCall("2", "look", "b"), Finish("")], [Finish("stop")])
    assert [piece async for piece in answer_in_rounds(model, REQUEST, meet)] == [Finish("stop")]
    assert sorted(met) == ["a", "b"]


async def test_some_tools_end_the_answer() -> None:
    model = ScriptedModel([TextDelta("Bye."), ToolCall("1", "look", ""), ToolCall("2", "leave", ""), Finish("")])
    pieces = [piece async for piece in answer_in_rounds(model, REQUEST, look, leaving=("leave",))]
    assert pieces == [TextDelta("Bye."), Leave("leave")]


async def test_after_the_last_round_there_are_no_tools_but_those_that_end_the_answer() -> None:
    again: list[Piece] = [ToolCall("1", "look", ""), Finish("tool_calls")]
    model = ScriptedModel(again, again, [TextDelta("Well."), Finish("stop")])
    pieces = [piece async for piece in answer_in_rounds(model, REQUEST, look, leaving=("leave",), max_rounds=2)]
    assert pieces == [TextDelta("Well."), Finish("stop")]
    assert [len(request.tools) for request in model.requests] == [2, 2, 1]


async def test_a_model_that_wants_tools_all_the_same_has_failed() -> None:
    model = ScriptedModel([ToolCall("1", "look", ""), Finish("")])
    with pytest.raises(ModelReplyError, match="again and again"):
        _ = [piece async for piece in answer_in_rounds(model, REQUEST, look, max_rounds=0)]
