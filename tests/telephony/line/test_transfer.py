from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.line.transfer import (
    BRIEFING_MARGIN_S,
    LAST_NOTIFY_S,
    Begin,
    BriefTarget,
    CallerGone,
    Event,
    Finish,
    HangUpCaller,
    HangUpTarget,
    JoinCalls,
    Progress,
    ReferFailed,
    RingTarget,
    SendRefer,
    TargetAnswered,
    TargetGone,
    Tick,
    Transfer,
)
from voicebot.conversation.leg import TransferMode, TransferOutcome, TransferResult

ANSWERED, BUSY, FAILED = TransferOutcome.ANSWERED, TransferOutcome.BUSY, TransferOutcome.FAILED


def attended() -> Transfer:
    return Transfer(TransferMode.ATTENDED, ring_timeout_s=25, notify_timeout_s=15)


def blind() -> Transfer:
    return Transfer(TransferMode.BLIND, ring_timeout_s=25, notify_timeout_s=15)


def ringing() -> Transfer:
    transfer = attended()
    assert transfer.feed(Begin(), 100.0) == [RingTarget()]
    return transfer


def referring() -> Transfer:
    transfer = ringing()
    assert transfer.feed(TargetAnswered(), 105.0) == [SendRefer()]
    return transfer


def test_attended_transfer_rings_refers_and_lets_go() -> None:
    transfer = referring()
    assert transfer.feed(Progress(202, "Accepted"), 105.1) == []
    assert transfer.feed(Progress(100, "Trying"), 105.2) == []
    assert transfer.feed(Progress(180, "Ringing"), 105.3) == []
    assert transfer.feed(Progress(200, "OK", final=True), 106.0) == [
        HangUpTarget(),
        HangUpCaller(),
        Finish(TransferResult(ANSWERED, 200, "OK")),
    ]
    assert transfer.done
    assert transfer.deadline_s is None


@pytest.mark.parametrize(
    ("status", "outcome"), [(486, BUSY), (600, BUSY), (603, FAILED), (404, FAILED), (480, FAILED), (503, FAILED)]
)
def test_target_that_refuses_leaves_the_caller_with_us(status: int, outcome: TransferOutcome) -> None:
    assert ringing().feed(TargetGone(status, "no"), 101.0) == [Finish(TransferResult(outcome, status, "no"))]


def test_target_that_rings_too_long_is_cancelled() -> None:
    transfer = ringing()
    assert transfer.deadline_s == 125.0
    assert transfer.feed(Tick(), 124.9) == []
    assert transfer.feed(Tick(), 125.0) == [
        HangUpTarget(),
        Finish(TransferResult(FAILED, 408, "the target did not answer")),
    ]


def test_caller_who_hangs_up_while_it_rings_cancels_the_target() -> None:
    assert ringing().feed(CallerGone(), 101.0) == [
        HangUpTarget(),
        Finish(TransferResult(FAILED, 0, "the caller hung up")),
    ]


@pytest.mark.parametrize("status", [403, 405, 420, 486, 501, 603])
def test_refused_refer_frees_the_target_and_is_never_busy(status: int) -> None:
    assert referring().feed(Progress(status, "no", final=True), 106.0) == [
        HangUpTarget(),
        Finish(TransferResult(FAILED, status, "no")),
    ]


def test_hanging_up_after_accepting_counts_as_taken_over() -> None:
    transfer = referring()
    transfer.feed(Progress(202, "Accepted"), 105.1)
    assert transfer.feed(CallerGone(), 105.5)[-1] == Finish(
        TransferResult(ANSWERED, 202, "the far side took the call over")
    )


def test_hanging_up_before_accepting_is_just_hanging_up() -> None:
    actions = referring().feed(CallerGone(), 105.5)
    assert actions == [HangUpTarget(), Finish(TransferResult(FAILED, 0, "the caller hung up"))]


