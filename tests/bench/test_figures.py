from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicebot.bench.figures import summarise, table


def test_an_empty_sample_has_no_summary() -> None:
    assert summarise([]) is None


def test_p95_is_the_value_that_95_percent_do_not_exceed() -> None:
    summary = summarise(range(1, 101))
    assert summary is not None
    assert (summary.count, summary.least, summary.p50, summary.p95, summary.most) == (100, 1, 50.5, 95, 100)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_the_numbers_are_in_order(values: list[float]) -> None:
    summary = summarise(values)
    assert summary is not None
    assert summary.least <= summary.p50 <= summary.most
    assert summary.least <= summary.p95 <= summary.most
    assert sum(value <= summary.p95 for value in values) >= 0.95 * len(values)


def test_a_table_lines_up() -> None:
    lines = table(["", "turns"], [["one", "1"], ["a longer name", "100"]]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[3] == "| a longer name |   100 |"
