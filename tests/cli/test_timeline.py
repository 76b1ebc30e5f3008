"""``voicebot timeline`` on files of calls."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.timeline.calls import lines, write_log, write_recording
from voicebot.cli.main import main


@pytest.fixture
def recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of recordings, and a current directory of our own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "data" / "recordings"


def timeline(recordings: Path, *words: str) -> int:
    return main(["timeline", *words, "--set", f"paths.data={recordings.parent}"])


def test_a_call_is_drawn_by_its_id(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_log(recordings)
    write_recording(recordings)
    assert timeline(recordings, "call-1") == 0
    assert capsys.readouterr() == ("call-1.svg\n", "")
    assert ET.parse("call-1.svg").getroot().tag.endswith("svg")


@pytest.mark.parametrize("name", ["call-1.wav", "call-1.timeline.jsonl", ""])
def test_a_call_is_drawn_by_a_file_or_its_folder(recordings: Path, name: str) -> None:
    write_log(recordings)
    write_recording(recordings)
    assert timeline(recordings, str(recordings / name), "--out", "part.svg", "--from", "1", "--to", "3") == 0
    assert Path("part.svg").is_file()


def test_a_call_without_its_recording_is_drawn_without_sound(
    recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_log(recordings)
    assert timeline(recordings, "call-1") == 0
    assert "without sound" in capsys.readouterr().err


def test_a_damaged_line_is_told(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_log(recordings, text="\n".join([*lines(), '{"at": 1, "eve']))
    write_recording(recordings)
    assert timeline(recordings, "call-1") == 0
    assert "1 lines of" in capsys.readouterr().err


def test_a_call_nobody_knows(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert timeline(recordings, "call-2") == 1
    assert "turn on recording.enabled" in capsys.readouterr().err
    write_log(recordings)
    assert timeline(recordings, "call-2") == 1
    assert "there is no call 'call-2'" in (err := capsys.readouterr().err)
    assert "The latest there: call-1" in err


def test_a_recording_without_a_log(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings.mkdir(parents=True)
    write_recording(recordings)
    assert timeline(recordings, "call-1") == 1
    assert "recording.timeline must be on" in capsys.readouterr().err
    assert timeline(recordings, str(recordings / "call-1.wav")) == 1
    assert "recording.timeline must be on" in capsys.readouterr().err


def test_a_folder_of_several_calls_or_of_none(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings.mkdir(parents=True)
    assert timeline(recordings, str(recordings)) == 1
    assert "no log of a call" in capsys.readouterr().err
    write_log(recordings)
    write_log(recordings, "call-2")
    assert timeline(recordings, str(recordings)) == 1
    assert "name one of them: call-1, call-2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "says"), [("", "not the log of a call, or damaged"), ('{"version": 9, "call": "x"}', "version 9")]
)
def test_a_damaged_log(recordings: Path, capsys: pytest.CaptureFixture[str], text: str, says: str) -> None:
    write_log(recordings, text=text)
    assert timeline(recordings, "call-1") == 1
    assert says in capsys.readouterr().err


def test_what_is_no_recording_is_told(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_log(recordings)
    (recordings / "call-1.wav").write_bytes(b"no sound")
    assert timeline(recordings, "call-1") == 1
    assert "cannot be read as a recording" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--out", "call.gif"), ".svg or .png"),
        (("--from", "3", "--to", "2"), "--to 2 is not after --from 3"),
        (("--from", "99"), "only 8.0 s long"),
    ],
)
def test_options_that_make_no_sense(
    recordings: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], says: str
) -> None:
    write_log(recordings)
    assert timeline(recordings, "call-1", *options) == 2
    assert says in capsys.readouterr().err


def test_a_picture_that_cannot_be_written(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_log(recordings)
    assert timeline(recordings, "call-1", "--out", "nowhere/call.svg") == 1
    assert "cannot be written" in capsys.readouterr().err
