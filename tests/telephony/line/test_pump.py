from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from telephony.line.gathering import gathering_of
from telephony.line.pump import MAX_WAITING_FRAMES, PATIENT_FRAMES, FramePump

SAMPLES = 320
FRAME = b"\x01\x02" * SAMPLES
SILENCE = bytes(2 * SAMPLES)


class Clock:
    def __init__(self) -> None:
        self.now_s = 10.0

    def __call__(self) -> float:
        return self.now_s


class Source:
    def __init__(self, pcm: bytes) -> None:
        self.pcm = pcm

    def read(self, samples: int) -> bytes:
        assert samples == SAMPLES
        return self.pcm


class Broken:
    def read(self, samples: int) -> bytes:
        raise RuntimeError("no audio today")


def in_thread(function: Callable[[], object]) -> None:
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def push_all(pump: FramePump, frames: list[bytes]) -> None:
    for frame in frames:
        pump.push(frame)


async def all_handed_on() -> None:
    """Wait until the loop has had all frames of all pumps."""
    done = asyncio.Event()
    gathering_of(asyncio.get_running_loop()).add(done.set)
    await asyncio.wait_for(done.wait(), 5)


async def test_plays_the_source_and_hands_frames_to_the_loop_in_order() -> None:
    pump = FramePump(SAMPLES, asyncio.get_running_loop())
    heard: list[tuple[bytes, int]] = []
    frames = [bytes([i, 0]) * SAMPLES for i in range(5)]
    done = asyncio.Event()

    def sink(pcm: bytes) -> None:
        heard.append((pcm, threading.get_ident()))
        if len(heard) == len(frames):
            done.set()

    assert pump.pull() == SILENCE
    pump.open(Source(FRAME), sink)
    assert pump.pull() == FRAME
    in_thread(lambda: push_all(pump, frames))
    await asyncio.wait_for(done.wait(), 5)
    assert [pcm for pcm, _ in heard] == frames
    assert {thread for _, thread in heard} == {threading.get_ident()}


async def test_a_loop_that_lags_gets_the_newest_second_and_the_rest_is_counted() -> None:
    pump = FramePump(SAMPLES, asyncio.get_running_loop())
    heard: list[bytes] = []
    pump.open(Source(FRAME), heard.append)
    frames = [i.to_bytes(2, "little") * SAMPLES for i in range(MAX_WAITING_FRAMES + 7)]
    for frame in frames:
        pump.push(frame)
    await all_handed_on()
    assert heard == frames[7:]
    assert (pump.stats.dropped, pump.stats.heard) == (7, len(frames))


async def test_nothing_is_handed_on_after_the_end() -> None:
    pump = FramePump(SAMPLES, asyncio.get_running_loop())
    heard: list[bytes] = []
    pump.open(Source(FRAME), heard.append)
    pump.push(FRAME)
    pump.close()
    pump.push(FRAME)
    await all_handed_on()
    assert heard == []
    assert pump.pull() == SILENCE


@pytest.mark.parametrize("source", [Broken(), Source(b"short")])
def test_a_source_that_fails_is_silence_and_one_line_in_the_log(
    source: Source | Broken, caplog: pytest.LogCaptureFixture
) -> None:
    pump = FramePump(SAMPLES, None, name="call-1")
    pump.open(source, lambda pcm: None)
    assert [pump.pull() for _ in range(3)] == [SILENCE] * 3
    assert pump.stats.source_errors == 3
    assert [record.getMessage() for record in caplog.records] == [
        "call call-1: the audio source failed, the caller hears silence"
    ]


def test_late_frames_are_counted_but_not_a_pause() -> None:
    clock = Clock()
    pump = FramePump(SAMPLES, None, clock)
    for gap_ms in (20, 29, 31, 55, 20):
        pump.pull()
        clock.now_s += gap_ms / 1000
    pump.pull()
    assert pump.stats.late == 2
    assert pump.stats.max_gap_ms == pytest.approx(55)
    pump.pause()
    clock.now_s += 10
    pump.pull()
    assert pump.stats.late == 2


def test_a_frame_that_was_not_received_is_silence() -> None:
    pump = FramePump(SAMPLES, None)
    heard: list[bytes] = []
    pump.open(Source(FRAME), heard.append)
    pump.push(b"")
    pump._drain()
    assert heard == [SILENCE]


def test_the_monitor_gets_what_was_played_with_each_frame_that_is_heard() -> None:
    pump = FramePump(SAMPLES, None)
    monitored: list[bytes] = []
    pump.monitor = monitored.append
    pump.push(FRAME)
    pump._drain()
    assert monitored == []  # nobody hears the caller yet
    pump.open(Source(FRAME), lambda _: None)
    pump.push(FRAME)
    pump.pull()
    pump.push(FRAME)
    pump._drain()
    assert monitored == [SILENCE, FRAME]


async def test_frames_that_can_wait_are_handed_on_with_others() -> None:
    pump = FramePump(SAMPLES, asyncio.get_running_loop())
    heard: list[bytes] = []
    pump.can_wait = lambda pcm: pcm == SILENCE
    pump.open(Source(FRAME), heard.append)
    push_all(pump, [SILENCE] * (PATIENT_FRAMES - 1))
    await all_handed_on()
    assert heard == []
    push_all(pump, [SILENCE])
    await all_handed_on()
    assert heard == [SILENCE] * PATIENT_FRAMES
    push_all(pump, [SILENCE, FRAME])
    await all_handed_on()
    assert heard[PATIENT_FRAMES:] == [SILENCE, FRAME]


def test_what_others_say_to_the_caller_is_mixed_into_what_is_recorded_and_tapped() -> None:
    pump = FramePump(SAMPLES, None)
    tapped: list[tuple[bytes, bytes]] = []
    pump.taps = (lambda caller, heard: tapped.append((caller, heard)),)
    pump.open(Source(level(1000)), lambda _: None)
    pump.overhear(level(1))  # of a tick in which no frame of the caller came
    pump.overhear(level(20000), "s")
    pump.overhear(level(300))
    pump.pull()
    pump.push(FRAME)
    pump.pull()
    pump.overhear(level(32000))
    pump.push(FRAME)
    pump.push(FRAME)
    assert tapped == [(FRAME, level(21300)), (FRAME, level(32767)), (FRAME, SILENCE)]


def test_a_tone_is_played_over_the_source_once() -> None:
    pump = FramePump(SAMPLES, None)
    pump.open(Source(level(1000)), lambda _: None)
    pump.play_over(level(500) + level(500)[:SAMPLES])
    half = level(1500)[:SAMPLES] + level(1000)[:SAMPLES]
    assert [pump.pull() for _ in range(3)] == [level(1500), half, level(1000)]


def level(value: int) -> bytes:
    return value.to_bytes(2, "little", signed=True) * SAMPLES
