"""An answer in rounds: as long as the model wants tools to be used, they are, and it is asked again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass, replace

from voicebot.errors import ModelReplyError
from voicebot.llm.model import Finish, Message, ModelRequest, Streaming, TextDelta, ToolCall

ToolRunner = Callable[[ToolCall], Awaitable[str]]
"""Uses a tool; returns what the model is told of it, a failure as well. Never raises."""


@dataclass(frozen=True, slots=True)
class Leave:
    """The model has used a tool that ends the answer.

    Attributes:
        name: of the tool.
    """

    name: str


async def answer_in_rounds(
    model: Streaming,
    request: ModelRequest,
    run_tool: ToolRunner,
    *,
    leaving: Collection[str] = (),
    max_rounds: int = 3,
) -> AsyncGenerator[TextDelta | Leave | Finish, None]:
    """Yield the text of an answer, whatever round it comes from; then Finish, or Leave.

    Args:
        model: the model.
        request: what it is asked.
        run_tool: uses a tool; those of one round run side by side.
        leaving: names of tools that end the answer instead.
        max_rounds: how often tools may be used; after that the model is asked without them.

    Raises:
        ModelReplyError: the model did not answer properly.
    """
    for number in range(max_rounds + 1):
        if number == max_rounds:
            request = replace(request, tools=tuple(tool for tool in request.tools if tool.name in leaving))
        said, calls, finish = "", list[ToolCall](), Finish("")
        async with aclosing(model.stream(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, TextDelta):
                    said += piece.text
                    yield piece
                elif isinstance(piece, ToolCall):
                    calls.append(piece)
                else:
                    finish = piece
        if not calls:
            yield finish
            return
        leave = next((call.name for call in calls if call.name in leaving), None)
        if leave is not None:
            yield Leave(leave)
            return
        if number < max_rounds:
            results = await asyncio.gather(*map(run_tool, calls))
            told = [Message("tool", result, tool_call_id=call.id) for call, result in zip(calls, results, strict=True)]
            asked = Message("assistant", said, tuple(calls))
            request = replace(request, messages=(*request.messages, asked, *told))
    raise ModelReplyError("the language model wants tools again and again")
