from __future__ import annotations

import asyncio
import gzip
import json
import socket
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.dialogue.shared import engine, small_engine
from tests.server.running import HEADERS, KEY, EchoBrain, ToneSynthesiser, serving, settings
from voicebot.connectors import CustomRobotBrain
from voicebot.errors import BrainUnavailableError, ConfigError, PortInUseError
from voicebot.protocol import Hangup, Query
from voicebot.server import HostedBot, create_app, start_server


def echo(brain: EchoBrain | None = None) -> list[HostedBot]:
    return [HostedBot("echo", brain or EchoBrain(), "en")]


def packets(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


async def test_lines_by_default(tmp_path: Path) -> None:
    async with serving(settings(tmp_path), echo()) as (_, client):
        answer = await client.post("/stream/query", json={"queryText": "a b", "sessionId": "s"}, headers=HEADERS)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/x-ndjson; charset=utf-8"
        body = await answer.text()
    assert body.count("\n") == 3
    assert body.splitlines()[0] == (
        '{"sessionId":"s","queryId":"q","answer":[{"chunkId":0,"status":"running","reply":{"type":1,"text":"a",'
        '"audioURL":null,"audioUrl":null,"replySource":"TEXT_REPLY","allowInterrupt":true,'
        '"allowSemanticInterruption":false}}]}'
    )
    # The last reply is empty, whether the brain has one or not.
    assert body.splitlines()[2] == (
        '{"sessionId":"s","queryId":"q","answer":[{"chunkId":2,"status":"done","reply":{"type":1,"text":"",'
        '"audioURL":null,"audioUrl":null,"replySource":"TEXT_REPLY","allowInterrupt":true,'
        '"allowSemanticInterruption":false}}]}'
    )


async def test_events_for_who_accepts_them(tmp_path: Path) -> None:
    async with serving(settings(tmp_path), echo()) as (_, client):
        headers = HEADERS | {"Accept": "text/event-stream"}
        answer = await client.post("/stream/query", json={"queryText": "a", "sessionId": "s"}, headers=headers)
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        body = await answer.text()
    assert [part[:10] for part in body.split("\n\n")] == ['data:{"ses', 'data:{"ses', ""]


async def test_chunks_go_out_as_they_come(tmp_path: Path) -> None:
    brain = EchoBrain()
    async with serving(settings(tmp_path), echo(brain)) as (_, client):
        answer = await client.post("/stream/query", json={"queryText": "a wait"}, headers=HEADERS)
        assert b'"text":"a"' in await answer.content.readline()
        brain.go_on.set()
        assert b'"text":"wait"' in await answer.content.readline()
        assert b'"done"' in await answer.content.readline()


@pytest.mark.parametrize(
    "headers", [{"token": KEY}, {"Authorization": f"Bearer {KEY}"}, {"authorization": f"bearer {KEY}"}]
)
async def test_either_header_lets_in(tmp_path: Path, headers: dict[str, str]) -> None:
    async with serving(settings(tmp_path), echo()) as (_, client):
        assert (await client.post("/stream/query", json={}, headers=headers)).status == 200
        assert (await client.post("/bots/echo/stream/query", json={}, headers=headers)).status == 200


@pytest.mark.parametrize(
    "headers", [{}, {"token": "x"}, {"token": ""}, {"Authorization": f"Basic {KEY}"}, {"Authorization": KEY}]
)
async def test_all_others_hear_the_same(tmp_path: Path, headers: dict[str, str]) -> None:
    async with serving(settings(tmp_path), echo()) as (_, client):
        for path in ("/stream/query", "/bots/none/stream/query"):
            answer = await client.post(path, data=b"not json", headers=headers)
            assert answer.status == 401
            assert await answer.json() == {
                "code": "unauthorized",
                "message": "the key is missing or wrong",
                "field": "",
            }


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "field"),
    [
        ("/stream/query", b"", 400, "protocol", ""),
        ("/stream/query", b"not json", 400, "protocol", ""),
        ("/stream/query", b"\xff\xfe", 400, "protocol", ""),
        ("/stream/query", b"[]", 400, "protocol", ""),
        ("/stream/query", b"[" * 50_000, 400, "protocol", ""),
        ("/stream/query", b'{"queryText":1}', 400, "protocol", "queryText"),
        ("/stream/query", b'{"silenceType":"x"}', 400, "protocol", "silenceType"),
        ("/stream/query", b'{"queryText":"%b"}' % (b"x" * 300_000), 413, "too_large", ""),
        ("/bots/none/stream/query", b"{}", 404, "unknown_bot", "bot"),
        ("/nowhere", b"{}", 404, "not_found", ""),
        ("/healthz", b"{}", 405, "method_not_allowed", ""),
    ],
)
async def test_bad_requests(tmp_path: Path, path: str, body: bytes, status: int, code: str, field: str) -> None:
    async with serving(settings(tmp_path), echo()) as (_, client):
        answer = await client.post(path, data=body, headers=HEADERS)
        told = await answer.json()
    assert (answer.status, told["code"], told["field"]) == (status, code, field)
    assert told["message"]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "nonsense"])
