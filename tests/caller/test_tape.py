from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.caller.audio import CallerTape, TalkDetector
from voicebot.caller.echo import Echo

RATE_HZ = 8000
FRAME = 160
LOUD = np.full(FRAME, 8000, "<i2").tobytes()
SILENT = bytes(2 * FRAME)


def frame(value: int) -> bytes:
    return np.full(FRAME, value, "<i2").tobytes()


def value(pcm: bytes) -> int:
    return int(np.frombuffer(pcm, "<i2")[0])


@pytest.mark.parametrize("delay_ms", [20, 100, 400])
def test_the_echo_comes_back_so_late_and_so_loud(delay_ms: int) -> None:
    tape = CallerTape(RATE_HZ, Echo(-20, delay_ms, RATE_HZ))
    sent = []
    for number in range(30):
        sent.append(value(tape.read(FRAME)))
        tape.receive(frame(8000 if number == 3 else 0))
    # What arrives beside the fourth frame sent goes back with the frame that leaves ``delay_ms`` after it.
    expected = [0] * 30
    expected[3 + delay_ms // 20] = 800
    assert sent == expected


def test_what_has_not_arrived_yet_does_not_come_back() -> None:
    tape = CallerTape(RATE_HZ, Echo(0, 20, RATE_HZ))
    tape.receive(frame(500))
    assert [value(tape.read(FRAME)) for _ in range(3)] == [0, 500, 0]


@given(st.integers(0, 500), st.integers(0, 700), st.integers(0, 700))
def test_the_echo_never_changes_the_length_of_a_frame(delay_ms: int, position: int, arrived: int) -> None:
    echo = Echo(-10, delay_ms, RATE_HZ)
    assert len(echo.add_to(LOUD, 2 * position, bytearray(2 * arrived))) == len(LOUD)


def test_loud_echo_over_loud_speech_is_clipped_not_wrapped() -> None:
    echo = Echo(0, 0, RATE_HZ)
    assert value(echo.add_to(frame(30000), 0, bytearray(frame(30000)))) == 32767


def test_the_recording_keeps_the_callers_words_apart_from_what_was_sent(tmp_path: Path) -> None:
    tape = CallerTape(RATE_HZ, Echo(-20, 20, RATE_HZ))
    tape.speak(frame(1000) * 2)
    for _ in range(4):
        tape.read(FRAME)
        tape.receive(frame(2000))
    tape.save(tmp_path / "call.wav")
    with wave.open(str(tmp_path / "call.wav"), "rb") as file:
        assert file.getnchannels() == 3
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 3)
    assert samples[FRAME].tolist() == [1000, 2000, 1200]


def test_without_an_echo_there_are_two_channels(tmp_path: Path) -> None:
    tape = CallerTape(RATE_HZ)
    tape.read(FRAME)
    tape.receive(SILENT)
    tape.save(tmp_path / "call.wav")
    with wave.open(str(tmp_path / "call.wav"), "rb") as file:
        assert file.getnchannels() == 2


def test_the_tape_tells_where_a_clip_began() -> None:
    tape = CallerTape(RATE_HZ)
    tape.read(FRAME)
    tape.speak(LOUD * 2)
    assert tape.speaking
    tape.read(FRAME)
    tape.read(FRAME)
    assert not tape.speaking
    assert tape.clip_start_sample == FRAME


def test_speech_counts_anew_after_the_callers_words() -> None:
    ear = TalkDetector(quiet_ms=60)
    for _ in range(5):
        ear.feed(LOUD, 20)
    ear.disturb()
    ear.feed(LOUD, 20)
    assert (ear.talking_ms, ear.undisturbed_ms) == (120, 20)
    assert [ear.feed(SILENT, 20) for _ in range(3)] == ["", "", "bot_stops"]
    assert (ear.talking_ms, ear.undisturbed_ms) == (0, 0)
