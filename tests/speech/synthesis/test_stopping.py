"""Inference that would go on for years is stopped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from voicebot.errors import SynthesisError
from voicebot.speech.pool import UrgencyPool
from voicebot.speech.synthesis.engine import open_session
from voicebot.speech.synthesis.rendering import LIVE, PRERENDER, LiveTraffic, Rendering
from voicebot.speech.synthesis.stopping import StopSwitch, not_to_be_stopped


@pytest.fixture(scope="module")
def counting() -> onnxruntime.InferenceSession:
    """A model that counts to ``turns``, one at a time."""
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go_on"], ["still_go_on"]),
            helper.make_node("Add", ["count", "one"], ["next_count"]),
        ],
        "body",
        [
            info("turn", TensorProto.INT64, []),
            info("go_on", TensorProto.BOOL, []),
            info("count", TensorProto.INT64, []),
        ],
        [info("still_go_on", TensorProto.BOOL, []), info("next_count", TensorProto.INT64, [])],
        [helper.make_tensor("one", TensorProto.INT64, [], [1])],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["turns", "", "zero"], ["end"], body=body)],
        "counting",
        [info("turns", TensorProto.INT64, [])],
        [info("end", TensorProto.INT64, [])],
        [helper.make_tensor("zero", TensorProto.INT64, [], [0])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return open_session(model.SerializeToString(), 1)


def count(session: onnxruntime.InferenceSession, turns: int) -> Any:
    return session.run(None, {"turns": np.array(turns, np.int64)})[0]


FOR_YEARS = 2**62


def test_a_switch_stops_what_it_governs(counting: onnxruntime.InferenceSession) -> None:
    switch = StopSwitch()
    begun = threading.Event()
    errors: list[Exception] = []

    def work() -> None:
        with switch.governing():
            begun.set()
            try:
                count(counting, FOR_YEARS)
            except Exception as error:  # onnxruntime raises bare C++ exception types of its own
                errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    switch.stop()
    thread.join()
    assert "terminate" in str(errors[0])
    assert count(counting, 3) == 3


def test_what_others_need_goes_on(counting: onnxruntime.InferenceSession) -> None:
    switch = StopSwitch()
    switch.stop()
    with switch.governing():
        with not_to_be_stopped():
            assert count(counting, 3) == 3
        with pytest.raises(Exception, match="terminate"):
            count(counting, 3)
    assert count(counting, 3) == 3


class Counting:
    """A clause that takes years."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self.begun = threading.Event()

    async def kept(self) -> bytes | None:
        return None

    def render(self) -> Iterator[bytes]:
        self.begun.set()
        try:
            yield bytes(count(self._session, FOR_YEARS))
        except Exception as error:
            raise SynthesisError("stopped") from error

    def keep(self, pcm: bytes) -> None:
        raise AssertionError("it never ends")


@pytest.mark.parametrize("urgency", [LIVE, PRERENDER])
async def test_nobody_listens_and_the_thread_is_free_again(
    counting: onnxruntime.InferenceSession, urgency: int
) -> None:
    pools: dict[int, UrgencyPool[bytes | None]] = {LIVE: UrgencyPool(1, "live"), PRERENDER: UrgencyPool(1, "prompts")}
    clause = Counting(counting)
    rendering = Rendering([clause], pools, LiveTraffic(), urgency)
    async with aclosing(rendering.listen(urgency)) as pieces:
        listening = asyncio.ensure_future(pieces.__anext__())
        await asyncio.to_thread(clause.begun.wait)
        listening.cancel()
        await asyncio.wait({listening})
    assert rendering.ended
    assert await pools[urgency].run(lambda: b"free", LIVE) == b"free"
    for pool in pools.values():
        await pool.close()
