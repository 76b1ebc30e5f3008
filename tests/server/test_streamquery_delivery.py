"""Answers on their way: given up, superseded, late, slow, broken; and the settings of single bots."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.dialogue.shared import small_engine
from tests.server.running import HEADERS, ToneSynthesiser, serving, settings
from tests.server.scripted import Pause, ScriptedBrain, Step, done, say
from tests.server.test_packets import check_shape, texts
from voicebot.dialogue import Engine
from voicebot.errors import BrainUnavailableError
from voicebot.protocol import Chunk, Hangup, Query
from voicebot.server import HostedBot, delivery
from voicebot.server.closing import closing_iterator

FILLER = ("answers.filler_after_ms=50", "answers.filler.en=One moment.")


def hosted(brain: ScriptedBrain) -> list[HostedBot]:
    return [HostedBot("echo", brain, "en", "en", end_of_speech_ms=600, silence_s=7)]


async def read(answer: aiohttp.ClientResponse) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in (await answer.text()).splitlines()]
    check_shape(found)
    return found


class Asking:
    """Asks a server about session "s"."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client

    async def start(self, **body: object) -> aiohttp.ClientResponse:
        return await self._client.post("/stream/query", json={"sessionId": "s", **body}, headers=HEADERS)

    async def texts(self, **body: object) -> list[str]:
        return texts(await read(await self.start(**body)))


# --- given up by the client


async def test_a_client_that_goes_away_stops_a_brain_that_thinks(tmp_path: Path) -> None:
    pause = Pause()
    brain = ScriptedBrain([pause, say("a")])
    async with serving(settings(tmp_path), hosted(brain)) as (_, client):
        asking = asyncio.create_task(Asking(client).start())
        await pause.reached.wait()
        asking.cancel()
        await brain.closed.wait()
    assert brain.handed_out == []
    assert brain.running == 0


async def test_a_client_that_goes_away_in_the_middle_stops_the_brain(tmp_path: Path) -> None:
    pause = Pause()
    brain = ScriptedBrain([say("a"), pause, say("b")])
    async with serving(settings(tmp_path), hosted(brain)) as (_, client):
        answer = await Asking(client).start()
        await answer.content.readline()
        answer.close()
        await brain.closed.wait()
    assert [chunk.reply.text for chunk in brain.handed_out if chunk.reply] == ["a"]


class Halting:
    """Our bot, which stops to think after some chunks of one answer."""

    def __init__(self, engine: Engine, text: str, chunks: int) -> None:
        self.pause = Pause()
        self.given_up = asyncio.Event()
        self._engine, self._text, self._chunks = engine, text, chunks

    async def ask(self, query: Query) -> AsyncIterator[Chunk]:
        given = 0
        try:
            async with closing_iterator(self._engine.ask(query)) as chunks:
                while True:
                    if query.query_text == self._text and given == self._chunks:
                        self.pause.reached.set()
                        await self.pause.over.wait()
                    chunk = await anext(chunks, None)
                    if chunk is None:
                        return
                    given += 1
                    yield chunk
        except asyncio.CancelledError:
            self.given_up.set()
            raise


@pytest.mark.parametrize("superseded", [False, True])
@pytest.mark.parametrize(("chunks", "kept"), [(1, "It is free. "), (2, "It is free. Really. ")])
async def test_the_session_keeps_what_was_sent(tmp_path: Path, superseded: bool, chunks: int, kept: str) -> None:
    brain = Halting(small_engine(tmp_path), "how much is it", chunks)
    async with serving(settings(tmp_path), [HostedBot("echo", brain, "en", "en")]) as (_, client):
        asking = Asking(client)
        assert await asking.texts() == ["Hello Ann. ", "Shall we start? ", ""]
        answer = await asking.start(queryText="how much is it")
        await brain.pause.reached.wait()
        if not superseded:
            answer.close()
            await brain.given_up.wait()
        assert "".join(await asking.texts(queryText="say that again")) == kept
        if superseded:
            assert "".join(texts(await read(answer))) == kept


# --- superseded


async def test_a_second_query_ends_the_first_answer(tmp_path: Path) -> None:
    pause = Pause()
    brain = ScriptedBrain([say("a"), pause, say("b"), done(Hangup())], [say("c"), done()])
    async with serving(settings(tmp_path), hosted(brain)) as (_, client):
        first = await Asking(client).start()
        await pause.reached.wait()
        assert await Asking(client).texts() == ["c", ""]
        ended = await read(first)
    assert texts(ended) == ["a", ""]
    assert "instruction" not in ended[-1]["answer"][0]
    assert brain.closed.is_set()


async def test_a_second_query_ends_a_first_one_that_has_nothing_yet(tmp_path: Path) -> None:
    pause = Pause()
    brain = ScriptedBrain([pause, say("a"), done()], [say("b"), done()])
    async with serving(settings(tmp_path), hosted(brain)) as (_, client):
        first = asyncio.create_task(Asking(client).texts())
        await pause.reached.wait()
        assert await Asking(client).texts() == ["b", ""]
        assert await first == [""]


