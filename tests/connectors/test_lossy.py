"""Our client and our server over a connection that fails in every way: nothing lost, nothing doubled."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.connectors.lossy import Fault, LossyProxy, lossy
from tests.server.running import KEY, serving, settings
from voicebot.connectors import CustomRobotBrain
from voicebot.errors import BrainError, BrainTimeoutError
from voicebot.protocol import Chunk, Query, Reply
from voicebot.server import HostedBot
from voicebot.settings.model import BrainSettings

PATIENT = BrainSettings(breaker_failures=1000)
QUERIES = 4


class CountingBrain:
    """Answers each query by some sentences of its own, and counts how often it was asked it."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    async def ask(self, query: Query) -> AsyncIterator[Chunk]:
        self.asked[query.query_text] += 1
        for number, text in enumerate(sentences(query.query_text)):
            yield Chunk(query.session_id, "q", number, reply=Reply(text))
            await asyncio.sleep(0)
        yield Chunk(query.session_id, "q", len(sentences(query.query_text)), done=True)


def sentences(text: str) -> list[str]:
    return [f"{text}, part {number}. " for number in range(5)]


def said(chunks: Sequence[Chunk]) -> str:
    return "".join(chunk.reply.text for chunk in chunks if chunk.reply is not None)


@asynccontextmanager
async def connected(
    folder: Path, faults: Sequence[Fault], config: BrainSettings
) -> AsyncIterator[tuple[CountingBrain, CustomRobotBrain, LossyProxy]]:
    """A client and a server with a bad connection between them."""
    counting = CountingBrain()
    async with (
        serving(settings(folder), [HostedBot("echo", counting, "en", "en")]) as (server, _),
        lossy(int(server.url.rpartition(":")[2]), faults) as proxy,
        CustomRobotBrain(f"http://127.0.0.1:{proxy.port}/stream/query", KEY, config) as client,
    ):
        yield counting, client, proxy


async def converse(folder: Path, faults: Sequence[Fault]) -> None:
    before, failed = asyncio.all_tasks(), 0
    async with connected(folder, faults, PATIENT) as (counting, client, proxy):
        for number in range(QUERIES + len(faults)):
            text = f"query {number}"
            got: list[Chunk] = []
            with contextlib.suppress(BrainError):
                async for chunk in client.ask(Query(text, "s")):
                    got.append(chunk)  # noqa: PERF401 - what came before an error counts
            whole = bool(got) and got[-1].done
            failed += not whole
            assert "".join(sentences(text)).startswith(said(got))
            assert counting.asked[text] <= 1
            if whole:
                assert said(got) == "".join(sentences(text))
                assert counting.asked[text] == 1
        assert failed <= len(faults), "a broken connection costs one answer, and the next query gets another one"
        await client.close()
        await asyncio.wait_for(proxy.drained(), 5)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before


FAULTS = st.builds(
    Fault,
    event=st.sampled_from(["none", "reset", "reset", "close"]),
    upstream=st.booleans(),
    after_bytes=st.integers(0, 1500),
    piece_bytes=st.sampled_from([1, 1, 2, 13, 65_536]),
    delay_s=st.sampled_from([0.0, 0.0, 0.001, 0.005]),
)


# Thirty examples over stalling connections: if the time is up in the middle of one, that is taken for a defect.
@pytest.mark.timeout(120)
@hypothesis_settings(max_examples=30, deadline=None)
@given(faults=st.lists(FAULTS, min_size=1, max_size=5))
def test_answers_come_whole_or_end_in_an_error_and_no_turn_is_taken_twice(
    faults: list[Fault], tmp_path_factory: pytest.TempPathFactory
) -> None:
    asyncio.run(converse(tmp_path_factory.mktemp("server"), faults))


@pytest.mark.parametrize("upstream", [True, False])
@pytest.mark.parametrize("after_bytes", [0, 60])
async def test_a_connection_that_stalls_is_given_up(tmp_path: Path, upstream: bool, after_bytes: int) -> None:
    config = BrainSettings(first_chunk_timeout_ms=700, chunk_timeout_ms=700, breaker_failures=1000)
    fault = Fault("stall", upstream, after_bytes, piece_bytes=20)
    async with connected(tmp_path, [fault], config) as (counting, client, proxy):
        with pytest.raises(BrainTimeoutError):
            [chunk async for chunk in client.ask(Query("first", "s"))]
        assert said([chunk async for chunk in client.ask(Query("second", "s"))]) == "".join(sentences("second"))
        assert max(counting.asked.values()) == 1
        await client.close()
        await asyncio.wait_for(proxy.drained(), 5)
