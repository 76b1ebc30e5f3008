from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from voicebot.errors import SynthesisError
from voicebot.speech.pool import UrgencyPool
from voicebot.speech.synthesis.rendering import LIVE, PRERENDER, LiveTraffic, Rendering


class Renderer:
    """Blocking work that waits for leave, step by step, and notes what it did."""

    def __init__(self) -> None:
        self.rendered: list[str] = []
        self.started: list[str] = []
        self.kept: dict[str, bytes] = {}
        self.begun = threading.Semaphore(0)
        self._leave = threading.Semaphore(0)

    def allow(self, steps: int) -> None:
        self._leave.release(steps)

    def render(self, clause: str) -> Iterator[bytes]:
        for piece in clause.split("+"):
            self.started.append(piece)
            self.begun.release()
            assert self._leave.acquire(timeout=10)
            if piece == "bad":
                raise SynthesisError("this clause is bad")
            if piece == "bug":
                raise KeyError(piece)
            self.rendered.append(piece)
            yield piece.encode()


@dataclass
class Work:
    """One clause of a renderer: "a+b" comes in two pieces."""

    text: str
    renderer: Renderer

    async def kept(self) -> bytes | None:
        return self.renderer.kept.get(self.text)

    def render(self) -> Iterator[bytes]:
        return self.renderer.render(self.text)

    def keep(self, pcm: bytes) -> None:
        self.renderer.kept[self.text] = pcm


Begin = Callable[..., Rendering]


@pytest.fixture
async def begin() -> AsyncIterator[Begin]:
    pools: dict[int, UrgencyPool[bytes | None]] = {LIVE: UrgencyPool(1, "live"), PRERENDER: UrgencyPool(1, "prompts")}
    traffic = LiveTraffic()

    def make(renderer: Renderer, *clauses: str, urgency: int = LIVE) -> Rendering:
        return Rendering([Work(clause, renderer) for clause in clauses], pools, traffic, urgency)

    yield make
    for pool in pools.values():
        await pool.close()


async def _ticks() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def _all(rendering: Rendering, urgency: int = LIVE) -> list[bytes]:
    async with aclosing(rendering.listen(urgency)) as pieces:
        return [piece async for piece in pieces]


async def test_late_listeners_get_everything_from_the_first_piece(begin: Begin) -> None:
    renderer = Renderer()
    rendering = begin(renderer, "a+b", "c")
    async with aclosing(rendering.listen(LIVE)) as early:
        renderer.allow(1)
        assert await early.__anext__() == b"a"
        late = asyncio.create_task(_all(rendering))
        renderer.allow(2)
        assert await late == [b"a", b"b", b"c"]
        assert [piece async for piece in early] == [b"b", b"c"]
    assert await _all(rendering) == [b"a", b"b", b"c"]
    assert renderer.rendered == ["a", "b", "c"]
    assert renderer.kept == {"a+b": b"ab", "c": b"c"}


async def test_clauses_that_are_kept_are_not_rendered(begin: Begin) -> None:
    renderer = Renderer()
    renderer.kept |= {"a": b"A", "c": b"C"}
    rendering = begin(renderer, "a", "b", "c")
    async with aclosing(rendering.listen(LIVE)) as pieces:
        assert await pieces.__anext__() == b"A"
        renderer.allow(1)
        assert [piece async for piece in pieces] == [b"b", b"C"]
    assert renderer.rendered == ["b"]


async def test_the_next_clauses_are_rendered_while_nobody_takes_them(begin: Begin) -> None:
    renderer = Renderer()
    renderer.allow(3)
    rendering = begin(renderer, "a", "b", "c")
    async with aclosing(rendering.listen(LIVE)) as pieces:
        assert await pieces.__anext__() == b"a"
        await rendering.wait_ended()
        assert renderer.rendered == ["a", "b", "c"]


async def test_the_work_is_given_up_when_the_last_listener_leaves_and_not_before(begin: Begin) -> None:
    renderer = Renderer()
    rendering = begin(renderer, "a", "b", "c+d", "e")
    renderer.allow(1)
    first, second = rendering.listen(LIVE), rendering.listen(LIVE)
    assert await first.__anext__() == await second.__anext__() == b"a"
    await first.aclose()
    renderer.allow(1)
    assert await second.__anext__() == b"b"
    assert not rendering.ended
    await second.aclose()
    renderer.allow(2)
    await rendering.wait_ended()
    assert rendering.ended
    assert "e" not in renderer.rendered
    assert "c+d" not in renderer.kept
    with pytest.raises(SynthesisError, match="given up"):
        await _all(rendering)


@pytest.mark.parametrize(("clause", "message"), [("bad", "this clause is bad"), ("bug", "KeyError")])
async def test_an_error_reaches_every_listener_after_the_pieces_before_it(
    begin: Begin, clause: str, message: str
) -> None:
    renderer = Renderer()
    rendering = begin(renderer, "a", f"b+{clause}", "c")
    renderer.allow(4)

    async def listen() -> list[bytes]:
        pieces = rendering.listen(LIVE)
        heard = [await pieces.__anext__(), await pieces.__anext__()]
        with pytest.raises(SynthesisError, match=message):
            await pieces.__anext__()
        return heard

    assert list(await asyncio.gather(listen(), listen())) == [[b"a", b"b"], [b"a", b"b"]]
    assert renderer.kept == {"a": b"a"}


async def test_callers_go_before_prompts(begin: Begin) -> None:
    renderer = Renderer()
    prompt = begin(renderer, "p1+p2", "p3", urgency=PRERENDER)
    waiting = asyncio.create_task(_all(prompt, PRERENDER))
    await _ticks()
    await asyncio.to_thread(renderer.begun.acquire)
    live = asyncio.create_task(_all(begin(renderer, "l1+l2", "l3")))
    await _ticks()
    renderer.allow(6)
    await asyncio.gather(waiting, live)
    # p1 was in a thread already; nothing more of the prompt until the caller has everything.
    assert renderer.started == ["p1", "l1", "l2", "l3", "p2", "p3"]


async def test_a_prompt_that_a_caller_asks_for_overtakes_the_other_prompts(begin: Begin) -> None:
    renderer = Renderer()
    waiting = []
    for name in ("running", "first", "wanted"):
        waiting.append(asyncio.create_task(_all(begin_prompt := begin(renderer, name, urgency=PRERENDER), PRERENDER)))
        await _ticks()  # so that they queue in this order
    waiting.append(asyncio.create_task(_all(begin_prompt, LIVE)))
    for _ in range(2):
        await asyncio.to_thread(renderer.begun.acquire)
    assert renderer.started == ["running", "wanted"]
    renderer.allow(3)
    assert (await asyncio.gather(*waiting))[-1] == [b"wanted"]


async def test_a_step_that_runs_is_not_begun_again_when_a_caller_asks_for_it(begin: Begin) -> None:
    renderer = Renderer()
    prompt = begin(renderer, "a+b", urgency=PRERENDER)
    waiting = asyncio.create_task(_all(prompt, PRERENDER))
    await asyncio.to_thread(renderer.begun.acquire)
    live = asyncio.create_task(_all(prompt, LIVE))
    await _ticks()
    renderer.allow(2)
    assert await live == await waiting == [b"a", b"b"]
    assert renderer.rendered == ["a", "b"]


async def test_cancelling_a_listener_gives_the_work_up(begin: Begin) -> None:
    renderer = Renderer()
    rendering = begin(renderer, "a", "b")
    task = asyncio.create_task(_all(rendering))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    renderer.allow(2)
    await rendering.wait_ended()
    assert rendering.ended