async def test_compressed_bodies_are_refused(tmp_path: Path, encoding: str) -> None:
    async with serving(settings(tmp_path), echo()) as (_, client):
        headers = HEADERS | {"Content-Encoding": encoding}
        answer = await client.post("/stream/query", data=b"\x01\x02garbage", headers=headers)
        assert (answer.status, (await answer.json())["code"]) == (415, "unsupported")
        packed = gzip.compress(b'{"queryText":"' + b"x" * 5_000_000 + b'"}')
        answer = await client.post("/stream/query", data=packed, headers=headers)
        assert answer.status == 415


async def test_a_defect_of_a_brain_is_no_secret_and_no_torn_answer(tmp_path: Path) -> None:
    async with serving(settings(tmp_path), echo()) as (_, client):
        answer = await client.post("/stream/query", json={"queryText": "fail"}, headers=HEADERS)
        assert (answer.status, (await answer.json())["code"]) == (500, "internal")
        answer = await client.post("/stream/query", json={"queryText": "a fail"}, headers=HEADERS)
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientError):
            await answer.read()
        answer.close()


async def test_a_client_that_goes_away_stops_the_brain(tmp_path: Path) -> None:
    brain = EchoBrain()
    async with serving(settings(tmp_path), echo(brain)) as (_, client):
        answer = await client.post("/stream/query", json={"queryText": "a wait b"}, headers=HEADERS)
        await answer.content.readline()
        answer.close()
        await asyncio.wait_for(brain.given_up.wait(), 5)


