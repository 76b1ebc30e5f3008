from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest

from voicebot.errors import SynthesisError
from voicebot.speech.recognition.pool import UrgencyPool
from voicebot.speech.synthesis.rendering import LIVE, PRERENDER, LiveTraffic, Rendering


class Renderer:
    """Blocking work that waits for leave, clause by clause, and notes what it did."""

    def __init__(self) -> None:
        self.rendered: list[str] = []
        self._leave = threading.Semaphore(0)

    def allow(self, clauses: int) -> None:
        self._leave.release(clauses)

    def __call__(self, clause: str) -> bytes:
        assert self._leave.acquire(timeout=10)
        if clause == "bad":
            raise SynthesisError("this clause is bad")
        if clause == "bug":
            raise KeyError(clause)
        self.rendered.append(clause)
        return clause.encode()


@pytest.fixture
async def pool() -> AsyncIterator[UrgencyPool[bytes]]:
    made: UrgencyPool[bytes] = UrgencyPool(1, "test")
    yield made
    await made.close()


@pytest.fixture
def ends() -> list[bytes | None]:
    return []


Begin = Callable[..., Rendering]


@pytest.fixture
def begin(pool: UrgencyPool[bytes], ends: list[bytes | None]) -> Begin:
    traffic = LiveTraffic()

    def make(renderer: Renderer, *clauses: str, urgency: int = LIVE) -> Rendering:
        return Rendering(list(clauses), renderer, pool, traffic, urgency, ends.append)

    return make


async def _all(rendering: Rendering, urgency: int = LIVE) -> list[bytes]:
    async with aclosing(rendering.listen(urgency)) as pieces:
        return [piece async for piece in pieces]


async def test_late_listeners_get_everything_from_the_first_piece(begin: Begin, ends: list[bytes | None]) -> None:
    renderer = Renderer()
    rendering = begin(renderer, "a", "b", "c")
    async with aclosing(rendering.listen(LIVE)) as early:
        renderer.allow(1)
        assert await early.__anext__() == b"a"
        late = asyncio.create_task(_all(rendering))
        renderer.allow(2)
        assert await late == [b"a", b"b", b"c"]
        assert [piece async for piece in early] == [b"b", b"c"]
    assert await _all(rendering) == [b"a", b"b", b"c"]
    assert renderer.rendered == ["a", "b", "c"]
    assert ends == [b"abc"]


async def test_the_work_is_given_up_when_the_last_listener_leaves_and_not_before(
    begin: Begin, ends: list[bytes | None]
) -> None:
    renderer = Renderer()
    rendering = begin(renderer, "a", "b", "c", "d")
    renderer.allow(1)
    first, second = rendering.listen(LIVE), rendering.listen(LIVE)
    assert await first.__anext__() == await second.__anext__() == b"a"
    await first.aclose()
    renderer.allow(1)
    assert await second.__anext__() == b"b"
    await second.aclose()
    renderer.allow(2)
    await rendering.wait_ended()
    assert ends == [None]
    assert "d" not in renderer.rendered
    with pytest.raises(SynthesisError, match="given up"):
        await _all(rendering)


@pytest.mark.parametrize(("clause", "message"), [("bad", "this clause is bad"), ("bug", "KeyError")])
async def test_an_error_reaches_every_listener_after_the_pieces_before_it(
    begin: Begin, ends: list[bytes | None], clause: str, message: str
) -> None:
    renderer = Renderer()
    rendering = begin(renderer, "a", clause, "c")
    renderer.allow(3)

    async def listen() -> list[bytes]:
        pieces = rendering.listen(LIVE)
        heard = [await pieces.__anext__()]
        with pytest.raises(SynthesisError, match=message):
            await pieces.__anext__()
        return heard

    assert list(await asyncio.gather(listen(), listen())) == [[b"a"], [b"a"]]
    assert ends == [None]


async def test_callers_go_before_prompts(begin: Begin) -> None:
    renderer = Renderer()
    prompt = begin(renderer, "p1", "p2", urgency=PRERENDER)
    waiting = asyncio.create_task(_all(prompt, PRERENDER))
    for _ in range(5):
        await asyncio.sleep(0)
    live = asyncio.create_task(_all(begin(renderer, "l1", "l2")))
    renderer.allow(4)
    await asyncio.gather(waiting, live)
    # p1 was in the only thread already.
    assert renderer.rendered == ["p1", "l1", "l2", "p2"]


async def test_a_prompt_that_a_caller_asks_for_overtakes_the_other_prompts(begin: Begin) -> None:
    renderer = Renderer()
    waiting = []
    for name in ("running", "first", "wanted"):
        waiting.append(asyncio.create_task(_all(begin_prompt := begin(renderer, name, urgency=PRERENDER), PRERENDER)))
        for _ in range(5):
            await asyncio.sleep(0)  # so that they queue in this order
    waiting.append(asyncio.create_task(_all(begin_prompt, LIVE)))
    for _ in range(5):
        await asyncio.sleep(0)
    renderer.allow(3)
    assert (await asyncio.gather(*waiting))[-1] == [b"wanted"]
    assert renderer.rendered == ["running", "wanted", "first"]


async def test_cancelling_a_listener_gives_the_work_up(begin: Begin, ends: list[bytes | None]) -> None:
    renderer = Renderer()
    rendering = begin(renderer, "a", "b")
    task = asyncio.create_task(_all(rendering))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    renderer.allow(2)
    await rendering.wait_ended()
    assert ends == [None]
