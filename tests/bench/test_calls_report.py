from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.bench.calls import CallsFigures, SetUp
from voicebot.bench.calls_goals import goals_of, memory_growth_percent, number
from voicebot.bench.calls_load import Carried
from voicebot.bench.calls_proc import Usage
from voicebot.bench.calls_report import report
from voicebot.bench.calls_row import Row, changes, files_in
from voicebot.bench.calls_rtp import Heard
from voicebot.bench.calls_sipp import Made
from voicebot.bench.calls_stage import Line

IDLE = Usage(2, 1.0, 200_000, 100_000, 14, 30, 10, 90_000)


def carried(cpu_s: dict[str, float], **more: int) -> Carried:
    kinds = list(cpu_s)
    return Carried(
        processes=2,
        calls=4,
        up=(4, 4),
        window_s=10.0,
        made=Made(4, more.get("good", 4), 4 - more.get("good", 4), [10.0, 20.0, 30.0, 90.0], {}),
        heard=Heard(4, 2000, 0, more.get("late", 0), more.get("gaps", 0), 25.0),
        cpu_s=cpu_s,
        idle=dict.fromkeys(kinds, IDLE),
        loaded=dict.fromkeys(kinds, Usage(2, 2.0, 210_000, 0, 14, 40, 20, 98_192)),
    )


def row(after: Usage = IDLE, **more: int) -> Row:
    return Row(
        warm_up=80,
        made=Made(1000, 1000, 0, [8.0], {}),
        before={"line workers": IDLE},
        after={"line workers": after},
        rss_mib=[97.7, 98.0],
        calls_left=(more.get("calls", 0), 0),
    )


def reached(figures: CallsFigures) -> dict[str, bool]:
    return {goal.name: goal.reached for goal in goals_of(figures)}


def test_processor_time_is_that_of_one_call() -> None:
    assert carried({"main": 0.2, "line workers": 0.6}).percent_of_core() == pytest.approx(2.0)
    assert carried({"main": 0.2, "line workers": 0.6}).percent_of_core(["main"]) == pytest.approx(0.5)


def test_goals_that_are_reached() -> None:
    figures = CallsFigures(
        4, carried({"main": 0.2, "line workers": 0.6}), Line(4, 2000, 2, 33.0), carried({"native": 0.3})
    )
    figures.setup = SetUp(20, Made(200, 200, 0, [5.0], {}), Heard(), Line())
    figures.row = row()
    assert all(reached(figures).values())
    assert len(reached(figures)) == 12


def test_goals_that_are_missed_are_shown_as_missed() -> None:
    figures = CallsFigures(4, carried({"main": 2.0}, good=3, gaps=3), Line(4, 2000, 3, 60.0), carried({"native": 0.3}))
    figures.setup = SetUp(20, Made(200, 199, 1, [5.0], {"SIP 486": 1}), Heard(), Line())
    figures.row = row(Usage(2, 1.0, 212_000, 106_000, 15, 31, 11), calls=1)
    figures.row.files_left = {"calls/x.json": 5}
    figures.row.held = {"line workers": {"thread clock": 1, "file socket": 1}}
    found = reached(figures)
    assert [name for name, good in found.items() if good] == ["1000 calls in a row: failed"]
    text = report(figures)
    assert text.count(" no |") == len(found) - 1
    assert "SIP 486: 1" in text
    assert "More than before, line workers: `thread clock` (+1), `file socket` (+1)." in text
    assert "`calls/x.json` (5)" in text


def test_what_was_not_measured_has_neither_goal_nor_table() -> None:
    assert goals_of(CallsFigures()) == []
    assert report(CallsFigures()) == ""
    only_row = CallsFigures(row=row())
    assert "Processor time" not in report(only_row)
    assert "after 80 calls to warm up" in report(only_row)


def test_memory_is_told_for_each_call() -> None:
    text = report(CallsFigures(4, carried({"line workers": 0.6}), Line()))
    (line,) = (line for line in text.splitlines() if line.startswith("| line workers") and "2.00" in line)
    assert [cell.strip() for cell in line.strip("|").split("|")] == [
        "line workers",
        "2",
        "98",
        "106",
        "2.00",
        "26.4",
        "205",
    ]


def test_growth_of_memory() -> None:
    assert memory_growth_percent(row(Usage(2, 1.0, 208_000, 0, 0, 0, 0))) == pytest.approx(4.0)


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (3.0, "3"), (0.256, "0.26"), (12.34, "12.3"), (250.7, "251")])
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_files_that_are_left_and_files_that_grow(tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir()
    (tmp_path / "voicebot.db").write_bytes(b"x" * 10)
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "a.wav").write_bytes(b"shared")
    before = files_in(tmp_path)
    assert before == {"voicebot.db": 10}
    (tmp_path / "calls" / "a.json").write_bytes(b"12345")
    (tmp_path / "voicebot.db").write_bytes(b"x" * 14)
    assert changes(before, files_in(tmp_path)) == ({"calls/a.json": 5}, {"voicebot.db": 4})


def test_the_line_counts_call_by_call() -> None:
    line = Line()
    audio = {"played": 100, "late": 1, "max_gap_ms": 34.0, "dropped": 2}
    for gap_ms in (34.0, 28.0):
        line.count({"event": "call_ended", "record": {"audio": {**audio, "max_gap_ms": gap_ms}}})
    line.count({"event": "turn"})
    assert line.taken() == Line(2, 200, 2, 34.0, 4)
    assert line == Line()