def test_target_whose_call_was_replaced_is_gone_before_the_report() -> None:
    transfer = referring()
    transfer.feed(Progress(202), 105.1)
    assert transfer.feed(TargetGone(200), 105.2) == []
    assert transfer.feed(Progress(200, "OK", final=True), 105.4) == [
        HangUpCaller(),
        Finish(TransferResult(ANSWERED, 200, "OK")),
    ]


def test_target_that_hangs_up_before_the_exchange_fails_soon() -> None:
    transfer = referring()
    transfer.feed(Progress(202), 105.1)
    transfer.feed(TargetGone(200), 106.0)
    assert transfer.deadline_s == 106.0 + LAST_NOTIFY_S
    [finish] = transfer.feed(Tick(), 106.0 + LAST_NOTIFY_S)
    assert isinstance(finish, Finish)
    assert finish.result.outcome is FAILED


def test_far_side_that_never_reports_leaves_the_caller_with_us() -> None:
    transfer = referring()
    transfer.feed(Progress(202), 105.1)
    assert transfer.feed(Tick(), 119.9) == []
    assert transfer.feed(Tick(), 120.0) == [
        HangUpTarget(),
        Finish(TransferResult(FAILED, 202, "the far side did not report how the transfer went")),
    ]


def test_reports_that_stop_without_a_result_are_a_failure() -> None:
    transfer = blind()
    assert transfer.feed(Begin(), 0.0) == [SendRefer()]
    transfer.feed(Progress(202), 0.1)
    [finish] = transfer.feed(Progress(180, "Ringing", final=True), 5.0)
    assert isinstance(finish, Finish)
    assert finish.result.outcome is FAILED


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, ANSWERED), (486, BUSY), (600, BUSY), (503, FAILED), (404, FAILED)]
)
def test_blind_transfer_follows_the_reports(status: int, outcome: TransferOutcome) -> None:
    transfer = blind()
    transfer.feed(Begin(), 0.0)
    transfer.feed(Progress(202, "Accepted"), 0.1)
    transfer.feed(Progress(100, "Trying"), 0.2)
    actions = transfer.feed(Progress(status, "x", final=True), 3.0)
    assert actions[-1] == Finish(TransferResult(outcome, status, "x"))
    assert (HangUpCaller() in actions) == (outcome is ANSWERED)
    assert HangUpTarget() not in actions


def test_blind_refer_that_cannot_be_sent_fails() -> None:
    transfer = blind()
    transfer.feed(Begin(), 0.0)
    assert transfer.feed(ReferFailed("no such URI"), 0.1) == [Finish(TransferResult(FAILED, 0, "no such URI"))]


EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.sampled_from([Begin(), TargetAnswered(), CallerGone(), ReferFailed("x"), Tick()]),
    st.builds(TargetGone, st.sampled_from([200, 404, 486, 603])),
    st.builds(Progress, st.sampled_from([100, 180, 200, 202, 403, 486, 503]), final=st.booleans()),
)


@given(st.sampled_from(TransferMode), st.lists(st.tuples(EVENTS, st.floats(0, 10)), max_size=30))
def test_whatever_happens_there_is_one_result_and_no_target_is_left(
    mode: TransferMode, story: list[tuple[Event, float]]
) -> None:
    transfer = Transfer(mode, 25, 15)
    now_s, target_up, results, joined = 0.0, False, 0, False
    for event, pause_s in [(Begin(), 0.0), *story, (Tick(), 0.0)]:
        now_s += pause_s
        if isinstance(event, TargetGone):
            target_up = False
        for action in transfer.feed(event, now_s):
            assert not results, "an action after the result"
            target_up = (target_up or isinstance(action, RingTarget)) and not isinstance(action, HangUpTarget)
            joined = joined or isinstance(action, JoinCalls)
            if isinstance(action, HangUpCaller):
                assert not target_up
            results += isinstance(action, Finish)
    if transfer.deadline_s is not None:
        for action in transfer.feed(Tick(), transfer.deadline_s):
            target_up = target_up and not isinstance(action, HangUpTarget)
            results += isinstance(action, Finish)
    assert results == 1
    assert joined or not target_up


