"""A language model behind ``/stream/query``: pieces as they come, and an end to it when nobody listens any more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.dialogue.modelled import Modelled, modelled
from tests.llm.endpoint import HANG, Script, chunk, text_answer
from tests.server.running import HEADERS, ToneSynthesiser, serving, settings
from voicebot.connectors import CustomRobotBrain
from voicebot.conversation.actions import Rehearse
from voicebot.conversation.events import Rehearsed
from voicebot.conversation.rehearsal import RehearsalBudget, Rehearsals
from voicebot.conversation.voice import LineVoice
from voicebot.protocol import Query
from voicebot.server import HostedBot
from voicebot.speech.types import SpeechRequest

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


class SpeakingTone(ToneSynthesiser):
    """Tells when it is asked to speak."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def synthesise(self, request: SpeechRequest) -> AsyncIterator[bytes]:
        self.asked.set()
        async for piece in super().synthesise(request):
            yield piece


class Line:
    """What a call does with the bot: it rehearses, and then asks."""

    def __init__(self, brain: CustomRobotBrain, session_id: str) -> None:
        self.brain = brain
        self.session_id = session_id
        self.voice = SpeakingTone()
        self.told: list[Rehearsed] = []
        voice = LineVoice(self.voice, "en", 8000)
        self.rehearsals = Rehearsals(brain, voice, RehearsalBudget(1), self.told.append)

    async def rehearse(self) -> None:
        """Rehearse until the first sentence is being spoken."""
        self.rehearsals.begin(Rehearse(1, 1, Query(QUESTION, self.session_id, speculative=True)))
        await self.voice.asked.wait()
        assert self.told == [Rehearsed(1, 1, False)]
        assert [(request.text, request.speculative) for request in self.voice.requests] == [("First it is.", True)]


@asynccontextmanager
async def line(bot: Modelled, folder: Path) -> AsyncIterator[Line]:
    """Run a server with the bot, and a call that knows it."""
    await bot.say("")
    config = settings(folder, f"bots.default={bot.engine.bot.name}", "answers.audio=false")
    async with (
        serving(config, [HostedBot.of(bot.engine)]) as (server, _),
        CustomRobotBrain(f"{server.url}/stream/query", HEADERS["token"]) as brain,
    ):
        called = Line(brain, bot.caller.session_id)
        try:
            yield called
        finally:
            await called.rehearsals.close()


async def test_a_query_after_its_rehearsal_costs_one_request_and_does_not_wait_for_the_model(tmp_path: Path) -> None:
    rest = asyncio.Event()
    script: Script = [chunk({"content": "First it is. "}), rest, *text_answer("Then that.")]
    async with modelled(tmp_path, script, on_trial=True) as bot, line(bot, tmp_path) as call:
        await call.rehearse()
        real = Query(QUESTION, call.session_id)
        call.rehearsals.performed(real)
        said = []
        async for part in call.brain.ask(real):
            said.append(part.reply.text if part.reply is not None else "")
            # The model goes on only when the first sentence has come: nobody waits for it before.
            rest.set()
        assert said == ["First it is. ", "Then that. ", "Shall we start? ", ""]
        assert len(bot.served.requests) == 1
        assert (bot.load.counts.asked, bot.load.counts.trials, bot.load.counts.taken_over) == (0, 1, 1)
        await call.rehearsals.close()
        assert not bot.served.gone.is_set()


async def test_a_caller_who_goes_on_ends_what_the_model_is_asked_on_trial(tmp_path: Path) -> None:
    script: Script = [chunk({"content": "First it is. "}), HANG]
    async with modelled(tmp_path, script, on_trial=True) as bot, line(bot, tmp_path) as call:
        await call.rehearse()
        call.rehearsals.drop()
        await asyncio.wait_for(bot.served.gone.wait(), 5)
        assert bot.session.history.last.caller == ""
