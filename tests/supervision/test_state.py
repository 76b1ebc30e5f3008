"""How a supervision goes, on a clock that the test sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.supervision.modes import Cause, Mode, Stage
from voicebot.supervision.state import (
    Answered,
    Beep,
    Begin,
    Changed,
    Dismissed,
    Event,
    Gone,
    HangUp,
    Pressed,
    Ring,
    Supervision,
    Tick,
    Wanted,
)


def begun(mode: Mode = Mode.LISTEN, *, keys: bool = True) -> Supervision:
    supervision = Supervision(mode, 45.0, keys=keys)
    assert supervision.feed(Begin(), 100.0) == [Ring(), Changed()]
    assert supervision.deadline_s == 145.0
    return supervision


def up(mode: Mode = Mode.LISTEN, *, keys: bool = True) -> Supervision:
    supervision = begun(mode, keys=keys)
    assert supervision.feed(Answered(), 103.0) == [Changed()]
    assert (supervision.stage, supervision.deadline_s) == (Stage.UP, None)
    return supervision


def test_who_does_not_answer_is_rung_no_longer() -> None:
    supervision = begun()
    assert supervision.feed(Tick(), 144.9) == []
    assert supervision.feed(Tick(), 145.0) == [HangUp(), Changed()]
    assert (supervision.stage, supervision.cause) == (Stage.OVER, Cause.NO_ANSWER)


@pytest.mark.parametrize(
    ("status", "cause"),
    [(486, Cause.BUSY), (600, Cause.BUSY), (480, Cause.NO_ANSWER), (404, Cause.FAILED), (603, Cause.FAILED)],
)
def test_who_cannot_be_reached(status: int, cause: Cause) -> None:
    supervision = begun()
    assert supervision.feed(Gone(status), 101.0) == [Changed()]
    assert (supervision.stage, supervision.cause, supervision.status) == (Stage.OVER, cause, status)


def test_a_supervisor_who_hangs_up_has_left() -> None:
    supervision = up()
    assert supervision.feed(Gone(200), 200.0) == [Changed()]
    assert supervision.cause is Cause.LEFT


def test_the_mode_changes_by_order_and_by_key() -> None:
    supervision = up()
    assert supervision.feed(Wanted(Mode.TALK), 104.0) == [Changed()]
    assert supervision.feed(Wanted(Mode.TALK), 105.0) == []
    assert supervision.feed(Pressed("4"), 106.0) == [Beep(4), Changed()]
    assert supervision.mode is Mode.TAKE_OVER
    assert supervision.feed(Pressed("4"), 107.0) == [Beep(4)]
    assert supervision.feed(Pressed("7"), 108.0) == []
    assert supervision.feed(Pressed("9"), 109.0) == [HangUp(), Changed()]
    assert supervision.cause is Cause.LEFT


def test_keys_can_be_switched_off() -> None:
    supervision = up(keys=False)
    assert supervision.feed(Pressed("4"), 106.0) == []
    assert supervision.mode is Mode.LISTEN


def test_keys_of_a_telephone_that_still_rings_mean_nothing() -> None:
    assert begun().feed(Pressed("4"), 101.0) == []


@pytest.mark.parametrize("cause", [Cause.REMOVED, Cause.CALL_OVER, Cause.MEDIA_TIMEOUT])
def test_it_can_be_ended_at_any_time(cause: Cause) -> None:
    for supervision in (begun(), up()):
        assert supervision.feed(Dismissed(cause), 150.0) == [HangUp(), Changed()]
        assert (supervision.stage, supervision.cause) == (Stage.OVER, cause)


EVENTS = st.one_of(
    st.sampled_from([Answered(), Tick(), Dismissed(Cause.REMOVED)]),
    st.builds(Gone, st.integers(0, 699)),
    st.builds(Wanted, st.sampled_from(Mode)),
    st.builds(Pressed, st.sampled_from("0123456789*#")),
)


@given(st.lists(st.tuples(EVENTS, st.floats(0, 60))))
def test_it_ends_once_and_whoever_was_rung_is_hung_up_on_or_gone(events: list[tuple[Event, float]]) -> None:
    supervision, now_s = begun(), 100.0
    over = 0
    for event, later_s in events:
        now_s += later_s
        before = supervision.stage
        actions = supervision.feed(event, now_s)
        if before is Stage.OVER:
            assert actions == []
        elif supervision.stage is Stage.OVER:
            over += 1
            assert isinstance(event, Gone) or actions[0] == HangUp()
        assert (supervision.cause is Cause.NONE) == (supervision.stage is not Stage.OVER)
    assert over <= 1