async def test_the_first_has_ended_when_the_second_is_asked(tmp_path: Path) -> None:
    pause = Pause()
    running: list[int] = []

    class Counting(ScriptedBrain):
        def ask(self, query: Any) -> Any:
            running.append(self.running)
            return super().ask(query)

    brain = Counting([say("a"), pause], [say("b"), done()])
    async with serving(settings(tmp_path), hosted(brain)) as (_, client):
        first = await Asking(client).start()
        await pause.reached.wait()
        await Asking(client).texts()
        first.close()
    assert running == [0, 0]


async def test_many_queries_at_once_end_one_another(tmp_path: Path) -> None:
    pause = Pause()
    brain = ScriptedBrain([pause])
    async with serving(settings(tmp_path), hosted(brain)) as (_, client):
        asking = [asyncio.create_task(Asking(client).texts()) for _ in range(10)]
        ended, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        while len(ended) < 9:
            more, _ = await asyncio.wait(set(asking) - ended, return_when=asyncio.FIRST_COMPLETED)
            ended |= more
        assert [task.result() for task in ended] == [[""]] * 9
        (last,) = set(asking) - ended
        assert brain.running == 1
        last.cancel()
        await brain.closed.wait()


async def test_other_sessions_and_other_bots_are_left_alone(tmp_path: Path) -> None:
    pause = Pause()
    brain = ScriptedBrain([say("a"), pause, say("b"), done()], [say("c"), done()])
    bots = [*hosted(brain), HostedBot("other", brain, "en")]
    async with serving(settings(tmp_path), bots) as (_, client):
        first = await Asking(client).start()
        await pause.reached.wait()
        assert await Asking(client).texts(sessionId="t") == ["c", ""]
        assert (await client.post("/bots/other/stream/query", json={"sessionId": "s"}, headers=HEADERS)).status == 200
        pause.over.set()
        assert texts(await read(first)) == ["a", "b", ""]


# --- deadlines


async def test_no_first_chunk_in_time(tmp_path: Path) -> None:
    brain = ScriptedBrain([Pause(), say("a")])
    async with serving(settings(tmp_path, "answers.first_chunk_timeout_ms=100"), hosted(brain)) as (_, client):
        answer = await Asking(client).start()
        assert (answer.status, (await answer.json())["code"]) == (504, "brain_timeout")
        assert brain.closed.is_set()


async def test_an_answer_that_does_not_end_in_time_is_closed_where_it_is(tmp_path: Path) -> None:
    brain = ScriptedBrain([say("a"), Pause(), say("b"), done(Hangup())])
    async with serving(settings(tmp_path, "answers.total_timeout_ms=1000"), hosted(brain)) as (_, client):
        ended = await read(await Asking(client).start())
        assert texts(ended) == ["a", ""]
        assert "instruction" not in ended[-1]["answer"][0]
        await brain.closed.wait()


async def test_a_client_that_does_not_read_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_UNREAD_S", 0.05)
    brain = ScriptedBrain([say("x" * 100_000)] * 1000)
    async with serving(settings(tmp_path, "answers.total_timeout_ms=1000"), hosted(brain)) as (_, client):
        answer = await Asking(client).start()
        await brain.closed.wait()
        with pytest.raises(aiohttp.ClientError):
            await answer.read()
    assert len(brain.handed_out) < 1000


async def test_a_bot_has_deadlines_of_its_own(tmp_path: Path) -> None:
    config = settings(tmp_path, "answers.bots={echo: {first_chunk_timeout_ms: 100}}")
    async with serving(config, hosted(ScriptedBrain([Pause()]))) as (_, client):
        assert (await Asking(client).start()).status == 504


# --- the filler


async def test_a_slow_brain_gets_the_filler_said_first(tmp_path: Path) -> None:
    pause = Pause()
    brain = ScriptedBrain([pause, say("a"), done()])
    async with serving(settings(tmp_path, *FILLER), hosted(brain)) as (_, client):
        answer = await Asking(client).start()
        filler = json.loads(await answer.content.readline())
        pause.over.set()
        rest = await read_rest(answer)
    assert filler["answer"][0]["reply"]["text"] == "One moment. "
    assert filler["answer"][0]["reply"]["replySource"] == "TEXT_REPLY"
    assert filler["answer"][0]["reply"]["allowInterrupt"] is True
    assert (filler["identifyDuration"], filler["nodeSilentDurationSeconds"]) == (600, 7)
    check_shape([filler, *rest])
    assert texts(rest) == ["a", ""]


async def read_rest(answer: aiohttp.ClientResponse) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (await answer.content.read()).splitlines()]


async def test_a_quick_brain_gets_none(tmp_path: Path) -> None:
    async with serving(settings(tmp_path, *FILLER), hosted(ScriptedBrain([say("a"), done()]))) as (_, client):
        assert await Asking(client).texts() == ["a", ""]


