from __future__ import annotations

import asyncio
import json
import socket

import pytest

from tests.connectors.endpoint import CLOSE, HANG, HEAD, body, endpoint
from tests.protocol.page import LINES
from voicebot.breaker import Circuit
from voicebot.connectors import CustomRobotBrain
from voicebot.errors import (
    BrainCircuitOpenError,
    BrainError,
    BrainSessionLostError,
    BrainTimeoutError,
    BrainUnavailableError,
)
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
        await answer.aclose()
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
        (body(b'{"answer":[{"chunkId":"x","status":"done"}]}\n'), "answer.0.chunkId: is missing"),
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
        ("503 Service Unavailable\r\nRetry-After: 9", BrainUnavailableError, "out of order"),
        ("504 Gateway Timeout", BrainTimeoutError, "too slow"),
        ("500 Internal Server Error", BrainError, "failed"),
        ("404 Not Found", BrainError, "refused the query"),
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


async def test_no_next_chunk_in_time() -> None:
    settings = BrainSettings(chunk_timeout_ms=100)
    pings = [b"4\r\n: p\n\r\n"] * 3
    async with (
        endpoint([*body(RUNNING)[:-1], *pings, HANG]) as served,
        CustomRobotBrain(served.url, "", settings) as it,
    ):
        with pytest.raises(BrainTimeoutError, match="no next chunk"):
            [chunk async for chunk in it.ask(Query("hi"))]
        await asyncio.wait_for(served.gone.wait(), 5)


async def test_no_end_in_time() -> None:
    async with endpoint([*body(RUNNING)[:-1], HANG]) as served:
        with pytest.raises(BrainTimeoutError, match="no end of the answer"):
            await ask(served.url)


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        with pytest.raises(BrainUnavailableError, match="cannot be reached"):
            await ask(f"http://127.0.0.1:{taken.getsockname()[1]}/")


async def test_a_query_that_may_have_been_taken_is_not_sent_again() -> None:
    def script(number: int) -> list[bytes]:
        return [CLOSE] if number == 2 else body(RUNNING, DONE)

    async with endpoint(script) as served, CustomRobotBrain(served.url, "", QUICK) as brain:
        assert len([chunk async for chunk in brain.ask(Query("hi"))]) == 2
        with pytest.raises(BrainError, match="broke off before its answer"):
            await anext(brain.ask(Query("hi")))
        assert len([chunk async for chunk in brain.ask(Query("hi"))]) == 2
        assert len(served.requests) == 3


def refusing(status: str, *headers: str) -> list[bytes]:
    return ["\r\n".join([f"HTTP/1.1 {status}", *headers, "Content-Length: 0", "", ""]).encode()]


@pytest.mark.parametrize(
    ("refusal", "asked"),
    [
        (refusing("503 Service Unavailable"), 2),
        (refusing("503 Service Unavailable", "Retry-After: 0"), 2),
        (refusing("503 Service Unavailable", "Retry-After: 30"), 1),
        (refusing("503 Service Unavailable", "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT"), 1),
        (refusing("429 Too Many Requests", "Retry-After: 0"), 2),
        (refusing("429 Too Many Requests"), 1),
        (refusing("502 Bad Gateway"), 1),
        (refusing("504 Gateway Timeout"), 1),
        (refusing("500 Internal Server Error"), 1),
    ],
)
async def test_a_query_is_sent_again_if_the_endpoint_says_that_it_did_not_take_it(
    refusal: list[bytes], asked: int
) -> None:
    settings = QUICK.model_copy(update={"first_chunk_timeout_ms": 2000})
    async with endpoint(lambda number: refusal if number == 1 else body(RUNNING, DONE)) as served:
        if asked == 1:
            with pytest.raises(BrainError):
                await ask(served.url, settings=settings)
        else:
            assert len(await ask(served.url, settings=settings)) == 2
        assert len(served.requests) == asked


async def test_it_is_not_tried_for_ever() -> None:
    async with endpoint(refusing("503 Service Unavailable", "Retry-After: 0")) as served:
        with pytest.raises(BrainUnavailableError):
            await ask(served.url)
        assert len(served.requests) == 2


async def test_an_endpoint_that_comes_up_meanwhile_is_reached() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        async with CustomRobotBrain(f"http://127.0.0.1:{taken.getsockname()[1]}/", "", BrainSettings()) as brain:
            answer = asyncio.create_task(anext(brain.ask(Query("hi"))))
            await asyncio.sleep(0.02)  # the first try is over, the second one to come
            taken.listen()
            taken.setblocking(False)
            peer, _ = await asyncio.wait_for(asyncio.get_running_loop().sock_accept(taken), 5)
            with peer:
                await asyncio.get_running_loop().sock_sendall(peer, b"".join(body(RUNNING, DONE)))
                assert (await asyncio.wait_for(answer, 5)).chunk_id == 0


async def test_nothing_is_asked_again_after_the_first_chunk() -> None:
    async with endpoint([*body(RUNNING)[:-1], CLOSE]) as served:
        with pytest.raises(BrainError):
            await ask(served.url)
        assert len(served.requests) == 1


