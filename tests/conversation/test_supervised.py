"""What a conversation does about a supervisor's orders, on a virtual clock."""

from __future__ import annotations

import pytest

from tests.conversation.scripted import ScriptedCall, only
from voicebot.conversation.actions import (
    Ask,
    CancelAsk,
    HangUp,
    SetRingback,
    Speak,
    StartTransfer,
    StopSpeaking,
)
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.events import CallAnswered, DigitPressed, TransferEnded
from voicebot.conversation.leg import HangupCause, TransferOutcome, TransferRequest, TransferResult
from voicebot.conversation.orders import EndCall, HandOver, Hint, SayNow, TakenOver, TalkedOver
from voicebot.conversation.phase import Phase

CONFIG = ConversationConfig(
    silence_ms=5_000, max_call_ms=60_000, goodbye="再见。", prompt="在吗？", answer_timeout_ms=9_000
)
REQUEST = TransferRequest("sip:1001@pbx")


@pytest.fixture
def call() -> ScriptedCall:
    one = ScriptedCall(CONFIG)
    one.greeted()
    return one


def ended(outcome: TransferOutcome) -> TransferEnded:
    return TransferEnded(TransferResult(outcome, 486))


class TestSaying:
    def test_words_take_the_place_of_what_the_bot_says(self) -> None:
        call = ScriptedCall(CONFIG)
        call.mid_answer("第一句。", "第二句。")
        actions = call.feed(SayNow("请稍等。"))
        assert only(actions, StopSpeaking)
        assert [speak.text for speak in only(actions, Speak)] == ["请稍等。"]
        call.hear(actions)
        assert only(call.say("多少钱"), Ask)[0].query.variables["bot_heard"] == "第一句。"

    def test_words_come_after_what_the_bot_says(self) -> None:
        call = ScriptedCall(CONFIG)
        call.mid_answer("第一句。", "第二句。")
        actions = call.feed(SayNow("请稍等。", interrupt=False))
        assert not only(actions, StopSpeaking)
        assert only(call.feed(SayNow("真的。", interrupt=False)), StopSpeaking) == []

    def test_an_answer_that_is_awaited_is_given_up(self, call: ScriptedCall) -> None:
        call.say("多少钱")
        assert only(call.feed(SayNow("请稍等。")), CancelAsk)
        assert call.answer("五块。") == []

    def test_a_bot_that_has_not_the_word_says_nothing(self, call: ScriptedCall) -> None:
        assert ScriptedCall(CONFIG).feed(SayNow("喂")) == []
        call.feed(TakenOver(on=True))
        assert call.feed(SayNow("喂")) == []


class TestEnding:
    def test_without_words_at_once(self, call: ScriptedCall) -> None:
        assert call.feed(EndCall()) == [HangUp(HangupCause.SUPERVISOR)]

    def test_with_words_after_them(self, call: ScriptedCall) -> None:
        actions = call.feed(EndCall("再见，祝您愉快。"))
        assert not only(actions, HangUp)
        assert only(call.hear(actions), HangUp) == [HangUp(HangupCause.SUPERVISOR)]

    @pytest.mark.parametrize("taken", [True, False])
    def test_in_any_state(self, call: ScriptedCall, taken: bool) -> None:
        call.feed(TakenOver(on=True) if taken else HandOver(REQUEST))
        assert call.feed(EndCall("words that nobody would hear")) == [HangUp(HangupCause.SUPERVISOR)]


