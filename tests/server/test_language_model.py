"""A language model behind ``/stream/query``: pieces as they come, and an end to it when nobody listens any more."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.dialogue.modelled import modelled
from tests.llm.endpoint import HANG, Script, chunk, text_answer
from tests.server.running import HEADERS, serving, settings
from voicebot.server import HostedBot

QUESTION = "Which of your pens writes best under water?"


async def test_a_client_that_goes_away_ends_the_model_s_answer(tmp_path: Path) -> None:
    async with modelled(tmp_path, [chunk({"content": "First it is. "}), HANG]) as bot:
        await bot.say("")
        config = settings(tmp_path, f"bots.default={bot.engine.bot.name}", "answers.audio=false")
        async with serving(config, [HostedBot.of(bot.engine)]) as (_, client):
            body = {"queryText": QUESTION, "sessionId": bot.caller.session_id}
            response = await client.post("/stream/query", json=body, headers=HEADERS)
            packet = json.loads(await response.content.readline())
            assert packet["answer"][0]["reply"]["text"] == "First it is. "
            assert packet["answer"][0]["reply"]["replySource"] == "LARGE_MODEL_REPLY"
            response.close()
            await asyncio.wait_for(bot.served.gone.wait(), 5)


async def test_the_next_query_ends_the_model_s_answer(tmp_path: Path) -> None:
    def script(number: int) -> Script:
        return [chunk({"content": "First it is. "}), HANG] if number == 0 else text_answer("Second.")

    async with modelled(tmp_path, script) as bot:
        await bot.say("")
        config = settings(tmp_path, f"bots.default={bot.engine.bot.name}", "answers.audio=false")
        async with serving(config, [HostedBot.of(bot.engine)]) as (_, client):
            body = {"queryText": QUESTION, "sessionId": bot.caller.session_id}
            first = await client.post("/stream/query", json=body, headers=HEADERS)
            await first.content.readline()
            second = await client.post("/stream/query", json=body, headers=HEADERS)
            assert "Second." in await second.text()
            await asyncio.wait_for(bot.served.gone.wait(), 5)
