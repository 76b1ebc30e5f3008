"""Recordings after the call: repaired, compressed, noted, forgotten."""

from __future__ import annotations

import hashlib
import json
import os
import time
from array import array
from pathlib import Path

import av
import numpy as np
import pytest

from telephony.line.recorder import HEADER_BYTES, Recorder
from tests.support.spectrum import assert_tone
from voicebot.conversation.leg import CallInfo
from voicebot.conversation.record import CallRecord
from voicebot.runtime.archive import save_call
from voicebot.runtime.recordings import SETTLED_S, Folders, RecordingKeeper
from voicebot.settings.model import RecordingSettings
from voicebot.timeline.files import load_sound

RATE_HZ = 8000
FRAME = 160


def tone(hz: int, number: int) -> bytes:
    at = (np.arange(FRAME) + number * FRAME) / RATE_HZ
    return (8000 * np.sin(2 * np.pi * hz * at)).astype("<i2").tobytes()


def record(path: Path, frames: int = 100, hide: range = range(0)) -> Recorder:
    recorder = Recorder(path, RATE_HZ)
    for number in range(frames):
        recorder.hide(number in hide)
        recorder.write(tone(700, number), tone(440, number))
    return recorder


def aged(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


class Place:
    def __init__(self, folder: Path, **settings: object) -> None:
        self.folders = Folders(folder / "recordings", folder / "calls")
        self.folders.recordings.mkdir()
        self.keeper = RecordingKeeper(RecordingSettings.model_validate(settings), self.folders)
        self.wav = self.folders.recordings / "a@b.wav"

    def finished(self, hide: range = range(0)) -> Path:
        """A recording whose call's record is written; its path is the record's."""
        recorder = record(self.wav, hide=hide)
        recorder.finish()
        call = CallRecord(CallInfo("a@b", "1", "2"), "line", "2026-11-21T10:00:00+00:00")
        path = save_call(self.folders.calls, call, recorder)
        aged(self.wav, SETTLED_S + 5)
        return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_record_has_the_sum_of_the_file(tmp_path: Path) -> None:
    place = Place(tmp_path)
    noted = json.loads(place.finished().read_text())["recording"]
    assert noted == {"file": "a@b.wav", "bytes": 64044, "sha256": sha256(place.wav), "hidden_ms": []}


@pytest.mark.parametrize("kind", ["opus", "mp3"])
def test_it_is_compressed_and_the_record_follows(tmp_path: Path, kind: str) -> None:
    place = Place(tmp_path, format=kind)
    noted = place.finished()
    place.keeper.work()
    new = place.folders.recordings / f"a@b.{kind}"
    assert [path.name for path in place.folders.recordings.iterdir()] == [new.name]
    assert new.stat().st_size < 64044 / 3
    assert new.stat().st_mode & 0o777 == 0o600
    told = json.loads(noted.read_text())["recording"]
    assert (told["file"], told["sha256"], told["bytes"]) == (new.name, sha256(new), new.stat().st_size)
    sound = load_sound(place.wav)
    assert sound is not None
    for side, hz in ((sound.caller, 700), (sound.bot, 440)):
        middle = (side[sound.rate_hz // 2 : -sound.rate_hz // 4] * 32767).astype("<i2").tobytes()
        assert_tone(middle, sound.rate_hz, hz)


def test_a_recording_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    place = Place(tmp_path, format="opus")
    recorder = record(place.wav)
    aged(place.wav, SETTLED_S + 5)
    place.keeper.work()
    assert place.wav.exists()
    recorder.finish()
    recorder.join()
    aged(place.wav, SETTLED_S + 5)
    place.keeper.work()
    assert not place.wav.exists()


def test_a_fresh_one_waits_for_its_record(tmp_path: Path) -> None:
    place = Place(tmp_path, format="opus")
    place.finished()
    aged(place.wav, 0)
    place.keeper.work()
    assert place.wav.exists()


def test_the_header_of_a_writer_that_died_is_put_right_first(tmp_path: Path) -> None:
    place = Place(tmp_path, format="opus")
    place.finished()
    content = place.wav.read_bytes()
    place.wav.write_bytes(content[:40] + bytes(4) + content[HEADER_BYTES:] + b"\1")
    aged(place.wav, SETTLED_S + 5)
    place.keeper.work()
    with av.open(str(place.folders.recordings / "a@b.opus")) as file:
        assert sum(frame.samples / frame.rate for frame in file.decode(audio=0)) == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"x" * 100])
def test_what_is_no_recording_stays(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    place = Place(tmp_path, format="opus")
    place.wav.write_bytes(content)
    aged(place.wav, SETTLED_S + 5)
    place.keeper.work()
    assert place.wav.read_bytes() == content
    assert "stays as it is" in caplog.text


def test_work_that_was_broken_off_is_done_again(tmp_path: Path) -> None:
    place = Place(tmp_path, format="opus")
    noted = place.finished()
    (place.folders.recordings / "a@b.opus.part").write_bytes(b"half")
    (place.folders.recordings / "a@b.opus").write_bytes(b"whole, but the WAV is still there")
    place.keeper.work()
    assert json.loads(noted.read_text())["recording"]["file"] == "a@b.opus"
    assert not place.wav.exists()


def test_what_is_old_is_deleted(tmp_path: Path) -> None:
    place = Place(tmp_path, keep_days=2)
    old, new = (place.folders.recordings / name for name in ("old.opus", "new.opus"))
    for path, days in ((old, 3), (new, 1)):
        path.touch()
        aged(path, days * 86400)
    place.keeper.work()
    assert (old.exists(), new.exists()) == (False, True)


def test_what_is_hidden_is_silence_on_both_sides_and_marked(tmp_path: Path) -> None:
    place = Place(tmp_path)
    noted = json.loads(place.finished(hide=range(20, 40)).read_text())["recording"]
    assert noted["hidden_ms"] == [[400, 800]]
    samples = array("h", place.wav.read_bytes()[HEADER_BYTES:])
    hidden = samples[2 * FRAME * 20 : 2 * FRAME * 40]
    assert not any(hidden)
    assert any(samples[: 2 * FRAME * 20])
    assert any(samples[2 * FRAME * 40 :])
    assert len(samples) == 2 * FRAME * 100
