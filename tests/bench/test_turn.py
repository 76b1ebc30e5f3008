from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.caller.test_analysis import recording, say
from voicebot.bench.scripts import barge_in_script, clips, speech_folder, turn_script
from voicebot.bench.turn import Phase, _add, report
from voicebot.caller.script import CallOutcome, Mark
from voicebot.errors import ConfigError

OWN_CLIPS = Path("tests/data")


def bot_turn(speech_end_ms: float, end_of_speech_ms: int = 700) -> dict[str, Any]:
    return {
        "caller_text": "你好",
        "speech_end_ms": speech_end_ms,
        "end_of_speech_ms": end_of_speech_ms,
        "utterance_end_ms": speech_end_ms + end_of_speech_ms,
        "asked_ms": speech_end_ms + end_of_speech_ms + 1,
        "first_chunk_ms": speech_end_ms + end_of_speech_ms + 6,
        "first_audio_ms": speech_end_ms + end_of_speech_ms + 7,
        "playing_ms": speech_end_ms + end_of_speech_ms + 17,
    }


def measured(tmp_path: Path, bot: list[tuple[float, float]], turns: list[dict[str, Any]]) -> Phase:
    path = tmp_path / "call.wav"
    recording(path, 10, caller=[(2.0, 3.0)], bot=bot)
    marks = [Mark("answered", 0, 0), say(2.0)]
    phase = Phase("1 call")
    _add(phase, CallOutcome("x", 16000, str(path), marks), {"turns": turns, "audio": {"played": 500, "late": 1}})
    return phase


def test_the_overhead_is_the_gap_less_the_pause_that_was_in_force(tmp_path: Path) -> None:
    phase = measured(tmp_path, [(0.2, 1.0), (3.8, 5.0)], [bot_turn(3000)])
    assert phase.overhead_ms == [pytest.approx(100, abs=10)]
    assert (phase.said, phase.unanswered, phase.cut_off) == (1, 0, 0)
    assert phase.stages_ms["query to first chunk"] == [5]


def test_each_turn_has_its_own_pause(tmp_path: Path) -> None:
    phase = measured(tmp_path, [(4.1, 5.0)], [bot_turn(500, 700), bot_turn(3000, 1000)])
    assert phase.overhead_ms == [pytest.approx(100, abs=10)]


def test_an_answer_after_seconds_is_the_silence_prompt(tmp_path: Path) -> None:
    assert measured(tmp_path, [(8.0, 9.0)], [bot_turn(3000)]).unanswered == 1


def test_a_bot_that_did_not_hear_the_turn_has_not_answered_it(tmp_path: Path) -> None:
    assert measured(tmp_path, [(3.8, 5.0)], [bot_turn(500)]).unanswered == 1


def test_a_bot_that_does_not_wait_cuts_the_caller_off(tmp_path: Path) -> None:
    assert measured(tmp_path, [(3.2, 5.0)], [bot_turn(3000)]).cut_off == 1


@pytest.mark.parametrize(("interruptible", "counts"), [(True, (1, 0)), (False, (0, 1))])
def test_only_what_may_be_interrupted_counts_as_barge_in(
    tmp_path: Path, interruptible: bool, counts: tuple[int, int]
) -> None:
    turn = {**bot_turn(-5000), "playing_ms": 500.0, "interruptible": interruptible}
    phase = measured(tmp_path, [(0.5, 2.3), (4.0, 5.0)], [turn])
    assert (len(phase.stop_ms), phase.protected) == counts


def test_the_report_shows_all_that_was_measured(tmp_path: Path) -> None:
    phase = measured(tmp_path, [(0.2, 1.0), (3.8, 5.0)], [bot_turn(3000)])
    text = report([phase], 53.6, ["a peer", "3", "", "800", "", "900", "0", ""])
    for wanted in ("1 call", "floor", "54", "a peer", "query to first chunk", "packets lost"):
        assert wanted in text


def test_own_clips_serve_where_no_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEBOT_SPEECH_DIR", str(OWN_CLIPS))
    assert speech_folder(None) == OWN_CLIPS
    for language in ("zh", "en"):
        found = clips(OWN_CLIPS, language)
        assert found
        assert all(clip.is_file() for clip in found)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--speech"):
        speech_folder(tmp_path)


def test_scripts_use_one_clip_a_turn() -> None:
    supply = iter([Path("a.wav"), Path("b.wav"), Path("c.wav"), Path("d.wav")])
    talk = turn_script("talk", "sip:x@127.0.0.1", supply, 2, number=3)
    interrupt = barge_in_script("interrupt", "sip:x@127.0.0.1", supply, 2)
    assert [step.clip for step in (*talk.steps, *interrupt.steps)] == ["a.wav", "b.wav", "", "c.wav", "d.wav", ""]
    assert talk.start_after_ms == 2100
    assert {step.do for step in interrupt.steps} == {"interrupt", "listen"}


def test_silence_has_no_clear_ends() -> None:
    from voicebot.caller.analysis import has_clear_ends

    assert not has_clear_ends(np.zeros(16000, "<i2").tobytes(), 16000)
