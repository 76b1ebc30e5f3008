from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.storage.stored import START, message
from voicebot.errors import MessageDelayedError, MessageError, MessageRefusedError
from voicebot.messages.retry import RetryPolicy, failed, succeeded
from voicebot.storage.outbox import MessageState

POLICY = RetryPolicy(max_attempts=8, first_retry_s=2, max_retry_s=30)
DELAYED = MessageDelayedError("busy", "http_503")
REFUSED = MessageRefusedError("no such template", "http_404")


def test_the_wait_doubles_up_to_the_longest() -> None:
    assert [POLICY.wait_s(failures, 0) for failures in range(1, 7)] == [2, 4, 8, 16, 30, 30]
    assert POLICY.wait_s(10_000, 0) == 30


def test_chance_adds_up_to_a_fifth() -> None:
    assert POLICY.wait_s(1, 0.5) == pytest.approx(2.2)
    assert POLICY.wait_s(9, 1) == pytest.approx(36)


def test_a_success_ends_it() -> None:
    progress = succeeded(replace(message(), attempts=2, last_error="timeout"), "p1", START)
    assert (progress.state, progress.attempts, progress.provider_id) == (MessageState.SENT, 3, "p1")
    assert (progress.last_error, progress.ended_at) == ("", START)


def test_a_failure_is_tried_again() -> None:
    progress = failed(message(), DELAYED, START, POLICY, 0)
    assert (progress.state, progress.attempts, progress.last_error) == (MessageState.WAITING, 1, "http_503")
    assert progress.next_attempt_at == START + timedelta(seconds=2)
    assert progress.ended_at is None


def test_the_provider_may_ask_for_more_time_within_limits() -> None:
    for asked_s, waited_s in ((1, 2), (20, 20), (99_999, 30)):
        error = MessageDelayedError("busy", "http_429", asked_s)
        assert failed(message(), error, START, POLICY, 0).next_attempt_at == START + timedelta(seconds=waited_s)


def test_the_last_failure_gives_it_up() -> None:
    progress = failed(replace(message(), attempts=7), DELAYED, START, POLICY, 0)
    assert (progress.state, progress.attempts, progress.ended_at) == (MessageState.GIVEN_UP, 8, START)


def test_a_refusal_gives_it_up_at_once() -> None:
    progress = failed(message(), REFUSED, START, POLICY, 0)
    assert (progress.state, progress.attempts, progress.last_error) == (MessageState.GIVEN_UP, 1, "http_404")


ERRORS = st.one_of(
    st.builds(MessageDelayedError, st.just("busy"), st.just("x"), st.none() | st.floats(0, 1e9)),
    st.builds(MessageRefusedError, st.just("no"), st.just("x")),
)


@given(
    st.builds(RetryPolicy, st.integers(1, 100), st.floats(0.01, 3600), st.floats(0.01, 86400)),
    st.lists(st.tuples(ERRORS, st.floats(0, 1)), min_size=1, max_size=120),
)
def test_every_message_comes_to_an_end_and_never_goes_back_in_time(
    policy: RetryPolicy, failures: list[tuple[MessageError, float]]
) -> None:
    now: datetime = START
    current = message()
    for error, luck in failures:
        progress = failed(current, error, now, policy, luck)
        assert progress.attempts == current.attempts + 1 <= policy.max_attempts
        if progress.state is MessageState.GIVEN_UP:
            assert isinstance(error, MessageRefusedError) or progress.attempts == policy.max_attempts
            return
        wait_s = (progress.next_attempt_at - now).total_seconds()
        assert 0 < wait_s <= 1.2 * policy.max_retry_s + 1e-3
        now = progress.next_attempt_at
        current = replace(current, attempts=progress.attempts, next_attempt_at=now)
    assert len(failures) < policy.max_attempts
