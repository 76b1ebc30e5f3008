from __future__ import annotations

import asyncio
import json
import socket

import pytest

from tests.connectors.endpoint import CLOSE, HANG, HEAD, body, endpoint
from tests.protocol.page import LINES
from voicebot.connectors import CustomRobotBrain
from voicebot.errors import BrainError, BrainTimeoutError, BrainUnavailableError
from voicebot.protocol import Chunk, Hangup, Query
from voicebot.settings.model import BrainSettings

QUICK = BrainSettings(connect_timeout_ms=300, first_chunk_timeout_ms=200, total_timeout_ms=1000)
RUNNING = b'{"sessionId":"s","queryId":"q","answer":[{"chunkId":0,"status":"running","reply":{"text":"a"}}]}\n'
DONE = b'{"sessionId":"s","queryId":"q","answer":[{"chunkId":1,"status":"done"}]}\n'


async def ask(url: str, query: Query | None = None, settings: BrainSettings = QUICK) -> list[Chunk]:
    async with CustomRobotBrain(url, "secret", settings) as brain:
        return [chunk async for chunk in brain.ask(query or Query("hi", "s"))]


async def test_the_page_s_example() -> None:
    async with endpoint(body("\n".join(LINES).encode())) as served:
        chunks = await ask(served.url, Query("你是谁啊", "3_f7de", {"homeAddress": "chengdu"}))
    assert [(chunk.chunk_id, chunk.done) for chunk in chunks] == [(0, False), (1, False), (15, True)]
    assert Hangup() in chunks[-1].instructions
    headers, sent = served.requests[0]
    assert (headers["token"], headers["authorization"]) == ("secret", "Bearer secret")
    assert headers["content-type"].startswith("application/json")
    assert json.loads(sent) == {
        "queryText": "你是谁啊",
        "sessionId": "3_f7de",
        "variables": {"homeAddress": "chengdu"},
    }


@pytest.mark.parametrize("size", [1, 3, 17])
async def test_half_lines_across_packets(size: int) -> None:
    stream = b": ping\n\ndata:" + RUNNING + b"\ndata: " + DONE + b"\n"
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    async with endpoint(body(*pieces)) as served:
        assert [chunk.chunk_id for chunk in await ask(served.url)] == [0, 1]


async def test_chunks_arrive_as_they_are_sent() -> None:
    async with endpoint([*body(RUNNING)[:-1], HANG]) as served, CustomRobotBrain(served.url, "", QUICK) as brain:
        answer = brain.ask(Query("hi"))
        assert (await answer.__anext__()).chunk_id == 0


async def test_the_connection_is_kept_between_turns() -> None:
    async with endpoint(body(RUNNING, DONE)) as served, CustomRobotBrain(served.url, "", QUICK) as brain:
        for _ in range(3):
            assert [chunk.done async for chunk in brain.ask(Query("hi"))] == [False, True]
        assert (len(served.requests), served.connections) == (3, 1)


async def test_closing_the_answer_closes_the_connection() -> None:
    async with endpoint([*body(RUNNING)[:-1], HANG]) as served, CustomRobotBrain(served.url, "", QUICK) as brain:
        answer = brain.ask(Query("hi"))
        async for _ in answer:
            break
        await answer.aclose()  # type: ignore[attr-defined]
        await asyncio.wait_for(served.gone.wait(), 5)


async def test_cancelling_the_reader_closes_the_connection() -> None:
    async with endpoint([HEAD, HANG]) as served, CustomRobotBrain(served.url) as brain:

        async def read() -> list[Chunk]:
            return [chunk async for chunk in brain.ask(Query("hi"))]

        task = asyncio.create_task(read())
        await asyncio.wait_for(served.asked.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(served.gone.wait(), 5)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (body(RUNNING), "ended without its done chunk"),
        (body(), "ended without its done chunk"),
        ([HEAD, CLOSE], "broke off"),
        ([*body(RUNNING)[:-1], CLOSE], "broke off"),
        (body(b"<html>sorry</html>\n"), "answered wrongly: not JSON"),
        (body(b'{"answer":[{"chunkId":"x","status":"done"}]}\n'), "answer.0.chunkId: expected a whole number"),
        (body(*[b"x" * 100_000] * 12), "longer than 1048576 bytes"),
    ],
)
async def test_answers_that_are_wrong(answer: list[bytes], words: str) -> None:
    async with endpoint(answer) as served:
        with pytest.raises(BrainError, match=words):
            await ask(served.url, settings=BrainSettings())


async def test_answers_without_end_are_refused() -> None:
    line = RUNNING.replace(b'"a"', b'"' + b"a" * 100_000 + b'"')
    async with endpoint(body(*[line] * 90)) as served:
        with pytest.raises(BrainError, match="is longer than 8388608 bytes"):
            await ask(served.url, settings=BrainSettings())


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        ("401 Unauthorized", BrainUnavailableError, "does not accept the token"),
        ("503 Service Unavailable", BrainUnavailableError, "out of order"),
        ("400 Bad Request", BrainError, "refused the query"),
        ("302 Found\r\nLocation: http://127.0.0.1:9/", BrainError, "refused the query"),
    ],
)
async def test_refusals(status: str, error: type[BrainError], words: str) -> None:
    async with endpoint([f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()]) as served:
        with pytest.raises(error, match=words):
            await ask(served.url)
        assert len(served.requests) == 1


@pytest.mark.parametrize("answer", [[HANG], [HEAD, HANG]])
async def test_no_first_chunk_in_time(answer: list[bytes]) -> None:
    async with endpoint(answer) as served:
        with pytest.raises(BrainTimeoutError):
            await ask(served.url)
        await asyncio.wait_for(served.gone.wait(), 5)


async def test_no_end_in_time() -> None:
    async with endpoint([*body(RUNNING)[:-1], HANG]) as served:
        with pytest.raises(BrainTimeoutError, match="no answer"):
            await ask(served.url)


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        with pytest.raises(BrainUnavailableError, match="cannot be reached"):
            await ask(f"http://127.0.0.1:{taken.getsockname()[1]}/")


async def test_a_connection_that_was_closed_meanwhile_is_tried_once_more() -> None:
    def script(number: int) -> list[bytes]:
        return [CLOSE] if number == 2 else body(RUNNING, DONE)

    async with endpoint(script) as served, CustomRobotBrain(served.url, "", QUICK) as brain:
        for _ in range(2):
            assert len([chunk async for chunk in brain.ask(Query("hi"))]) == 2
        assert len(served.requests) == 3


async def test_it_is_not_tried_for_ever() -> None:
    async with endpoint([CLOSE]) as served:
        with pytest.raises(BrainUnavailableError):
            await ask(served.url)
        assert len(served.requests) == 2


async def test_nothing_is_asked_again_after_the_first_chunk() -> None:
    async with endpoint([*body(RUNNING)[:-1], CLOSE]) as served:
        with pytest.raises(BrainError):
            await ask(served.url)
        assert len(served.requests) == 1
