"""The real client against a local endpoint."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.llm.endpoint import (
    CUT,
    DONE,
    HANG,
    KEEP_ALIVE,
    USAGE,
    Endpoint,
    Script,
    chunk,
    endpoint,
    event,
    text_answer,
    tool_answer,
)
from voicebot.breaker import Circuit
from voicebot.errors import ModelReplyError, ModelReplyTimeoutError
from voicebot.llm.client import OpenAIModel
from voicebot.llm.model import Finish, Message, ModelRequest, Piece, TextDelta, Tool, ToolCall

HELLO = ModelRequest((Message("system", "Be short."), Message("user", "Hello")))


@asynccontextmanager
async def model(
    script: Callable[[int], Script] | Script, **changes: Any
) -> AsyncIterator[tuple[OpenAIModel, Endpoint]]:
    async with endpoint(script) as served:
        client = OpenAIModel(served.settings(**changes))
        try:
            yield client, served
        finally:
            await client.close()


async def read(client: OpenAIModel, request: ModelRequest = HELLO) -> list[Piece]:
    return [piece async for piece in client.stream(request)]


async def test_the_answer_comes_in_pieces() -> None:
    async with model(text_answer("Good ", "day.")) as (client, served):
        await client.start()
        assert await read(client) == [TextDelta("Good "), TextDelta("day."), Finish("stop")]
        body = served.requests[0]
        assert body["messages"] == [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hello"}]
        assert body["stream"] is True
        assert body["model"] == "small"
        assert "tools" not in body


async def test_a_piece_is_there_before_the_rest_is_written() -> None:
    rest = asyncio.Event()
    async with model([chunk({"content": "First"}), rest, *text_answer("second")]) as (client, _):
        pieces = client.stream(HELLO)
        assert await anext(pieces) == TextDelta("First")
        rest.set()
        assert [piece async for piece in pieces] == [TextDelta("second"), Finish("stop")]


async def test_the_key_and_more_fields_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "somebody-elses")
    extra = {"enable_thinking": False}
    async with model(text_answer("x"), api_key="mine", extra=extra, temperature=0) as (client, served):
        await read(client)
        assert served.headers[0]["Authorization"] == "Bearer mine"
        assert served.requests[0]["enable_thinking"] is False
        assert served.requests[0]["temperature"] == 0
    async with model(text_answer("x")) as (client, served):
        await read(client)
        assert "somebody-elses" not in str(served.headers)


async def test_tool_calls_are_put_together() -> None:
    tool = Tool("look", "Look it up.", {"type": "object", "properties": {"what": {"type": "string"}}})
    script = tool_answer(("look", {"what": "the price"}), ("look", {"what": "天气"}))
    async with model(script) as (client, served):
        pieces = await read(client, ModelRequest(HELLO.messages, (tool,)))
        assert pieces == [
            ToolCall("call_look_0", "look", '{"what": "the price"}'),
            ToolCall("call_look_1", "look", '{"what": "天气"}'),
            Finish("tool_calls"),
        ]
        assert served.requests[0]["tools"][0]["function"]["name"] == "look"


async def test_what_tools_said_is_told() -> None:
    call = ToolCall("7", "look", "{}")
    messages = (*HELLO.messages, Message("assistant", "", (call,)), Message("tool", "5 yuan", tool_call_id="7"))
    async with model(text_answer("It is 5 yuan.")) as (client, served):
        await read(client, ModelRequest(messages))
        assert served.requests[0]["messages"][2:] == [
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": "7", "type": "function", "function": {"name": "look", "arguments": "{}"}}],
            },
            {"role": "tool", "content": "5 yuan", "tool_call_id": "7"},
        ]


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(
            [
                [{"index": 0, "id": "a", "function": {"name": "x", "arguments": "{}"}}],
                [{"index": 1, "id": "b", "function": {"name": "y", "arguments": "[1]"}}],
            ],
            id="each-in-one-piece",
        ),
        pytest.param(
            [
                [{"id": "a", "function": {"name": "x", "arguments": "{"}}],
                [{"function": {"arguments": "}"}}],
                [{"id": "b", "function": {"name": "y", "arguments": "["}}],
                [{"function": {"arguments": "1]"}}],
            ],
            id="no-index",
        ),
        pytest.param(
            [
                [
                    {"index": 0, "id": "a", "function": {"name": "x"}},
                    {"index": 1, "id": "b", "function": {"name": "y"}},
                ],
                [{"index": 1, "function": {"arguments": "[1]"}}],
                [{"index": 0, "function": {"arguments": "{}"}}],
            ],
            id="in-turns",
        ),
        pytest.param(
            [
                [{"index": 0, "id": "a", "function": {"name": "x", "arguments": "{}"}}],
                [{"index": 0, "id": "b", "function": {"name": "y"}}],
                [{"index": 0, "function": {"arguments": "[1]"}}],
            ],
            id="all-with-index-0",
        ),
    ],
)
async def test_tool_calls_as_other_endpoints_write_them(parts: list[list[dict[str, Any]]]) -> None:
    script = [*(chunk({"tool_calls": part}) for part in parts), chunk({}, "stop"), DONE]
    async with model(script) as (client, _):
        assert await read(client) == [ToolCall("a", "x", "{}"), ToolCall("b", "y", "[1]"), Finish("stop")]


async def test_the_end_may_be_left_out() -> None:
    async with model([chunk({"content": "All."})]) as (client, _):
        assert await read(client) == [TextDelta("All."), Finish("")]


async def test_a_stream_that_stays_open_after_the_last_piece_holds_nobody_up() -> None:
    async with model([chunk({"content": "All."}), chunk({}, "stop"), HANG]) as (client, _):
        assert await read(client) == [TextDelta("All."), Finish("stop")]


@pytest.mark.parametrize("script", [[], [KEEP_ALIVE, USAGE, DONE], [chunk({"role": "assistant"})]])
async def test_an_answer_without_anything_is_an_error(script: Script) -> None:
    async with model(script) as (client, _):
        with pytest.raises(ModelReplyError, match="before it had said anything"):
            await read(client)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_a_refusal_is_an_error_that_quotes_nothing(status: int) -> None:
    async with model(status) as (client, _):
        with pytest.raises(ModelReplyError) as caught:
            await read(client)
        assert caught.value.code == "language_model"
        assert str(status) in caught.value.message
        assert "secret" not in caught.value.message


@pytest.mark.parametrize("last", [CUT, "data: {broken\n\n", event({"error": {"message": "secret words", "code": 500}})])
async def test_an_answer_that_breaks_off_is_an_error(last: str) -> None:
    async with model([chunk({"content": "Half"}), last]) as (client, _):
        pieces = client.stream(HELLO)
        assert await anext(pieces) == TextDelta("Half")
        with pytest.raises(ModelReplyError) as caught:
            await anext(pieces)
        assert "secret" not in caught.value.message


async def test_nobody_there() -> None:
    async with endpoint(200) as served:
        settings = served.settings()
    client = OpenAIModel(settings)
    with pytest.raises(ModelReplyError):
        await read(client)
    await client.close()


async def test_keep_alive_does_not_stretch_the_wait_for_the_first_piece() -> None:
    async with model([KEEP_ALIVE, HANG], first_token_timeout_ms=100) as (client, served):
        with pytest.raises(ModelReplyTimeoutError, match="first") as caught:
            await read(client)
        assert caught.value.code == "language_model_timeout"
        await served.gone.wait()


async def test_no_answer_at_all_in_time() -> None:
    never = asyncio.Event()
    async with model(lambda _: [never], first_token_timeout_ms=100) as (client, served):
        with pytest.raises(ModelReplyTimeoutError):
            await read(client)
        await served.gone.wait()


async def test_no_next_piece_in_time() -> None:
    script = [chunk({"content": "Half"}), HANG]
    async with model(script, token_timeout_ms=100, first_token_timeout_ms=5000) as (client, served):
        with pytest.raises(ModelReplyTimeoutError, match="next"):
            await read(client)
        await served.gone.wait()


async def test_who_closes_the_answer_closes_the_stream() -> None:
    async with model([chunk({"content": "One"}), HANG]) as (client, served):
        pieces = client.stream(HELLO)
        await anext(pieces)
        await pieces.aclose()
        await asyncio.wait_for(served.gone.wait(), 5)
        assert client.circuit is Circuit.CLOSED


@pytest.mark.parametrize("script", [[HANG], [chunk({"content": "One"}), HANG]])
async def test_who_cancels_closes_the_stream(script: Script) -> None:
    async with model(script) as (client, served):
        task = asyncio.create_task(read(client))
        await served.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(served.gone.wait(), 5)


async def test_a_request_that_got_no_answer_is_tried_again() -> None:
    async with model(lambda number: 503 if number == 0 else text_answer("Here."), retries=1) as (client, served):
        assert await read(client) == [TextDelta("Here."), Finish("stop")]
        assert len(served.requests) == 2


async def test_an_answer_that_broke_off_is_not_tried_again() -> None:
    async with model([chunk({"content": "Half"}), CUT], retries=3) as (client, served):
        with pytest.raises(ModelReplyError):
            await read(client)
        assert len(served.requests) == 1


async def test_a_model_that_keeps_failing_is_left_alone() -> None:
    async with model(500, breaker_failures=2, breaker_pause_s=3600) as (client, served):
        for _ in range(5):
            with pytest.raises(ModelReplyError):
                await read(client)
        assert client.circuit is Circuit.OPEN
        assert len(served.requests) == 2


async def test_after_the_pause_one_request_tries() -> None:
    script = lambda number: 500 if number == 0 else text_answer("Back.")  # noqa: E731
    async with model(script, breaker_failures=1, breaker_pause_s=0.001) as (client, _):
        with pytest.raises(ModelReplyError):
            await read(client)
        while not await _answers(client):
            assert client.circuit is Circuit.OPEN
        assert client.circuit is Circuit.CLOSED


async def _answers(client: OpenAIModel) -> bool:
    try:
        return bool(await read(client))
    except ModelReplyError:
        return False


async def test_what_callers_say_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with model(text_answer("My answer.")) as (client, _):
            await read(client, ModelRequest((Message("user", "my card is 6222"),)))
        async with model(400) as (client, _):
            with pytest.raises(ModelReplyError):
                await read(client, ModelRequest((Message("user", "my card is 6222"),)))
    assert "6222" not in caplog.text
    assert "My answer" not in caplog.text


async def test_a_cut_after_the_last_piece_costs_nothing() -> None:
    async with model([chunk({"content": "All."}), chunk({}, "stop"), CUT]) as (client, _):
        assert await read(client) == [TextDelta("All."), Finish("stop")]
        assert client.circuit is Circuit.CLOSED


async def test_thoughts_are_not_the_first_piece() -> None:
    thinking = [chunk({"role": "assistant", "reasoning_content": "Well"})]
    async with model([*thinking, HANG], first_token_timeout_ms=100, token_timeout_ms=60000) as (client, _):
        with pytest.raises(ModelReplyTimeoutError, match="first"):
            await read(client)
