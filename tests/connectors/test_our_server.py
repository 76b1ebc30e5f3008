"""Our client and our server, where they have something of their own to say to each other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.running import KEY, serving, settings
from voicebot.breaker import Circuit
from voicebot.connectors import CustomRobotBrain
from voicebot.errors import BrainSessionLostError, BrainUnavailableError, UnknownSessionError
from voicebot.protocol import Chunk, Query
from voicebot.server import HostedBot
from voicebot.settings.model import BrainSettings


class FailingBrain:
    """Knows no session, or cannot be reached, as the query says."""

    async def ask(self, query: Query) -> AsyncIterator[Chunk]:
        if query.query_text == "away":
            raise BrainUnavailableError("nobody there")
        if query.session_id == "over":
            raise UnknownSessionError("sessionId: over", "sessionId")
        yield Chunk(query.session_id, "q", 0, done=True)


async def test_a_session_that_is_over_is_told_apart_from_a_bot_that_is_not_there(tmp_path: Path) -> None:
    config = BrainSettings(breaker_failures=1)
    async with (
        serving(settings(tmp_path), [HostedBot("echo", FailingBrain(), "en", "en")]) as (server, _),
        CustomRobotBrain(f"{server.url}/stream/query", KEY, config) as client,
        CustomRobotBrain(f"{server.url}/bots/other/stream/query", KEY, config) as stranger,
    ):
        with pytest.raises(BrainSessionLostError):
            await anext(client.ask(Query("hi", "over")))
        assert (await anext(client.ask(Query("hi")))).done  # it is no failure: the endpoint is there
        with pytest.raises(BrainUnavailableError):
            await anext(client.ask(Query("away", "s")))
        assert client.circuit is Circuit.OPEN
        with pytest.raises(Exception, match="refused the query") as refused:
            await anext(stranger.ask(Query("hi", "over")))
        assert not isinstance(refused.value, BrainSessionLostError)
