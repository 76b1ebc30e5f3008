from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench.turns import a_clip
from voicebot.bench.cases import Expect
from voicebot.bench.core import CoreFigures
from voicebot.bench.peer import PeerFigures, figures_of
from voicebot.bench.plan import EchoPath
from voicebot.bench.scenarios import Outcome
from voicebot.bench.trials import Trial
from voicebot.bench.turn import TurnFigures
from voicebot.bench.turn_report import report


def a_trial(
    expect: Expect = "answer", kind: str = "word", *, gap: float | None = None, stop: float | None = None
) -> Trial:
    return Trial(a_clip(expect, kind), "call", 2100.0, 3100.0, valid=True, gap_ms=gap, stop_ms=stop)


def goal(text: str, name: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {name}")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def figures(*outcomes: Outcome) -> TurnFigures:
    return TurnFigures(outcomes={outcome.name: outcome for outcome in outcomes})


def test_goals_tell_what_was_reached() -> None:
    answers = Outcome("answers", 1, [a_trial(gap=gap) for gap in (250.0, 300.0, 320.0, 800.0)])
    barge_in = Outcome("barge-in", 1, [a_trial("stop", stop=180.0), a_trial("stop")])
    text = report(figures(answers, barge_in))
    assert goal(text, "answer gap p50") == ["350", "310", "yes"]
    assert goal(text, "answer gap p95") == ["700", "800", "no"]
    assert goal(text, "cut off, answers") == ["2", "0.00", "yes"]
    assert goal(text, "stop p95, any voice") == ["200", "180", "yes"]
    assert goal(text, "missed interruptions") == ["3", "50", "no"]
    assert "dictated numbers" not in text


def test_a_cut_off_counts_and_its_time_does_not() -> None:
    cut = replace(a_trial(gap=90.0), ended_early=True)
    text = report(figures(Outcome("answers", 1, [cut, a_trial(gap=300.0)]), Outcome("numbers", 1, [cut])))
    assert goal(text, "answer gap p50")[1] == "300"
    assert goal(text, "cut off, answers")[1:] == ["50", "no"]
    assert goal(text, "cut off, dictated numbers")[1:] == ["100", "no"]
    assert "word-zh-open-1 (call)" in text


def test_trials_that_show_nothing_do_not_count() -> None:
    invalid = replace(a_trial("stop"), valid=False)
    text = report(figures(Outcome("barge-in", 1, [invalid, a_trial("stop", stop=100.0)], unreached=2)))
    assert goal(text, "missed interruptions")[1] == "0.00"
    assert "1 not in the state that the case needs, 2 not reached" in text


def test_false_stops_are_counted_over_noise_and_echo() -> None:
    echo = Outcome("echo", 1, [a_trial("go_on", stop=500.0)], echoes={"call": EchoPath(-20, 100)})
    semantic = Outcome("semantic", 1, [a_trial("go_on", "backchannel") for _ in range(3)])
    text = report(figures(semantic, echo))
    assert goal(text, "false stops")[1:] == ["25", "no"]
    assert goal(text, "-20 dB") == ["1 of 1"]
    assert goal(text, "semantic: backchannel, zh") == ["3", "0 (0 %)"]


def test_load_is_told_as_times_one_call() -> None:
    found = figures(Outcome("answers", 1, [a_trial(gap=200.0)]))
    found.loaded["answers"] = Outcome("answers", 8, [a_trial(gap=320.0)])
    text = report(found)
    assert goal(text, "answers with 8 calls, of one call's p50") == ["1.5", "1.60", "no"]


def test_fixed_turns_are_told_as_overhead_above_the_floor() -> None:
    trial = replace(a_trial(gap=860.0), end_of_speech_ms=800.0)
    found = figures(Outcome("fixed", 1, [trial]))
    found.floor_ms = 50.0
    text = report(found)
    assert goal(text, "answers with endpointing: fixed") == ["1", "60", "60", "60", "60", "0"]
    assert goal(text, "floor")[1] == "50"


def test_the_core_and_what_nobody_measured() -> None:
    text = report(TurnFigures(core=CoreFigures(600_000.0, 0.2, 5000, 100, 50)))
    assert goal(text, "ten minutes of conversation") == ["1", "0.20", "yes"]
    assert report(TurnFigures()) == ""


def test_a_peer_stands_beside_the_goals() -> None:
    found = figures(Outcome("answers", 1, [a_trial(gap=300.0)]))
    found.peer = PeerFigures("another 1.0", [Outcome("answers", 1, [a_trial(gap=1200.0)])])
    text = report(found)
    assert goal(text, "answer gap p50") == ["350", "300", "yes", "1200"]
    assert "another: answers" in text


def test_a_peer_that_failed_is_told_beside_our_own_figures() -> None:
    found = figures(Outcome("answers", 1, [a_trial(gap=300.0)]))
    found.peer_failed = "it broke"
    text = report(found)
    assert goal(text, "answer gap p50") == ["350", "300", "yes"]
    assert text.endswith("Nothing of the peer: it broke")


def test_a_peer_is_judged_by_what_was_heard_of_it() -> None:
    answer, stop = a_clip(), a_clip("stop")
    found = figures_of(
        {
            "peer": "another 1.0",
            "calls": [
                {
                    "call": "peer-0",
                    "began_ms": {f"answers/{answer.case.id}": 1000.0},
                    "sounds_ms": [[2900.0, 4000.0]],
                    "turn_ends_ms": [2500.0],
                },
                {
                    "call": "peer-1",
                    "began_ms": {f"barge-in/{stop.case.id}": 1000.0},
                    "sounds_ms": [[100.0, 1400.0]],
                    "turn_ends_ms": [],
                },
            ],
        },
        {"answers": [answer], "barge-in": [stop], "semantic": [stop]},
    )
    answers, barge_in, semantic = found.outcomes
    assert answers.trials[0].gap_ms == pytest.approx(800, abs=5)
    assert barge_in.trials[0].stop_ms == pytest.approx(300, abs=5)
    assert (semantic.trials, semantic.unreached) == ([], 1)