async def test_the_filler_comes_once_and_before_a_first_answer_too(tmp_path: Path) -> None:
    bots = [HostedBot.of(small_engine(tmp_path), "echo")]
    config = settings(tmp_path, *FILLER)
    async with serving(config, bots) as (_, client):
        answer = await client.post("/stream/query", json={}, headers=HEADERS)
        found = await read(answer)
    assert found[0]["sessionId"].startswith("3_")


@pytest.mark.parametrize(
    "failure", [BrainUnavailableError("x"), RuntimeError("x"), ConnectionResetError(), TimeoutError()]
)
async def test_a_brain_that_fails_after_the_filler_ends_in_an_apology(tmp_path: Path, failure: Exception) -> None:
    pause = Pause()
    config = settings(tmp_path, *FILLER, "conversation.apology.en=Sorry.")
    async with serving(config, hosted(ScriptedBrain([pause, failure]))) as (_, client):
        answer = await Asking(client).start()
        await answer.content.readline()
        pause.over.set()
        assert texts(await read_rest(answer)) == ["Sorry. ", ""]


async def test_a_brain_that_never_answers_after_the_filler_ends_in_an_apology(tmp_path: Path) -> None:
    config = settings(tmp_path, *FILLER, "conversation.apology.en=Sorry.", "answers.first_chunk_timeout_ms=200")
    async with serving(config, hosted(ScriptedBrain([Pause()]))) as (_, client):
        assert await Asking(client).texts() == ["One moment. ", "Sorry. ", ""]


# --- brains that go wrong


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (BrainUnavailableError("x"), 503, "brain_unavailable"),
        (RuntimeError("x"), 500, "internal"),
        (ConnectionResetError(), 500, "internal"),
        (TimeoutError(), 500, "internal"),
    ],
)
async def test_a_brain_that_fails(tmp_path: Path, failure: Exception, status: int, code: str) -> None:
    brain = ScriptedBrain([failure], [say("a"), failure], [say("b"), done()])
    async with serving(settings(tmp_path), hosted(brain)) as (_, client):
        answer = await Asking(client).start()
        assert (answer.status, (await answer.json())["code"]) == (status, code)
        answer = await Asking(client).start()
        with pytest.raises(aiohttp.ClientError):  # torn, and to be seen to be
            await answer.read()
        assert await Asking(client).texts() == ["b", ""]


async def test_a_brain_without_an_answer(tmp_path: Path) -> None:
    async with serving(settings(tmp_path), hosted(ScriptedBrain([]))) as (_, client):
        answer = await Asking(client).start()
        assert (answer.status, (await answer.json())["code"]) == (503, "brain")


@pytest.mark.parametrize("script", [[say("a")], [say("a"), done(), say("b"), done()]])
async def test_a_brain_that_forgets_the_end_or_itself(tmp_path: Path, script: Sequence[Step]) -> None:
    async with serving(settings(tmp_path), hosted(ScriptedBrain(script))) as (_, client):
        assert await Asking(client).texts() == ["a", ""]


# --- settings of answers


@pytest.mark.parametrize(
    ("framing", "accept", "events"),
    [
        *(("auto", "*/*", False), ("auto", "text/event-stream", True), ("auto", "text/event-stream;q=0", False)),
        *(("lines", "text/event-stream", False), ("events", "application/x-ndjson", True)),
    ],
)
async def test_framing_by_bot(tmp_path: Path, framing: str, accept: str, events: bool) -> None:
    config = settings(tmp_path, f"answers.bots={{echo: {{framing: {framing}}}}}")
    async with serving(config, hosted(ScriptedBrain([say("a"), done()]))) as (_, client):
        answer = await client.post("/stream/query", json={}, headers=HEADERS | {"Accept": accept})
        kind = "text/event-stream" if events else "application/x-ndjson"
        assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
        assert (await answer.text()).startswith("data:{" if events else "{")


async def test_tokens_and_audio_by_bot(tmp_path: Path) -> None:
    own = "answers.bots={echo: {chunks: token, audio_field: audioUrl}, quiet: {audio: false}}"
    script = [say("One two."), done()]
    names = ("echo", "quiet", "plain")
    bots = [HostedBot(name, ScriptedBrain(script), "en") for name in names]
    replies = {}
    async with serving(settings(tmp_path, own), bots, ToneSynthesiser()) as (_, client):
        for name in names:
            found = await read(await client.post(f"/bots/{name}/stream/query", json={}, headers=HEADERS))
            replies[name] = [packet["answer"][0]["reply"] for packet in found]
    assert [reply["text"] for reply in replies["echo"]] == ["One ", "two", ".", ""]
    assert [(reply["audioUrl"], "audioURL" in reply) for reply in replies["echo"]] == [(None, False)] * 4
    assert [reply["audioURL"] for reply in replies["quiet"]] == [None, None]
    assert replies["plain"][0]["audioURL"].startswith("http://127.0.0.1:")
    assert replies["plain"][0]["audioURL"] == replies["plain"][0]["audioUrl"]
    assert replies["plain"][1]["audioURL"] is None
