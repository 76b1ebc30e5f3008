from __future__ import annotations

from pathlib import Path

from tests.bench.turns import a_case, a_clip
from voicebot.bench.plan import EchoPath, call_of, calls_of, mixed, side_by_side
from voicebot.bench.scenarios import thinned

SPEECH = Path("speech")


def target(line: str) -> str:
    return f"sip:{line}@127.0.0.1"


def test_each_call_rings_one_line_with_so_many_cases() -> None:
    cases = [a_clip(number=number, language="zh" if number < 6 else "en") for number in range(1, 8)]
    scripts = calls_of("answers-1", cases, target, 3, SPEECH)
    assert [(script.target, len(script.steps)) for script in scripts] == [
        ("sip:zh_open@127.0.0.1", 4),
        ("sip:zh_open@127.0.0.1", 3),
        ("sip:en_open@127.0.0.1", 3),
    ]
    assert len({script.name for script in scripts}) == 3
    assert [step.do for step in scripts[1].steps] == ["say", "say", "listen"]


def test_a_caller_who_talks_over_the_bot_first_has_it_talk() -> None:
    script = call_of("x", [a_clip("go_on"), a_clip("stop")], "sip:x", SPEECH, EchoPath(-20, 100))
    assert [step.do for step in script.steps] == ["say", "interrupt", "interrupt", "wait"]
    assert script.steps[0].clip.startswith("speech/")
    assert (script.echo_db, script.echo_delay_ms) == (-20, 100)


def test_after_some_that_do_not_stop_the_bot_comes_one_that_does() -> None:
    cases = [a_clip("go_on", number=number) for number in range(10)] + [a_clip("stop", number=n) for n in range(3)]
    order = "".join("s" if item.case.expect == "stop" else "." for item in mixed(cases, calm=4))
    assert order == "....s....s..s"


def test_nothing_is_lost_when_there_is_only_one_sort() -> None:
    for expect in ("go_on", "stop"):
        cases = [a_clip(expect, number=number) for number in range(3)]
        assert mixed(cases) == cases


def test_calls_at_the_same_time_do_not_begin_in_chorus() -> None:
    scripts = calls_of("x", [a_clip(number=number) for number in range(5)], target, 1, SPEECH)
    groups = side_by_side(scripts, 2)
    assert [[script.start_after_ms for script in group] for group in groups] == [[0, 700], [0, 700], [0]]


def test_a_quick_run_has_some_of_each_kind() -> None:
    cases = [a_case(kind=kind, number=number) for kind in ("word", "sentence") for number in range(6)]
    assert [case.kind for case in thinned(cases)] == ["word", "word", "sentence", "sentence"]
