from __future__ import annotations

import time
import wave
from array import array
from pathlib import Path

import pytest

from telephony.line.recorder import Recorder, interleave, wav_header


def frame(value: int) -> bytes:
    return array("h", [value] * 320).tobytes()


def read(path: Path) -> tuple[int, int, array[int]]:
    with wave.open(str(path)) as file:
        return file.getnchannels(), file.getframerate(), array("h", file.readframes(file.getnframes()))


def test_caller_is_left_and_bot_is_right(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "calls" / "one.wav", 16000)
    for i in range(120):
        recorder.write(frame(i), frame(-i))
    recorder.finish()
    recorder.join()
    channels, rate_hz, samples = read(recorder.path)
    assert (channels, rate_hz, len(samples)) == (2, 16000, 120 * 320 * 2)
    assert samples[0::2][320 * 7] == 7
    assert samples[1::2][320 * 7] == -7
    assert recorder.dropped == 0


def test_a_file_that_is_never_finished_plays_what_came_before(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "crash.wav", 8000)
    for i in range(60):
        recorder.write(frame(i), frame(i))
    copy = tmp_path / "copy.wav"
    recorded = 0
    deadline_s = time.monotonic() + 5
    while recorded < 50 * 640 and time.monotonic() < deadline_s:
        copy.write_bytes(recorder.path.read_bytes())
        recorded = len(read(copy)[2]) if copy.stat().st_size >= 44 else 0
    assert recorded >= 50 * 640
    recorder.finish()
    recorder.join()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Recorder(tmp_path / "file" / "one.wav", 16000)


def test_interleave_and_header() -> None:
    assert interleave(b"\x01\x00\x02\x00", b"\x03\x00\x04\x00") == b"\x01\x00\x03\x00\x02\x00\x04\x00"
    assert len(wav_header(16000, 0)) == 44
