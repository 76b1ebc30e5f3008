"""Figures of a call that had more than one stream."""

from __future__ import annotations

import pytest

from telephony.line.library_call import StreamStats


def test_counts_add_up_and_means_are_weighted_by_packets() -> None:
    before = StreamStats(
        codec="PCMA", received=300, sent=310, lost=3, discarded=1, jitter_ms=2, remote_lost=1, round_trip_ms=40,
        buffer_ms=20, reports=1, foreign=2,
    )  # fmt: skip
    after = StreamStats(
        codec="G722", received=100, sent=90, lost=1, discarded=0, jitter_ms=6, remote_lost=0, round_trip_ms=10,
        buffer_ms=60, reports=2, foreign=5,
    )  # fmt: skip
    both = before.followed_by(after)
    assert (both.codec, both.received, both.sent, both.lost, both.discarded) == ("G722", 400, 400, 4, 1)
    assert (both.remote_lost, both.reports, both.foreign) == (1, 3, 5)
    assert [both.jitter_ms, both.buffer_ms] == pytest.approx([3.0, 30.0])
    assert both.round_trip_ms == pytest.approx(20)


def test_a_last_stream_without_packets_hides_nothing() -> None:
    """Asterisk takes its direct media back just before it hangs up."""
    before = StreamStats(codec="PCMA", received=300, sent=300, jitter_ms=2, round_trip_ms=40, reports=1, foreign=1)
    assert before.followed_by(StreamStats(codec="PCMA", foreign=1)) == before
    assert StreamStats().followed_by(before) == before
