"""Logs and recordings of calls, made up."""

from __future__ import annotations

import json
import wave
from pathlib import Path
from typing import Any

import numpy as np

from voicebot.runtime.timeline_file import SUFFIX

RATE_HZ = 8000
HEADER: dict[str, Any] = {
    "version": 1,
    "call": "call-1",
    "line": "desk",
    "language": "zh",
    "recording": "call-1.wav",
    "rate_hz": RATE_HZ,
    "started_at": "2026-11-21T10:00:00.000+00:00",
    "content": True,
    "recording_ms": 20.0,
}


def event(at_ms: float, name: str, **values: Any) -> dict[str, Any]:
    return {"at": at_ms, "event": name, **values}


def action(at_ms: float, name: str, **values: Any) -> dict[str, Any]:
    return {"at": at_ms, "action": name, **values}


# The bot greets; the caller talks over it, is answered, and then says nothing until the bot asks.
CALL: list[dict[str, Any]] = [
    event(0, "CallAnswered"),
    action(0, "Ask", turn_id=1, text="", silence=False),
    {"at": 0, "timers": {"max_call": 1_800_000.0, "answer": 65_000.0}},
    event(30, "ChunkArrived", turn_id=1, done=True, text="您好，请问是王女士吗？", interrupt=True),
    action(30, "Speak", clip_id=1, text="您好，请问是王女士吗？"),
    {"at": 30, "timers": {"max_call": 1_800_000.0}},
    event(35, "AudioReady", clip_id=1),
    event(40, "ClipStarted", clip_id=1),
    event(1000, "SpeechGrew", utterance_id=1, speech_ms=20),
    event(1100, "SpeechGrew", utterance_id=1, speech_ms=120),
    action(1100, "StopSpeaking"),
    event(1101, "ClipStopped", clip_id=1, heard_ms=1060, total_ms=2400),
    action(1101, "RecordHeard", turn_id=1, text="您好，请问", complete=False),
    event(1300, "CallerPartial", utterance_id=1, text="是"),
    event(1700, "SpeechPaused", utterance_id=1, attempt=1),
    action(1700, "Transcribe", utterance_id=1, attempt=1),
    event(1900, "TranscriptReady", utterance_id=1, attempt=1, text="是的"),
    event(2200, "EndOfTurn", silence_ms=700.0, waited_ms=600),
    event(2200, "UtteranceEnded", utterance_id=1, attempt=1),
    action(2200, "RecordCaller", turn_id=2, text="是的"),
    action(2200, "Ask", turn_id=2, text="是的", silence=False, heard="您好，请问"),
    event(2230, "ChunkArrived", turn_id=2, done=False, text="好的。", interrupt=True),
    action(2230, "Speak", clip_id=2, text="好的。"),
    event(2240, "ChunkArrived", turn_id=2, done=True, text="", interrupt=True),
    event(2260, "AudioReady", clip_id=2),
    event(2280, "ClipStarted", clip_id=2),
    event(3280, "ClipFinished", clip_id=2, heard_ms=1000),
    action(3280, "RecordHeard", turn_id=2, text="好的。", complete=True),
    {"at": 3280, "timers": {"max_call": 1_800_000.0, "silence": 6_280.0}},
    event(6280, "Tick"),
    action(6280, "Ask", turn_id=3, text="", silence=True),
    {"at": 6280, "timers": {"max_call": 1_800_000.0, "answer": 71_280.0}},
    event(7000, "SomethingNew", why="nobody knows it yet"),
    event(8000, "CallEnded", cause="caller"),
    {"at": 8000, "timers": {}},
]


def lines(*more: dict[str, Any], header: dict[str, Any] | None = None) -> list[str]:
    return [json.dumps(line, ensure_ascii=False) for line in (header or HEADER, *CALL, *more)]


def write_log(folder: Path, call: str = "call-1", text: str | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{call}{SUFFIX}"
    log.write_text("\n".join(lines()) + "\n" if text is None else text, encoding="utf-8")
    return log


def write_recording(folder: Path, call: str = "call-1", seconds: float = 8.0) -> Path:
    """A caller who sounds from 1 s to 1.5 s, and a bot that does from 0.04 s to 1.1 s."""
    times_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    tone = np.sin(2 * np.pi * 300 * times_s) * 12_000
    caller = tone * ((times_s > 1.02) & (times_s < 1.52))
    bot = tone * ((times_s > 0.06) & (times_s < 1.12))
    path = folder / f"{call}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.column_stack([caller, bot]).astype("<i2").tobytes())
    return path