class TestBridge:
    def test_the_target_answers_and_is_joined(self) -> None:
        transfer = Transfer(TransferMode.BRIDGE, 25, 15)
        assert transfer.feed(Begin(), 0.0) == [RingTarget()]
        actions = transfer.feed(TargetAnswered(), 5.0)
        assert actions == [JoinCalls(), Finish(TransferResult(TransferOutcome.BRIDGED, 200, "joined by us"))]
        assert transfer.deadline_s is None

    @pytest.mark.parametrize("status", [405, 501, 603])
    def test_refused_refer_joins_the_target_that_is_up(self, status: int) -> None:
        transfer = Transfer(TransferMode.ATTENDED, 25, 15, frozenset({405, 501, 603}))
        transfer.feed(Begin(), 0.0)
        transfer.feed(TargetAnswered(), 1.0)
        assert transfer.feed(Progress(status, "No", final=True), 2.0)[0] == JoinCalls()

    def test_refused_blind_refer_rings_the_target_ourselves(self) -> None:
        transfer = Transfer(TransferMode.BLIND, 25, 15, frozenset({405}))
        assert transfer.feed(Begin(), 0.0) == [SendRefer()]
        assert transfer.feed(Progress(405, "No", final=True), 1.0) == [RingTarget()]
        assert transfer.deadline_s == 26.0
        assert transfer.feed(TargetAnswered(), 5.0)[0] == JoinCalls()

    def test_a_result_of_405_is_no_refusal_of_the_refer(self) -> None:
        transfer = Transfer(TransferMode.ATTENDED, 25, 15, frozenset({405}))
        transfer.feed(Begin(), 0.0)
        transfer.feed(TargetAnswered(), 1.0)
        transfer.feed(Progress(202, "Accepted"), 1.1)
        assert transfer.feed(Progress(405, "No", final=True), 2.0) == [
            HangUpTarget(),
            Finish(TransferResult(FAILED, 405, "No")),
        ]

    def test_a_target_that_left_before_the_refusal_cannot_be_joined(self) -> None:
        transfer = Transfer(TransferMode.ATTENDED, 25, 15, frozenset({405}))
        transfer.feed(Begin(), 0.0)
        transfer.feed(TargetAnswered(), 1.0)
        transfer.feed(TargetGone(200), 1.5)
        assert isinstance(transfer.feed(Progress(405, "No", final=True), 2.0)[-1], Finish)


class TestBriefing:
    def test_the_target_hears_it_to_the_end_first(self) -> None:
        transfer = Transfer(TransferMode.ATTENDED, 25, 15, briefing_s=4.0)
        transfer.feed(Begin(), 0.0)
        assert transfer.feed(TargetAnswered(), 10.0) == [BriefTarget()]
        assert transfer.deadline_s == 10.0 + 4.0 + BRIEFING_MARGIN_S
        assert transfer.feed(Tick(), 14.0) == []
        assert transfer.feed(Tick(), 15.0) == [SendRefer()]

    def test_a_target_that_hangs_up_meanwhile_ends_it(self) -> None:
        transfer = Transfer(TransferMode.ATTENDED, 25, 15, briefing_s=4.0)
        transfer.feed(Begin(), 0.0)
        transfer.feed(TargetAnswered(), 10.0)
        assert isinstance(transfer.feed(TargetGone(200), 12.0)[-1], Finish)

    def test_a_caller_who_hangs_up_meanwhile_frees_the_target(self) -> None:
        transfer = Transfer(TransferMode.BRIDGE, 25, 15, briefing_s=4.0)
        transfer.feed(Begin(), 0.0)
        transfer.feed(TargetAnswered(), 10.0)
        assert transfer.feed(CallerGone(), 12.0)[0] == HangUpTarget()
