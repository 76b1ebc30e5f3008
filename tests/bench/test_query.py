from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from time import perf_counter

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tests.dialogue.shared import BOTS, SMALL_BOT, models
from voicebot.bench.query import KEY, Figures, Held, Plan, Row, _Rounds, with_stream_bot
from voicebot.bench.query_load import Callers, Load, Outcome
from voicebot.bench.query_process import load_process, server_process
from voicebot.bench.query_report import first_chunk_p99_ms, ratio, report
from voicebot.bench.query_server import STREAM_BOT, write_stream_bot
from voicebot.bench.query_texts import known_wordings, paraphrases
from voicebot.bench.query_wire import Connection, dechunked, request_bytes
from voicebot.dialogue import load_bot
from voicebot.dialogue.texts import split_sentences
from voicebot.errors import VoicebotError
from voicebot.settings import load_settings

MANY = 60_000
PACKET = b'{"answer":[{"status":"done","reply":{"replySource":"%s"}}]}\n'


@asynccontextmanager
async def echoing() -> AsyncIterator[int]:
    """Run a server that answers with its path in pieces, after telling what it was sent; yield its port."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/refused":
            return web.Response(status=409, text="no")
        response = web.StreamResponse()
        await response.prepare(request)
        text = (await request.json())["queryText"]
        for piece in (b"one\n", b"two\n", PACKET % text.encode()):
            await response.write(piece)
            await asyncio.sleep(0)
        return response

    app = web.Application()
    app.router.add_post("/{any}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def load_on(port: int, *bodies: list[str], path: str = "/x", seconds: float = 0.0, repeat: bool = True) -> Load:
    queries = [[{"queryText": text} for text in own] for own in bodies]
    return Load(port, os.getpid(), path, KEY, queries, seconds=seconds, repeat=repeat, warm_up_s=0.0)


async def test_an_answer_is_read_to_its_end_and_the_connection_serves_again() -> None:
    async with echoing() as port:
        connection = await Connection.open(port)
        for text in ("FAQ", "RAG"):
            answer = await connection.ask(request_bytes("/x", KEY, {"queryText": text}))
            assert dechunked(answer.body) == b"one\ntwo\n" + PACKET % text.encode()
            assert answer.head.startswith(b"HTTP/1.1 200 ")
            assert 0 < answer.first_ms <= answer.last_ms
        connection.close()


async def test_another_status_fails() -> None:
    async with echoing() as port:
        connection = await Connection.open(port)
        with pytest.raises(VoicebotError, match="409"):
            await connection.ask(request_bytes("/refused", KEY, {}))
        connection.close()


async def test_times_count_from_when_a_query_was_due() -> None:
    async with echoing() as port:
        connection = await Connection.open(port)
        request = request_bytes("/x", KEY, {"queryText": "FAQ"})
        long_ago = perf_counter() - 1000
        assert (await connection.ask(request, since=long_ago)).first_ms >= 1_000_000
        connection.close()


async def test_every_query_is_asked_once_and_answers_of_the_faq_are_told_apart() -> None:
    async with echoing() as port:
        callers = Callers(load_on(port, ["FAQ", "RAG"], ["FAQ"]))
        outcome = await callers.run()
        callers.close()
    assert (outcome.answers, outcome.faq, len(outcome.first_ms), len(outcome.last_ms)) == (3, 2, 2, 3)


async def test_queries_are_repeated_for_the_whole_time() -> None:
    async with echoing() as port:
        callers = Callers(load_on(port, ["FAQ"], ["FAQ"], seconds=0.05))
        outcome = await callers.run()
        callers.close()
    assert outcome.answers > 2
    assert outcome.seconds >= 0.05
    assert outcome.client_cpu_s > 0


async def test_queries_that_must_not_be_repeated_may_run_out() -> None:
    async with echoing() as port:
        callers = Callers(load_on(port, ["FAQ"], seconds=10, repeat=False))
        with pytest.raises(VoicebotError, match="run out"):
            await callers.run()
        callers.close()


async def test_an_answer_that_is_refused_ends_the_load() -> None:
    async with echoing() as port:
        callers = Callers(load_on(port, ["FAQ"], path="/refused", seconds=10))
        with pytest.raises(VoicebotError, match="409"):
            await callers.run()
        callers.close()


@given(st.lists(st.binary(min_size=1), max_size=5))
def test_chunks_are_put_together(pieces: list[bytes]) -> None:
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    assert dechunked(body) == b"".join(pieces)


def test_requests_are_whole() -> None:
    head, _, body = request_bytes("/stream/query", KEY, {"queryText": "你好"}).partition(b"\r\n\r\n")
    assert json.loads(body) == {"queryText": "你好"}
    assert f"Content-Length: {len(body)}".encode() in head.splitlines()


@pytest.mark.parametrize("name", ["appointment", "service"])
def test_paraphrases_are_new_each_time_and_none_is_known(name: str) -> None:
    bot = load_bot(BOTS / name / "bot.yaml")
    found = list(islice(paraphrases(bot), MANY))
    assert len(found) == MANY
    assert len(set(found)) == len(found)
    assert not set(found) & set(known_wordings(bot))
    assert found == list(islice(paraphrases(bot), MANY))


async def test_the_real_server_streams_the_sixteen_chunks_and_answers_from_the_faq(tmp_path: Path) -> None:
    folder = tmp_path / "bots" / "small"
    folder.mkdir(parents=True)
    (folder / "bot.yaml").write_text(SMALL_BOT, encoding="utf-8")
    data = tmp_path / "data"
    data.mkdir()
    (data / "models").symlink_to(models())
    overrides = [f"paths.data={data}", f"bots.directory={folder.parent}", "bots.default=small"]
    plain = load_settings(overrides=overrides).model_copy(update={"lines": []})
    bot = load_bot(folder / "bot.yaml")
    with with_stream_bot(plain) as settings:
        async with load_process() as load, server_process(settings) as server:
            rounds = _Rounds(settings, bot, Plan(sessions=2, rounds=1, seconds=0.1, held=4), load)
            lines = await rounds.sample(server)
            assert [json.loads(line)["answer"][0]["chunkId"] for line in lines] == list(range(16))
            outcome = await rounds._faq(server, known_wordings(bot), 50.0)
            assert outcome.answers == outcome.faq > 0
            async with server_process(settings, lines) as bare:
                assert (await rounds._stream(bare, "")).sample == "".join(lines)


def outcome(answers: int, *first_ms: float) -> Outcome:
    return Outcome(1.0, answers, len(first_ms), list(first_ms), list(first_ms), 0.5, 0.25)


def test_the_share_is_that_of_the_same_round() -> None:
    bare = Row("bare", [outcome(100, 1), outcome(1000, 1), outcome(50, 1)])
    ours = Row("ours", [outcome(50, 1), outcome(510, 1), outcome(40, 1)])
    assert ratio(ours, bare) == pytest.approx(0.51)


def test_p99_is_of_all_rounds_together() -> None:
    row = Row("x", [outcome(99, *[1.0] * 99), outcome(1, 7.0)])
    assert first_chunk_p99_ms(row) == 1.0
    row.outcomes.append(outcome(1, 8.0))
    assert first_chunk_p99_ms(row) == 7.0


def test_the_report_says_which_goals_are_reached() -> None:
    stream = [Row("bare", [outcome(1000, 1.0)]), Row("ours", [outcome(600, 2.0)])]
    faq = [
        Row("words, the next query at once", [outcome(10, 3.0)]),
        Row("words, one query a second each", [outcome(10, 20.0)]),
    ]
    held = [Held("sessions", 1000, 10_000, 30_000)]
    lines = report(Figures(Plan(), stream, faq, held)).splitlines()
    verdicts = {
        line.split("|")[1].strip(): line.split("|")[-2].strip() for line in lines if line.endswith((" yes |", " no |"))
    }
    assert verdicts == {
        "16 chunks: share of the bare handler's rate": "yes",
        "first chunk p99 in ms: words, the next query at once": "yes",
        "first chunk p99 in ms: words, one query a second each": "no",
        "KiB each: 1000 sessions": "yes",
    }
    assert any("ours" in line and " 0.60 " in line for line in lines)


def test_the_bot_of_the_stream_gives_fifteen_sentences(tmp_path: Path) -> None:
    write_stream_bot(tmp_path)
    bot = load_bot(tmp_path / STREAM_BOT / "bot.yaml")
    assert len(split_sentences(bot.faq[0].answer[0])) + len(split_sentences(bot.nodes["greeting"].again)) == 15