async def test_limits_come_from_the_settings() -> None:
    small = BrainSettings(max_line_bytes=1024, max_answer_bytes=2048)
    long = RUNNING.replace(b'"a"', b'"' + b"a" * 900 + b'"')
    async with endpoint(body(RUNNING.replace(b'"a"', b'"' + b"a" * 1100 + b'"'), DONE)) as served:
        with pytest.raises(BrainError, match="longer than 1024 bytes"):
            await ask(served.url, settings=small)
    async with endpoint(body(long, long, long, DONE)) as served:
        with pytest.raises(BrainError, match="is longer than 2048 bytes"):
            await ask(served.url, settings=small)


def packet(number: int, text: str, **more: object) -> bytes:
    answer = {"chunkId": number, "status": "running", "reply": {"text": text}, **more}
    return json.dumps({"sessionId": "s", "queryId": "q", "answer": [answer]}).encode() + b"\n"


def texts(chunks: list[Chunk]) -> list[str]:
    return [chunk.reply.text for chunk in chunks if chunk.reply is not None]


async def test_what_an_engine_may_send_besides() -> None:
    stream = b"".join(
        [
            b"\xef\xbb\xbf" + packet(0, "a").replace(b"\n", b"\r\n"),
            b": keep-alive\r\n\r\nevent: answer\r\nid: 7\r\ndata: " + packet(1, "b", mood="good"),
            b"\n12 " + packet(2, "c", instruction={"system_dance": {}, "system_hangup": None}),
            b"data:{}\n\n",
            DONE.replace(b":1,", b":3,"),
            packet(4, "after the end") + b"data: [DONE]\n\n",
        ]
    )
    for size in (1, 50, len(stream)):
        async with endpoint(body(*[stream[at : at + size] for at in range(0, len(stream), size)])) as served:
            chunks = await ask(served.url, settings=BrainSettings())
        assert texts(chunks) == ["a", "b", "c"]
        assert [chunk.chunk_id for chunk in chunks] == [0, 1, 2, 3]
        assert Hangup() in chunks[2].instructions


async def test_chunks_that_come_twice_or_not_at_all(caplog: pytest.LogCaptureFixture) -> None:
    done = DONE.replace(b":1,", b":9,")
    async with endpoint(body(packet(0, "a"), packet(1, "b"), packet(1, "b"), packet(4, "e"), done)) as served:
        chunks = await ask(served.url)
    assert texts(chunks) == ["a", "b", "e"]
    assert "chunk 1 of the answer came twice" in caplog.text
    assert "chunk 4 of the answer came where 2 was due" in caplog.text


async def test_chunks_of_an_engine_that_cannot_count_are_all_there() -> None:
    async with endpoint(body(packet(0, "a"), packet(0, "b"), packet(0, "c"), DONE.replace(b":1,", b":0,"))) as served:
        assert texts(await ask(served.url)) == ["a", "b", "c"]


async def test_what_came_before_something_malformed_is_delivered() -> None:
    async with (
        endpoint(body(packet(0, "a") + packet(1, "b") + b"oops\n" + DONE)) as served,
        CustomRobotBrain(served.url, "", QUICK) as brain,
    ):
        answer = brain.ask(Query("hi"))
        assert texts([await anext(answer), await anext(answer)]) == ["a", "b"]
        with pytest.raises(BrainError, match="answered wrongly"):
            await anext(answer)


async def test_a_session_that_the_endpoint_does_not_know() -> None:
    lost = b'{"code": "unknown_session", "message": "no such session", "field": "sessionId"}'
    head = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(lost)
    async with endpoint([head + lost]) as served:
        with pytest.raises(BrainSessionLostError):
            await ask(served.url)
        assert len(served.requests) == 1


async def test_an_endpoint_that_keeps_failing_is_left_alone_for_a_while() -> None:
    working = asyncio.Event()

    def script(_: int) -> list[bytes]:
        return body(RUNNING, DONE) if working.is_set() else refusing("500 Internal Server Error")

    settings = BrainSettings(breaker_failures=2, breaker_pause_s=0.2)
    async with endpoint(script) as served, CustomRobotBrain(served.url, "", settings) as brain:
        for _ in range(2):
            with pytest.raises(BrainError, match="failed"):
                await anext(brain.ask(Query("hi")))
        for _ in range(3):
            with pytest.raises(BrainCircuitOpenError):
                await anext(brain.ask(Query("hi")))
        assert len(served.requests) == 2
        await asyncio.sleep(0.2)
        with pytest.raises(BrainError, match="failed"):
            await anext(brain.ask(Query("hi")))
        with pytest.raises(BrainCircuitOpenError):
            await anext(brain.ask(Query("hi")))
        working.set()
        await asyncio.sleep(0.2)
        for _ in range(2):
            assert len([chunk async for chunk in brain.ask(Query("hi"))]) == 2
        assert brain.circuit is Circuit.CLOSED


async def test_a_caller_who_gives_up_does_not_decide_whether_the_endpoint_is_back() -> None:
    settings = BrainSettings(breaker_failures=1, breaker_pause_s=0.01)
    answers = {1: refusing("500 Internal Server Error"), 2: [*body(RUNNING)[:-1], HANG], 3: body(RUNNING, DONE)}
    async with endpoint(lambda number: answers[number]) as served, CustomRobotBrain(served.url, "", settings) as brain:
        with pytest.raises(BrainError, match="failed"):
            await anext(brain.ask(Query("hi")))
        await asyncio.sleep(0.02)
        answer = brain.ask(Query("hi"))
        await anext(answer)
        assert brain.circuit is Circuit.HALF_OPEN
        await answer.aclose()
        assert len([chunk async for chunk in brain.ask(Query("hi"))]) == 2
