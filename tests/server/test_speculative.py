"""Queries on trial over HTTP, and what is expected of the caller."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.dialogue.shared import small_engine
from tests.server.running import HEADERS, EchoBrain, serving, settings
from voicebot.connectors import CustomRobotBrain
from voicebot.protocol import Query
from voicebot.protocol.expectation import Expectation, Expected
from voicebot.server import HostedBot

ON_TRIAL = {"speculate": True, "expects": True}


async def post(client: aiohttp.ClientSession, text: str, **more: object) -> list[dict[str, Any]]:
    body = {"queryText": text, "sessionId": "s", **more}
    answer = await client.post("/stream/query", json=body, headers=HEADERS)
    assert answer.status == 200, await answer.text()
    return [json.loads(line) for line in (await answer.text()).splitlines()]


async def test_a_query_on_trial_is_answered_and_changes_nothing(tmp_path: Path) -> None:
    bot = small_engine(tmp_path)
    async with serving(settings(tmp_path), [HostedBot.of(bot, "echo")]) as (_, client):
        await post(client, "")
        first, *_ = on_trial = await post(client, "yes", ext=ON_TRIAL)
        assert (first["complete"], first["expects"]["kind"]) == (True, "open")
        assert "complete" not in on_trial[-1]
        assert (bot.sessions.open("s").node, bot.sessions.open("s").turn) == ("hello", 1)
        answer = await post(client, "yes")
        texts = [[packet["answer"][0]["reply"]["text"] for packet in packets] for packets in (on_trial, answer)]
        assert texts[0] == texts[1]
        assert not {"expects", "complete"} & answer[0].keys()
        assert bot.sessions.open("s").node == "number"


async def test_our_phone_side_reads_what_is_expected(tmp_path: Path) -> None:
    bot = small_engine(tmp_path)
    async with serving(settings(tmp_path), [HostedBot.of(bot, "echo")]) as (server, _):
        brain = CustomRobotBrain(f"{server.url}/stream/query", HEADERS["token"])
        first, *others = [chunk async for chunk in brain.ask(Query("", "s", wants_expectation=True))]
        await brain.close()
    assert first.expects == Expectation(Expected.YES_NO)
    assert all(chunk.expects is None for chunk in others)


async def test_our_phone_side_reads_what_was_understood(tmp_path: Path) -> None:
    bot = small_engine(tmp_path)
    async with serving(settings(tmp_path), [HostedBot.of(bot, "echo")]) as (server, client):
        brain = CustomRobotBrain(f"{server.url}/stream/query", HEADERS["token"])
        await post(client, "")
        *others, last = [chunk async for chunk in brain.ask(Query("yes tomorrow", "s", wants_understanding=True))]
        await brain.close()
        assert all("understood" not in packet for packet in await post(client, "four"))
    assert last.done
    assert all(chunk.understood is None for chunk in others)
    assert last.understood is not None
    assert (last.understood.kind, last.understood.intent) == ("transition", "yes")
    assert [(one.kind, one.text) for one in last.understood.entities] == [("yes_no", "yes"), ("date", "tomorrow")]


async def test_an_answer_under_way_goes_on(tmp_path: Path) -> None:
    brain = EchoBrain()
    async with serving(settings(tmp_path), [HostedBot("echo", brain, "en")]) as (_, client):
        body = {"queryText": "one wait two", "sessionId": "s"}
        answer = await client.post("/stream/query", json=body, headers=HEADERS)
        await answer.content.readline()
        refused = await client.post("/stream/query", json={**body, "ext": ON_TRIAL}, headers=HEADERS)
        assert refused.status == 400
        assert "ext.speculate" in await refused.text()
        brain.go_on.set()
        assert b'"two"' in await answer.read()


@pytest.mark.parametrize("session_id", ["", None])
async def test_there_is_nothing_to_try_before_there_is_a_session(tmp_path: Path, session_id: str | None) -> None:
    async with serving(settings(tmp_path), [HostedBot.of(small_engine(tmp_path), "echo")]) as (_, client):
        body = {"queryText": "yes", "sessionId": session_id, "ext": ON_TRIAL}
        assert (await client.post("/stream/query", json=body, headers=HEADERS)).status == 400