async def test_a_client_that_leaves_in_the_middle_of_an_answer_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def leave(request: web.Request, _: web.StreamResponse) -> None:
        assert request.transport is not None
        request.transport.close()

    app = create_app(settings(tmp_path), echo())
    app.on_response_prepare.append(leave)  # the connection closes, and the handler does not know yet
    server = await start_server(app, "127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession(server.url) as client:
            with pytest.raises(aiohttp.ClientError):
                await client.post("/stream/query", json={"queryText": "a b"}, headers=HEADERS)
    finally:
        await server.close()
    assert [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


async def test_stopping_the_server_ends_running_answers(tmp_path: Path) -> None:
    brain = EchoBrain()
    async with aiohttp.ClientSession() as client:
        async with serving(settings(tmp_path), echo(brain)) as (server, _):
            answer = await client.post(f"{server.url}/stream/query", json={"queryText": "a wait"}, headers=HEADERS)
            await answer.content.readline()
        answer.close()
        assert brain.given_up.is_set()


async def test_our_client_and_our_bot(tmp_path: Path) -> None:
    bots = [HostedBot.of(small_engine(tmp_path), "small")]
    async with serving(settings(tmp_path, "bots.default=small"), bots) as (server, _):
        async with CustomRobotBrain(f"{server.url}/bots/small/stream/query", KEY) as brain:
            session_id, said = "", []
            for text in ("", "what does it cost?", "no thanks"):
                chunks = [chunk async for chunk in brain.ask(Query(text, session_id, {"name": "Bob"}))]
                session_id = chunks[0].session_id
                said.append("".join(chunk.reply.text for chunk in chunks if chunk.reply))
        assert said == ["Hello Bob. Shall we start? ", "It is free. Really. Shall we? ", "Bye. "]
        assert Hangup() in chunks[-1].instructions
        async with CustomRobotBrain(f"{server.url}/stream/query", "wrong") as stranger:
            with pytest.raises(BrainUnavailableError):
                await stranger.ask(Query()).__anext__()


async def test_the_page_s_curl_line(tmp_path: Path) -> None:
    body = {"queryText": "你是谁啊", "sessionId": "3_f7de7ec4", "variables": {"homeAddress": "chengdu"}}
    bots = [HostedBot.of(engine("appointment"))]
    async with serving(settings(tmp_path, "bots.default=appointment"), bots) as (_, client):
        answer = await client.post(
            "/stream/query", json=body, headers=HEADERS | {"Authorization": "Bearer token", "Accept": "*/*"}
        )
        found = packets(await answer.text())
    assert {packet["sessionId"] for packet in found} == {"3_f7de7ec4"}
    assert [packet["answer"][0]["chunkId"] for packet in found] == list(range(len(found)))
    assert found[0]["answer"][0]["reply"]["text"] == "我是安心口腔的智能助手，专门帮您确认预约。"
    assert found[0]["answer"][0]["reply"]["replySource"] == "FAQ"
    assert (found[0]["identifyDuration"], found[0]["nodeSilentDurationSeconds"]) == (700, 6)
    assert "identifyDuration" not in found[1]


async def test_sentences_carry_audio_addresses(tmp_path: Path) -> None:
    config = settings(tmp_path, "http.public_url=https://bot.example.com/")
    async with serving(config, echo(), ToneSynthesiser()) as (_, client):
        answer = await client.post("/stream/query", json={"queryText": "a"}, headers=HEADERS)
        reply = packets(await answer.text())[0]["answer"][0]["reply"]
    assert reply["audioURL"] == reply["audioUrl"]
    assert reply["audioURL"].startswith("https://bot.example.com/audio/")


BODIES = st.binary(max_size=60) | st.dictionaries(
    st.sampled_from(["queryText", "sessionId", "variables", "silence", "silenceType"]),
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.none(), max_size=2),
).map(lambda body: json.dumps(body).encode())


@given(st.lists(BODIES, min_size=10, max_size=10))
@hypothesis_settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bad_input_is_never_our_fault(tmp_path: Path, bodies: list[bytes]) -> None:
    async def run() -> list[int]:
        async with serving(settings(tmp_path), echo()) as (_, client):
            found = []
            for body in bodies:
                answer = await client.post("/stream/query", data=body, headers=HEADERS)
                await answer.read()
                found.append(answer.status)
            return found

    assert set(asyncio.run(run())) <= {200, 400}


def test_the_default_bot_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"bots\.default: there is no bot 'nobody'; the bots are: echo"):
        create_app(settings(tmp_path, "bots.default=nobody"), echo())


async def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"TCP port {port} on 127.0.0.1"):
            await start_server(create_app(settings(tmp_path), echo()), "127.0.0.1", port)
    with pytest.raises(ConfigError, match=r"http\.host"):
        await start_server(create_app(settings(tmp_path), echo()), "203.0.113.1", 0)


async def test_health(tmp_path: Path) -> None:
    calls: dict[str, object] = {"calls": 3}
    async with serving(settings(tmp_path), echo(), facts=lambda: calls) as (_, client):
        answer = await client.get("/healthz")
        report = await answer.json()
        assert answer.status == 200
        assert (report["status"], report["calls"], report["version"]) == ("ok", 3, "0.1.0")
        assert report["uptime_s"] >= 0
        calls["status"] = "degraded"
        assert (await client.get("/healthz")).status == 503
