"""Recordings and cases for tests of the turn bench."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.bench.cases import Case, Expect
from voicebot.bench.mixing import Rendered
from voicebot.caller.script import CallOutcome, Mark

RATE_HZ = 8000


def tone(seconds: float, amplitude: float = 8000.0, rate_hz: int = RATE_HZ) -> npt.NDArray[np.float64]:
    """Return a tone of 300 Hz."""
    return np.asarray(amplitude * np.sin(2 * np.pi * 300 * np.arange(int(seconds * rate_hz)) / rate_hz))


def write_wav(path: Path, columns: npt.NDArray[np.float64], rate_hz: int = RATE_HZ) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if columns.ndim == 1 else columns.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.clip(np.round(columns), -32767, 32767).astype("<i2").tobytes())


def a_case(expect: Expect = "answer", kind: str = "word", number: int = 1, language: str = "zh") -> Case:
    bot = "open" if expect == "answer" else "semantic"
    return Case(f"{kind}-{language}-{bot}-{number}", language, bot, kind, expect, ("a.wav",))


def a_clip(
    expect: Expect = "answer", kind: str = "word", number: int = 1, *, language: str = "zh", clear: bool = True
) -> Rendered:
    """Return a case whose sound goes from 0.1 to 1.1 s of its recording."""
    case = a_case(expect, kind, number, language)
    return Rendered(case, Path(f"/clips/{case.id}.wav"), 100.0, 1100.0, clear, clear)


def a_call(
    path: Path, seconds: float, bot: list[tuple[float, float]], says: list[tuple[float, Rendered]]
) -> CallOutcome:
    """Record a call that was answered at once: when the bot spoke, and when which recording began to play."""
    samples = np.zeros((int(seconds * RATE_HZ), 2))
    for start, end in bot:
        first, last = int(start * RATE_HZ), int(end * RATE_HZ)
        samples[first:last, 1] = tone(seconds)[: last - first]
    write_wav(path, samples)
    marks = [Mark("answered", 0, 0)]
    marks += [Mark("say", int(at * RATE_HZ), step, str(item.file)) for step, (at, item) in enumerate(says)]
    return CallOutcome("call", RATE_HZ, str(path), marks)
