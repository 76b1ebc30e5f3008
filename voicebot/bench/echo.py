"""The floor of every latency figure: a call whose far side sends back what it hears, frame by frame."""

from __future__ import annotations

import asyncio
import wave
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voicebot.caller.script import CallOutcome, Script, Step, outcome_from
from voicebot.errors import VoicebotError
from voicebot.runtime.child import Child

_CLICK_MS = 60
_CLICKS = 10
_PERIOD_MS = 500


async def measure_floor(folder: Path) -> float:
    """Return the median delay in ms of clicks through two media ends and back.

    Raises:
        VoicebotError: a process failed, or the clicks did not come back.
    """
    clip = folder / "clicks.wav"
    _write_clicks(clip)
    echo_ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def from_echo(event: dict[str, Any]) -> None:
        if event["event"] == "ready" and not echo_ready.done():
            echo_ready.set_result(int(event["sip_port"]))

    def echo_gone(code: int) -> None:
        if not echo_ready.done():
            echo_ready.set_exception(VoicebotError(f"the echo process ended with code {code}"))

    echo = Child("echo", "voicebot.caller.echo_process", [], from_echo, echo_gone)
    await echo.start()
    try:
        echo.send({})
        port = await asyncio.wait_for(echo_ready, 20)
        steps = (Step("wait", after_ms=500), Step("speak", str(clip)), Step("wait", after_ms=500))
        outcome = await _ring(Script("floor", f"sip:echo@127.0.0.1:{port}", steps), folder)
    finally:
        await echo.stop()
    return _median_delay_ms(Path(outcome.recording))


async def _ring(script: Script, folder: Path) -> CallOutcome:
    found: list[CallOutcome] = []
    gone = asyncio.Event()

    def on_event(event: dict[str, Any]) -> None:
        if event["event"] == "outcome":
            found.append(outcome_from(event["outcome"]))

    caller = Child("caller", "voicebot.caller.process", [], on_event, lambda _code: gone.set())
    await caller.start()
    try:
        caller.send({"scripts": [asdict(script)], "recordings": str(folder)})
        await asyncio.wait_for(gone.wait(), 60)
    finally:
        await caller.stop()
    if not found or not found[0].completed:
        raise VoicebotError("the echo call was not completed")
    return found[0]


def _write_clicks(path: Path) -> None:
    rate_hz = 16000
    samples = np.zeros(rate_hz * _PERIOD_MS * _CLICKS // 1000)
    click = np.sin(2 * np.pi * 1000 * np.arange(rate_hz * _CLICK_MS // 1000) / rate_hz) * 12000
    for number in range(_CLICKS):
        start = number * rate_hz * _PERIOD_MS // 1000
        samples[start : start + click.size] = click
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.astype("<i2").tobytes())


def _median_delay_ms(path: Path) -> float:
    """Compare the onsets of the clicks in both channels."""
    with wave.open(str(path), "rb") as file:
        rate_hz = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(np.float64)
    sent, received = (_onsets(samples[:, channel], rate_hz) for channel in (0, 1))
    if len(received) != len(sent) or not len(sent):
        raise VoicebotError(f"{len(sent)} clicks were sent, {len(received)} came back")
    return float(np.median(received - sent)) * 1000 / rate_hz


def _onsets(channel: npt.NDArray[np.float64], rate_hz: int) -> npt.NDArray[np.intp]:
    loud = np.flatnonzero(np.abs(channel) > 3000)
    if not loud.size:
        return loud
    gap = rate_hz * _PERIOD_MS // 1000 // 2
    first_of_click = np.concatenate([np.array([True]), np.diff(loud) > gap])
    return loud[np.flatnonzero(first_of_click)]
