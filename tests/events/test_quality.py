from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.events.quality import judge, mos


@pytest.mark.parametrize(
    ("r_factor", "score"),
    [(0, 1.0), (50, 2.58), (60, 3.10), (70, 3.60), (80, 4.02), (90, 4.34), (93.2, 4.41), (100, 4.5)],
)
def test_the_scale_of_g107(r_factor: float, score: float) -> None:
    """Table B.1 of G.107."""
    assert mos(r_factor) == pytest.approx(score, abs=0.01)


def test_a_clean_line() -> None:
    found = judge(received=1500, lost=0, discarded=0, round_trip_ms=20, buffer_ms=40)
    assert found is not None
    assert (found.loss_percent, found.delay_ms) == (0, 70)
    assert found.mos == pytest.approx(4.38, abs=0.02)


def test_packets_that_are_late_count_like_lost_ones() -> None:
    late = judge(received=1000, lost=0, discarded=50, round_trip_ms=0, buffer_ms=0)
    lost = judge(received=950, lost=50, discarded=0, round_trip_ms=0, buffer_ms=0)
    assert late is not None
    assert lost is not None
    assert late.loss_percent == lost.loss_percent == 5
    assert late.mos == lost.mos < 4.1


def test_a_long_way_costs_more_from_177_ms_on() -> None:
    found = [judge(1000, 0, 0, way_ms, 0) for way_ms in (100, 300, 600, 900)]
    scores = [each.mos for each in found if each is not None]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] - scores[1] < 0.1 < scores[2] - scores[3]


def test_nothing_received_is_not_rated() -> None:
    assert judge(0, 0, 0, 0, 0) is None
    assert judge(0, 100, 0, 0, 0) is None


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0, 1e4), st.floats(0, 1e4))
def test_any_figures_give_a_score(received: int, lost: int, discarded: int, way_ms: float, buffer_ms: float) -> None:
    found = judge(received, lost, discarded, way_ms, buffer_ms)
    assert found is not None
    assert 1 <= found.mos <= 4.5
    assert 0 <= found.loss_percent <= 100
