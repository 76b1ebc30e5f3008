from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from voicebot.caller.analysis import exchanges
from voicebot.caller.script import CallOutcome, Mark

RATE_HZ = 16000


def recording(path: Path, seconds: float, caller: list[tuple[float, float]], bot: list[tuple[float, float]]) -> None:
    """Write a stereo file with noise bursts: (from, to) in seconds."""
    rng = np.random.default_rng(1)
    samples = np.zeros((int(seconds * RATE_HZ), 2))
    for channel, bursts in enumerate((caller, bot)):
        for start, end in bursts:
            first, last = int(start * RATE_HZ), int(end * RATE_HZ)
            samples[first:last, channel] = rng.normal(0, 2000, last - first)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())


def say(second: float, step: int = 0) -> Mark:
    return Mark("say", int(second * RATE_HZ), step, "clip")


def test_the_gap_is_from_the_last_sound_to_the_first(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    recording(path, 6, caller=[(2.1, 3.0)], bot=[(0.2, 1.5), (3.9, 5.0)])
    (item,) = exchanges(CallOutcome("x", RATE_HZ, str(path), [say(2.0)]))
    assert item.gap_ms == pytest.approx(900, abs=5)
    assert not item.interrupting
    assert item.stop_ms is None


def test_an_interruption_is_timed_from_the_first_sound_to_silence(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    recording(path, 6, caller=[(1.0, 2.0)], bot=[(0.2, 1.25), (3.0, 4.0)])
    (item,) = exchanges(CallOutcome("x", RATE_HZ, str(path), [say(0.9)]))
    assert item.interrupting
    assert item.stop_after_ms == pytest.approx(250, abs=5)
    assert item.gap_ms == pytest.approx(1000, abs=5)


def test_a_bot_that_talks_on_never_stopped(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    recording(path, 4, caller=[(1.0, 2.0)], bot=[(0.2, 4.0)])
    (item,) = exchanges(CallOutcome("x", RATE_HZ, str(path), [say(0.9)]))
    assert item.stop_ms is None


def test_a_silent_bot_has_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    recording(path, 4, caller=[(1.0, 2.0)], bot=[])
    (item,) = exchanges(CallOutcome("x", RATE_HZ, str(path), [say(0.9)]))
    assert item.answer_ms is None
    assert item.gap_ms is None
