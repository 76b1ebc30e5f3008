from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicebot.breaker import Admission, Circuit, CircuitBreaker

PAUSE_S = 30.0


def admitted(breaker: CircuitBreaker, now_s: float) -> Admission:
    admission = breaker.admit(now_s)
    assert admission is not None
    return admission


def opened(failures: int = 3, at_s: float = 0.0) -> CircuitBreaker:
    breaker = CircuitBreaker(failures, PAUSE_S)
    for _ in range(failures):
        breaker.failed(admitted(breaker, at_s), at_s)
    return breaker


def test_failures_in_a_row_open_it() -> None:
    breaker = CircuitBreaker(3, PAUSE_S)
    for _ in range(2):
        breaker.failed(admitted(breaker, 0.0), 0.0)
    breaker.succeeded()
    for _ in range(2):
        breaker.failed(admitted(breaker, 0.0), 0.0)
    assert not admitted(breaker, 0.0).probe
    breaker.failed(admitted(breaker, 0.0), 0.0)
    assert breaker.admit(PAUSE_S - 0.1) is None


def test_after_the_pause_one_query_finds_out() -> None:
    breaker = opened()
    assert admitted(breaker, PAUSE_S).probe
    assert breaker.admit(PAUSE_S + 1) is None
    breaker.succeeded()
    assert not admitted(breaker, PAUSE_S + 2).probe


def test_a_failed_probe_begins_the_pause_anew() -> None:
    breaker = opened()
    breaker.failed(admitted(breaker, PAUSE_S), PAUSE_S + 5)
    assert breaker.admit(PAUSE_S + 5 + PAUSE_S - 0.1) is None
    assert admitted(breaker, PAUSE_S + 5 + PAUSE_S).probe


def test_a_probe_that_was_given_up_leaves_it_to_the_next() -> None:
    breaker = opened()
    breaker.abandoned(admitted(breaker, PAUSE_S), PAUSE_S + 1)
    assert admitted(breaker, PAUSE_S + 1).probe


def test_latecomers_do_not_prolong_the_pause() -> None:
    breaker = CircuitBreaker(1, PAUSE_S)
    first, late = admitted(breaker, 0.0), admitted(breaker, 0.0)
    breaker.failed(first, 0.0)
    breaker.failed(late, 20.0)
    assert admitted(breaker, PAUSE_S).probe
    breaker.failed(late, PAUSE_S)
    assert breaker.circuit is Circuit.HALF_OPEN


OUTCOMES = st.sampled_from(["succeeded", "failed", "abandoned"])


@given(st.integers(1, 4), st.lists(st.tuples(st.floats(0, 40), st.none() | OUTCOMES, st.integers(0, 5)), max_size=60))
def test_whatever_happens(limit: int, script: list[tuple[float, str | None, int]]) -> None:
    """While one query finds out no other may; once nothing is under way, the next one may after a pause."""
    breaker, now_s, pending = CircuitBreaker(limit, PAUSE_S), 0.0, list[Admission]()
    for wait_s, outcome, which in script:
        now_s += wait_s
        if outcome is None:
            admission = breaker.admit(now_s)
            pending += [admission] if admission is not None else []
        elif pending:
            admission = pending.pop(which % len(pending))
            if outcome == "succeeded":
                breaker.succeeded()
            elif outcome == "failed":
                breaker.failed(admission, now_s)
            else:
                breaker.abandoned(admission, now_s)
        if breaker.circuit is Circuit.HALF_OPEN:
            assert breaker.admit(now_s + 1000 * PAUSE_S) is None
    for admission in pending:
        breaker.abandoned(admission, now_s)
    assert breaker.admit(now_s + PAUSE_S) is not None
