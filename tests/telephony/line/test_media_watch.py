from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from telephony.line.media_watch import MediaWatch


def test_the_first_packet_may_take_longer_than_those_after_it() -> None:
    watch = MediaWatch(30, 15)
    assert not watch.feed(0, 0.0)
    assert not watch.feed(0, 29.9)
    assert watch.feed(0, 30.0)
    assert not watch.feed(1, 31.0)
    assert not watch.feed(1, 45.9)
    assert watch.feed(1, 46.0)


def test_any_sign_of_life_starts_the_time_anew() -> None:
    watch = MediaWatch(30, 15)
    for second in range(0, 100, 10):
        assert not watch.feed(second, float(second))


def test_a_stream_negotiated_anew_has_its_time_but_no_longer_than_one_that_lived() -> None:
    watch = MediaWatch(30, 15)
    watch.feed(500, 0.0)
    watch.reset()
    assert not watch.feed(0, 100.0)
    assert not watch.feed(0, 114.0)
    assert watch.feed(0, 115.0)


def test_no_limit_is_no_limit() -> None:
    watch = MediaWatch(0, 0)
    assert not watch.feed(0, 0.0)
    assert not watch.feed(0, 1e6)
    assert not watch.feed(1, 2e6)
    assert not watch.feed(1, 9e6)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5)), max_size=50))
def test_it_never_fires_before_the_limit(steps: list[tuple[bool, float]]) -> None:
    watch, signs, now_s, last_s = MediaWatch(10, 10), 0, 0.0, 0.0
    for sign, wait_s in steps:
        now_s += wait_s
        if sign:
            signs, last_s = signs + 1, now_s
        if watch.feed(signs, now_s):
            assert now_s - last_s >= 10
