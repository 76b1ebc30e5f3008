from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.bench.turns import a_call, a_clip
from voicebot.bench.mixing import Rendered
from voicebot.bench.trials import Trial, fell_silent_ms, sound_of, trials_of


def judged(
    tmp_path: Path, item: Rendered, bot: list[tuple[float, float]], turns: list[dict[str, Any]] | None = None
) -> Trial:
    """Let the recording play from 2.0 s on, so that it is heard from 2.1 to 3.1 s."""
    outcome = a_call(tmp_path / "call.wav", 10, bot, [(2.0, item)])
    (trial,) = trials_of(outcome, {"turns": turns or []}, {str(item.file): item})
    return trial


def turn(speech_end_ms: float, end_of_speech_ms: int = 800) -> dict[str, Any]:
    return {
        "speech_end_ms": speech_end_ms,
        "end_of_speech_ms": end_of_speech_ms,
        "utterance_end_ms": speech_end_ms + end_of_speech_ms,
    }


def test_the_gap_counts_from_the_labelled_end(tmp_path: Path) -> None:
    trial = judged(tmp_path, a_clip(), [(0.2, 1.0), (3.5, 5.0)], [turn(3100)])
    assert trial.valid
    assert trial.timed_gap_ms == pytest.approx(400, abs=10)
    assert not trial.cut_off
    assert not trial.unanswered
    assert trial.end_of_speech_ms == 800


def test_an_unclear_end_times_nothing(tmp_path: Path) -> None:
    trial = judged(tmp_path, a_clip(clear=False), [(0.2, 1.0), (3.5, 5.0)])
    assert trial.gap_ms == pytest.approx(400, abs=10)
    assert trial.timed_gap_ms is None


def test_a_bot_that_speaks_before_the_end_cuts_the_caller_off(tmp_path: Path) -> None:
    trial = judged(tmp_path, a_clip(), [(0.2, 1.0), (2.8, 5.0)])
    assert trial.cut_off
    assert trial.spoke_over
    assert trial.timed_gap_ms is None


def test_a_turn_that_the_bot_ended_in_a_pause_is_cut_off_though_nothing_was_heard(tmp_path: Path) -> None:
    trial = judged(tmp_path, a_clip(), [(0.2, 1.0), (3.5, 5.0)], [turn(2300, 300)])
    assert (trial.cut_off, trial.spoke_over, trial.ended_early) == (True, False, True)


def test_a_turn_ended_about_when_the_caller_ended_is_not_cut_off(tmp_path: Path) -> None:
    assert not judged(tmp_path, a_clip(), [(0.2, 1.0), (3.5, 5.0)], [turn(2900, 100)]).cut_off


@pytest.mark.parametrize("bot", [[(0.2, 1.0)], [(0.2, 1.0), (8.0, 9.0)]])
def test_silence_and_a_late_prompt_are_no_answer(tmp_path: Path, bot: list[tuple[float, float]]) -> None:
    assert judged(tmp_path, a_clip(), bot).unanswered


def test_a_caller_who_began_while_the_bot_spoke_shows_nothing_of_waiting(tmp_path: Path) -> None:
    assert not judged(tmp_path, a_clip(), [(0.2, 2.5), (3.5, 5.0)]).valid


def test_the_stop_counts_from_the_first_sound_to_silence(tmp_path: Path) -> None:
    trial = judged(tmp_path, a_clip("stop"), [(0.2, 2.35), (3.6, 5.0)])
    assert trial.valid
    assert trial.timed_stop_ms == pytest.approx(250, abs=10)
    assert trial.gap_ms == pytest.approx(500, abs=10)


def test_short_pauses_of_the_bot_are_no_stop(tmp_path: Path) -> None:
    trial = judged(tmp_path, a_clip("stop"), [(0.2, 2.3), (2.6, 3.0), (3.3, 9.0)])
    assert trial.stop_ms is None


def test_a_stop_may_be_short_where_the_bot_answered_at_once(tmp_path: Path) -> None:
    bot = [(0.2, 2.35), (2.7, 3.0), (3.1, 9.0)]
    assert judged(tmp_path, a_clip("stop"), bot).stop_ms is None
    assert judged(tmp_path, a_clip("stop"), bot, [turn(2200, 200)]).stop_ms == pytest.approx(250, abs=10)


def test_a_turn_without_any_silence_is_no_stop(tmp_path: Path) -> None:
    assert judged(tmp_path, a_clip("stop"), [(0.2, 9.0)], [turn(2200, 200)]).stop_ms is None


def test_a_stop_while_the_bot_paused_anyway_is_a_stop_that_cannot_be_timed(tmp_path: Path) -> None:
    trial = judged(tmp_path, a_clip("stop"), [(0.2, 2.0), (3.6, 5.0)])
    assert trial.valid
    assert trial.stop_ms == 0
    assert trial.timed_stop_ms is None


def test_a_bot_that_was_silent_could_not_be_interrupted(tmp_path: Path) -> None:
    assert not judged(tmp_path, a_clip("stop"), [(0.2, 1.0), (3.6, 5.0)]).valid


def test_what_the_bot_does_seconds_later_is_not_because_of_a_noise(tmp_path: Path) -> None:
    assert judged(tmp_path, a_clip("go_on"), [(0.2, 6.0)]).stop_ms is None
    assert judged(tmp_path, a_clip("go_on"), [(0.2, 4.0)]).stop_ms == pytest.approx(1900, abs=10)


def test_each_case_is_judged_up_to_the_next(tmp_path: Path) -> None:
    first, second = a_clip("go_on", number=1), a_clip("stop", number=2)
    outcome = a_call(tmp_path / "call.wav", 10, [(0.2, 5.3), (7.0, 9.0)], [(2.0, first), (5.0, second)])
    rendered = {str(item.file): item for item in (first, second)}
    calm, stop = trials_of(outcome, {"turns": []}, rendered)
    assert calm.stop_ms is None
    assert stop.stop_ms == pytest.approx(200, abs=10)


def test_recordings_that_are_no_cases_are_left_out(tmp_path: Path) -> None:
    outcome = a_call(tmp_path / "call.wav", 5, [(0.2, 1.0)], [(2.0, a_clip())])
    assert trials_of(outcome, {"turns": []}, {}) == []


def test_sound_from_intervals_is_heard_where_it_was() -> None:
    bot = sound_of([(100.0, 200.0), (700.0, 900.0)], 2000.0)
    assert fell_silent_ms(bot, 120.0, 1000.0) == 200.0
    assert fell_silent_ms(bot, 650.0, 1000.0) == 900.0
