"""Requests to the language model on trial, of all bots of the service."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from tests.dialogue.shared import ROOT, models
from tests.llm.endpoint import HANG, Endpoint, chunk, endpoint
from voicebot.dialogue.versions import EngineVersions
from voicebot.protocol import Chunk, Query
from voicebot.runtime.bots import OurBots
from voicebot.settings import load_settings
from voicebot.settings.model import Settings

BOT = """\
name: NAME
language: en
start: hello
silence: {prompts: ["Hello?"], goto: bye}
fallback: {texts: ["Sorry?"], goto: bye}
language_model: {}
nodes:
  hello: {say: Hello.}
  bye: {say: Bye., instructions: {hangup: true}}
"""
FIRST = [chunk({"content": "The blue one. "}), HANG]
QUESTION = "Which of your kites flies best under water?"


@asynccontextmanager
async def office(folder: Path, served: Endpoint | None = None, **changes: Any) -> AsyncIterator[OurBots]:
    """Two bots, "one" and "two"."""
    (folder / "models").symlink_to(models())
    for name in ("one", "two"):
        (folder / "bots" / name).mkdir(parents=True)
        (folder / "bots" / name / "bot.yaml").write_text(BOT.replace("NAME", name), encoding="utf-8")
    settings = load_settings(ROOT / "config/voicebot.yaml", [f"paths.data={folder}"], os.environ).model_dump()
    settings |= {"lines": [], "bots": {"directory": folder / "bots"}}
    if served is not None:
        settings["language_model"] = served.settings(**changes).model_dump()
    bots = OurBots(Settings.model_validate(settings))
    try:
        yield bots
    finally:
        await bots.close()


async def call(bot: EngineVersions) -> str:
    session_id = bot.new_session()
    assert [part async for part in bot.ask(Query("", session_id))]
    return session_id


def rehearse(bot: EngineVersions, session_id: str) -> AsyncGenerator[Chunk, None]:
    return cast(AsyncGenerator[Chunk, None], bot.rehearse(Query(QUESTION, session_id, speculative=True)))


async def test_all_bots_share_the_bound(tmp_path: Path) -> None:
    async with endpoint(FIRST) as served, office(tmp_path, served, on_trial=True, max_trials=1) as bots:
        one, two = bots
        first, second = rehearse(one, await call(one)), rehearse(two, await call(two))
        assert not (await anext(first)).done
        assert (await anext(second)).done
        assert bots.facts == {"model_requests": 0, "model_trials": 1, "model_trials_taken_over": 0}
        await first.aclose()
        third = rehearse(two, await call(two))
        assert not (await anext(third)).done
        await third.aclose()


async def test_nothing_is_asked_on_trial_unless_the_settings_say_so(tmp_path: Path) -> None:
    async with endpoint(FIRST) as served, office(tmp_path, served) as bots:
        one, _ = bots
        assert (await anext(rehearse(one, await call(one)))).done
        assert not served.requests


async def test_the_end_of_the_service_ends_it(tmp_path: Path) -> None:
    async with endpoint(FIRST) as served, office(tmp_path, served, on_trial=True) as bots:
        one, _ = bots
        chunks = rehearse(one, await call(one))
        await anext(chunks)
        assert not (await anext(chunks)).done
        await bots.close()
        await asyncio.wait_for(served.gone.wait(), 5)
        assert (await anext(chunks)).done


async def test_a_version_that_is_replaced_and_has_no_calls_any_more_ends_it(tmp_path: Path) -> None:
    async with endpoint(FIRST) as served, office(tmp_path, served, on_trial=True) as bots:
        one, _ = bots
        session_id = await call(one)
        chunks = rehearse(one, session_id)
        await anext(chunks)
        assert not (await anext(chunks)).done
        await bots.take_over("one")
        await one.retire()
        assert one.older == 1
        assert not served.gone.is_set()  # its call goes on
        bots.end_session(session_id)
        await asyncio.wait_for(served.gone.wait(), 5)
        assert (await anext(chunks)).done
        await one.retire()
        assert one.older == 0


async def test_without_a_model_there_is_nothing_to_tell(tmp_path: Path) -> None:
    async with office(tmp_path) as bots:
        assert bots.facts == {}
