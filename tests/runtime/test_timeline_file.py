"""The file that a call's log is written to."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

from voicebot.conversation.actions import SetEndOfSpeech
from voicebot.conversation.events import CallAnswered, DigitPressed, SpeechGrew, Tick
from voicebot.runtime.timeline_file import SUFFIX, TimelineFile, TimelineHeader

HEADER = TimelineHeader("call-1", "desk", "en", "call-1.wav", 8000, "2026-11-21T10:00:00.000+00:00", True)


class Tape:
    """A recording that is as long as the test says."""

    def __init__(self) -> None:
        self.position_ms = 40.0


def written(log: TimelineFile) -> list[dict[str, Any]]:
    log.close()
    log.join()
    return [json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines()]


def opened(tmp_path: Path, tape: Tape) -> TimelineFile:
    return TimelineFile(tmp_path / f"call-1{SUFFIX}", HEADER, lambda: tape.position_ms)


def test_times_are_places_in_the_recording_counted_from_the_answer(tmp_path: Path) -> None:
    tape = Tape()
    log = opened(tmp_path, tape)
    log.happened(CallAnswered(), [SetEndOfSpeech(700)], {"silence": 8000.0})
    tape.position_ms = 1040.0
    log.happened(Tick(), [], {"silence": 7000.0})
    tape.position_ms = 1060.0
    log.note("AudioReady", clip_id=3)
    header, *lines = written(log)
    assert header["recording_ms"] == 40.0
    assert (header["version"], header["call"], header["content"]) == (1, "call-1", True)
    assert lines == [
        {"at": 0.0, "event": "CallAnswered"},
        {"at": 0.0, "action": "SetEndOfSpeech", "duration_ms": 700},
        {"at": 0.0, "timers": {"silence": 8000.0}},
        {"at": 1000.0, "event": "Tick"},
        {"at": 1020.0, "event": "AudioReady", "clip_id": 3},
    ]


def test_what_came_before_the_answer_is_not_lost(tmp_path: Path) -> None:
    log = opened(tmp_path, Tape())
    log.happened(DigitPressed("5"), [], {})
    log.happened(CallAnswered(), [], {})
    assert [line["event"] for line in written(log)[1:]] == ["DigitPressed", "CallAnswered"]


def test_a_call_that_was_never_answered_leaves_no_file(tmp_path: Path) -> None:
    log = opened(tmp_path, Tape())
    log.happened(DigitPressed("5"), [], {})
    log.close()
    log.join()
    assert list(tmp_path.iterdir()) == []


def test_each_frame_of_speech_is_not_noted(tmp_path: Path) -> None:
    log = opened(tmp_path, Tape())
    log.happened(CallAnswered(), [], {})
    for speech_ms in range(20, 1001, 20):
        log.happened(SpeechGrew(1, speech_ms), [SetEndOfSpeech(1)] if speech_ms == 120 else [], {})
    grown = [line["speech_ms"] for line in written(log) if line.get("event") == "SpeechGrew"]
    assert grown == [20, 120, 220, 420, 620, 820]


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    log = opened(tmp_path, Tape())
    log.happened(CallAnswered(), [], {})
    written(log)
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


def test_every_line_is_on_the_disk_while_the_call_goes_on(tmp_path: Path) -> None:
    log = opened(tmp_path, Tape())
    log.happened(CallAnswered(), [], {})
    log.note("AudioReady", clip_id=1)
    while not (log.path.is_file() and log.path.read_text(encoding="utf-8").count("\n") == 3):
        log.join(0.01)
    assert len(written(log)) == 3


def test_a_disk_that_cannot_take_it_costs_the_log_and_not_the_call(tmp_path: Path) -> None:
    log = TimelineFile(tmp_path / "gone" / "call.jsonl", HEADER, lambda: 0.0)
    log.happened(CallAnswered(), [], {})
    log.close()
    log.join()
    log.note("AudioReady", clip_id=1)
    assert not log.path.exists()
