"""Many calls at a time: what they cost the service, and what as many cost a native pjsip player."""

from __future__ import annotations

import asyncio
import math
import os
import time
import wave
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from voicebot.bench.calls_native_process import NativeProcess, native_process
from voicebot.bench.calls_proc import Usage, by_kind, cpu_s_of, total
from voicebot.bench.calls_rtp import Heard
from voicebot.bench.calls_sipp import Load, Made, make_calls
from voicebot.bench.calls_stage import BOT, Line, PhoneBank
from voicebot.bench.rig import Rig

MAIN, LINES, SPEECH = "main", "line workers", "speech worker"
KINDS = {"voicebot.runtime.line_process": LINES, "voicebot.speech.worker": SPEECH}
_SETTLE_S, _END_S = 2.0, 4.0  # at most, before the measurement, and from its end to the first BYE
_PATIENCE_S = 15.0
_RATE_HZ = 8000

Pids = Mapping[str, Sequence[int]]


@dataclass(slots=True)
class Carried:
    """Calls that were held, and what that took.

    Attributes:
        processes: that carried them: line workers, or native players.
        calls: asked for.
        up: in a call at the beginning and at the end of the measurement.
        window_s: its length.
        made: what SIPp says.
        heard: what the phones heard.
        cpu_s: processor time in the window, by kind of process.
        idle, loaded, after: what the processes used before, during and after the calls, by kind.
    """

    processes: int
    calls: int
    up: tuple[int, int] = (0, 0)
    window_s: float = 0.0
    made: Made = field(default_factory=Made)
    heard: Heard = field(default_factory=Heard)
    cpu_s: dict[str, float] = field(default_factory=dict)
    idle: dict[str, Usage] = field(default_factory=dict)
    loaded: dict[str, Usage] = field(default_factory=dict)
    after: dict[str, Usage] = field(default_factory=dict)

    def percent_of_core(self, kinds: Iterable[str] | None = None) -> float:
        """Return the processor time of a second of one call, in percent of a core; of some kinds, or of all."""
        seconds = sum(self.cpu_s[kind] for kind in (self.cpu_s if kinds is None else kinds))
        return 100 * seconds / (self.window_s * max(1, min(self.up)))


def service_pids() -> dict[str, list[int]]:
    """Return the processes of the service that this process has started, by kind; this one is its main process."""
    return {MAIN: [os.getpid()], **by_kind(KINDS, os.getpid())}


def usage_by_kind(pids: Pids, *, shares: bool = True) -> dict[str, Usage]:
    """Return what each kind of process uses. See ``usage_of``."""
    return {kind: total(own, shares=shares) for kind, own in pids.items()}


async def carry_ours(rig: Rig, phones: PhoneBank, load: Load, window_s: float, folder: Path, line: Line) -> Carried:
    """Hold calls on the service, and measure for ``window_s`` while all are up."""
    carried = Carried(len(rig.service.supervisor.workers), load.calls)
    calls = [make_calls(load, folder, "sipp-load")]
    await _carry(carried, phones, calls, service_pids, _ramp_s(load), window_s)
    await line.until(carried.made.good)
    carried.after = usage_by_kind(service_pids())
    return carried


async def carry_native(
    phones: PhoneBank, load: Load, processes: int, window_s: float, folder: Path, command: str
) -> Carried:
    """Hold as many calls on native players, spread over as many processes.

    Args:
        phones: the phones.
        load: all calls; its target is not used.
        processes: how many players.
        window_s: how long to measure.
        folder: for files.
        command: a ``pjsua`` program; "" for a player made of pjsua2's own parts.
    """
    processes = min(processes, load.calls)
    carried = Carried(processes, load.calls)
    file = folder / "native.wav"
    _write_sound(file)
    each = math.ceil(load.calls / processes)
    async with AsyncExitStack() as stack:
        players: list[NativeProcess] = [
            await stack.enter_async_context(native_process(command, file, _RATE_HZ, each)) for _ in range(processes)
        ]
        calls = [
            make_calls(_share(load, number, processes, player.port), folder, f"sipp-native-{number}")
            for number, player in enumerate(players)
        ]
        pids = {"native": [player.pid for player in players]}
        await _carry(carried, phones, calls, lambda: pids, _ramp_s(load), window_s)
        carried.after = usage_by_kind(pids)
    return carried


async def _carry(
    carried: Carried,
    phones: PhoneBank,
    calls: Sequence[Coroutine[Any, Any, Made]],
    pids: Callable[[], Pids],
    ramp_s: float,
    window_s: float,
) -> None:
    await phones.heard()
    carried.idle = usage_by_kind(pids())
    making = [asyncio.create_task(each, name="sipp") for each in calls]
    try:
        await phones.wait_for(carried.calls, ramp_s + _PATIENCE_S)
        await asyncio.sleep(min(_SETTLE_S, window_s))
        up = await phones.in_call()
        began_s, before = time.monotonic(), _cpu_s(pids())
        await asyncio.sleep(window_s)
        carried.window_s = time.monotonic() - began_s
        carried.cpu_s = {kind: seconds - before.get(kind, 0.0) for kind, seconds in _cpu_s(pids()).items()}
        carried.up = (up, await phones.in_call())
        carried.loaded = usage_by_kind(pids(), shares=False)
        for each in making:
            carried.made.add(await each)
    finally:
        for each in making:
            each.cancel()
        await asyncio.gather(*making, return_exceptions=True)
    carried.heard = await phones.heard()


def hold_ms(calls: int, per_s: float, window_s: float) -> int:
    """Return how long calls must last that all shall be up while it is measured."""
    return round(1000 * (calls / per_s + min(_SETTLE_S, window_s) + window_s + min(_END_S, 2 * window_s)))


def _ramp_s(load: Load) -> float:
    return load.calls / load.per_s


def _share(load: Load, number: int, processes: int, port: int) -> Load:
    ports = load.ports[number::processes]
    count = len(range(number, load.calls, processes))
    per_s = max(0.5, load.per_s / processes)
    return Load(f"127.0.0.1:{port}", BOT, ports, count, per_s, count, load.hold_ms)


def _cpu_s(pids: Pids) -> dict[str, float]:
    return {kind: sum(map(cpu_s_of, own)) for kind, own in pids.items()}


def _write_sound(file: Path) -> None:
    """Write something to play: noise, which costs a G.711 player what speech does."""
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE_HZ)
        sound.writeframes(np.random.default_rng(2).normal(0, 2000, 30 * _RATE_HZ).astype("<i2").tobytes())