class TestHandingOver:
    def test_the_caller_hears_it_ring_and_the_brain_the_result(self, call: ScriptedCall) -> None:
        actions = call.feed(HandOver(REQUEST))
        (start,) = only(actions, StartTransfer)
        assert start.request == REQUEST
        assert SetRingback(on=True) in actions
        (asked,) = only(call.feed(ended(TransferOutcome.BUSY)), Ask)
        assert asked.query.variables == {"Trans_result": "2"}
        assert call.core.phase is Phase.TALKING

    def test_a_failure_after_words_of_the_supervisor_is_no_goodbye(self, call: ScriptedCall) -> None:
        call.hear(call.feed(SayNow("请稍等。")))
        call.feed(HandOver(REQUEST))
        actions = call.feed(ended(TransferOutcome.FAILED))
        assert only(actions, Ask)[0].query.variables == {"Trans_result": "-1"}
        assert not only(actions, Speak)

    def test_success_ends_the_call_here(self, call: ScriptedCall) -> None:
        call.feed(HandOver(REQUEST))
        assert HangUp(HangupCause.TRANSFERRED) in call.feed(ended(TransferOutcome.ANSWERED))

    def test_only_one_at_a_time(self, call: ScriptedCall) -> None:
        call.feed(HandOver(REQUEST))
        assert call.feed(HandOver(REQUEST)) == []

    def test_a_supervisor_who_has_taken_over_gets_the_caller_back(self, call: ScriptedCall) -> None:
        call.feed(TakenOver(on=True))
        assert only(call.feed(HandOver(REQUEST)), StartTransfer)
        assert call.feed(ended(TransferOutcome.BUSY)) == [SetRingback(on=False)]
        assert call.core.phase is Phase.TAKEN_OVER
        assert only(call.feed(TakenOver(on=False)), Ask)

    def test_who_takes_over_while_it_rings_has_the_caller_if_it_fails(self, call: ScriptedCall) -> None:
        call.feed(HandOver(REQUEST))
        call.feed(TakenOver(on=True))
        call.feed(ended(TransferOutcome.FAILED))
        assert call.core.phase is Phase.TAKEN_OVER

    def test_a_bridge_stays_one_when_the_supervisor_leaves(self, call: ScriptedCall) -> None:
        call.feed(TakenOver(on=True))
        call.feed(HandOver(REQUEST))
        call.feed(ended(TransferOutcome.BRIDGED))
        assert call.feed(TakenOver(on=False)) == []
        assert call.core.phase is Phase.BRIDGED


class TestHints:
    def test_the_next_query_has_it_once(self, call: ScriptedCall) -> None:
        assert call.feed(Hint("offer ten percent")) == []
        assert only(call.say("太贵了"), Ask)[0].query.variables == {"supervisor_hint": "offer ten percent"}
        call.hear(call.answer("好的。"))
        assert only(call.say("好"), Ask)[0].query.variables == {}


class TestTakingOver:
    def test_the_bot_is_out_of_it(self, call: ScriptedCall) -> None:
        call.say("多少钱")
        actions = call.feed(TakenOver(on=True))
        assert only(actions, CancelAsk)
        assert call.say("喂") == []
        assert call.feed(DigitPressed("1")) == []
        assert call.wait(600_000) == []
        assert call.core.next_deadline_ms is None

    def test_the_bot_goes_on_and_the_brain_is_told(self, call: ScriptedCall) -> None:
        call.feed(TakenOver(on=True))
        call.wait(300_000)
        (asked,) = only(call.feed(TakenOver(on=False)), Ask)
        assert (asked.query.silence, asked.query.variables) == (True, {"supervisor": "left"})
        call.hear(call.answer("还在吗？"))
        assert not only(call.wait(4_000), HangUp)

    def test_the_bot_says_goodbye_if_that_is_wanted(self, call: ScriptedCall) -> None:
        call.feed(TakenOver(on=True))
        actions = call.feed(TakenOver(on=False, hang_up=True))
        assert [speak.text for speak in only(actions, Speak)] == ["再见。"]
        assert only(call.hear(actions), HangUp) == [HangUp(HangupCause.BOT)]

    def test_a_brain_that_is_gone_by_then_strands_nobody(self, call: ScriptedCall) -> None:
        call.feed(TakenOver(on=True))
        call.feed(TakenOver(on=False))
        actions = call.wait(120_000)
        assert [action for action in actions if isinstance(action, Speak | HangUp)]


class TestTalkedOver:
    def test_no_time_runs_for_the_caller_s_silence(self, call: ScriptedCall) -> None:
        call.feed(TalkedOver(on=True))
        assert not only(call.wait(30_000), Ask)
        call.feed(TalkedOver(on=False))
        assert only(call.wait(5_001), Ask)[0].query.silence

    def test_a_sentence_that_stands_still_is_not_given_up(self) -> None:
        call = ScriptedCall(ConversationConfig(max_call_ms=10_000_000))
        call.mid_answer("第一句。", "第二句。")
        call.feed(TalkedOver(on=True))
        assert call.wait(600_000) == []


def test_orders_before_the_answer_do_no_harm() -> None:
    call = ScriptedCall(CONFIG)
    for order in (HandOver(REQUEST), TakenOver(on=False), TalkedOver(on=False)):
        assert call.feed(order) == []
    assert only(call.feed(CallAnswered()), Ask)
