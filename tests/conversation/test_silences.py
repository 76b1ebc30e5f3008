"""Nobody is left in silence: prompts, goodbyes, callers who never stop, clips that never end."""

from __future__ import annotations

import pytest

from tests.conversation.scripted import ScriptedCall, asked, one, only
from voicebot.conversation.actions import (
    Ask,
    CancelAsk,
    DropTranscription,
    HangUp,
    PauseSpeaking,
    RecordFailure,
    Speak,
    StartTransfer,
    StopSpeaking,
)
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.events import (
    CallAnswered,
    CallerPartial,
    CallHeld,
    ClipStarted,
    DigitPressed,
    SpeechDropped,
    SpeechGrew,
    SpeechPaused,
    TranscriptReady,
    TransferEnded,
    UtteranceEnded,
)
from voicebot.conversation.leg import TransferOutcome, TransferResult
from voicebot.protocol.instruction import ToCustomerService, TransferType

MONOLOGUE = ConversationConfig(max_monologue_ms=10_000, monologue="不好意思，打断您一下。")


def noise(call: ScriptedCall, lasting_ms: int) -> None:
    """Something that sounds like speech and has no words."""
    call.utterance_id += 1
    call.feed(SpeechGrew(call.utterance_id, 200))
    call.wait(lasting_ms)
    call.feed(SpeechPaused(call.utterance_id, 1))
    call.feed(UtteranceEnded(call.utterance_id, 1))
    call.feed(TranscriptReady(call.utterance_id, 1, ""))


class TestTheTimer:
    def test_noises_do_not_put_off_the_prompt(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.actions.clear()
        for _ in range(4):
            call.wait(1_500)
            noise(call, 500)
        assert one(call.wait(10), Ask).query.silence

    def test_it_stands_still_while_the_caller_speaks(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.wait(7_900)
        call.feed(SpeechGrew(1, 200))
        assert call.wait(9_000) == []
        assert "silence" not in call.core.timers(call.now_ms)

    def test_a_silence_the_brain_has_nothing_to_say_to_is_filled_by_the_line(self) -> None:
        call = ScriptedCall(ConversationConfig(prompt="您还在听吗？"))
        call.greeted()
        call.wait(8_010)
        assert one(call.answer(), Speak).text == "您还在听吗？"

    def test_words_the_brain_has_nothing_to_say_to_are_not(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.say("我要改时间")
        assert not only(call.answer(), Speak)

    def test_prompts_lead_to_a_goodbye_even_if_the_brain_never_speaks(self) -> None:
        call = ScriptedCall(ConversationConfig(max_silences=2, prompt="您还在听吗？", goodbye="再见。"))
        call.greeted()
        for _ in range(2):
            call.wait(8_010)
            call.hear(call.answer())
        goodbye = one(call.wait(8_010), Speak)
        assert goodbye.text == "再见。"
        assert only(call.hear([goodbye]), HangUp)

    def test_keys_pressed_before_a_transfer_do_not_stop_it_afterwards(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.say("转人工")
        to = ToCustomerService("", TransferType.NUMBER, "1001")
        actions = call.answer("正在转接。", instructions=(to,), interruptible=False)
        call.feed(ClipStarted(only(actions, Speak)[0].clip_id))
        call.feed(DigitPressed("1"))
        assert only(call.hear(actions), StartTransfer)
        call.wait(3_000)
        call.hear(call.feed(TransferEnded(TransferResult(TransferOutcome.BUSY))))
        call.hear(call.answer("对方忙。"))
        assert "silence" in call.core.timers(call.now_ms)


class TestMonologue:
    def test_who_talks_too_long_is_answered_by_what_was_understood(self) -> None:
        call = ScriptedCall(MONOLOGUE)
        call.greeted()
        call.feed(SpeechGrew(1, 20))
        call.wait(9_000)
        call.feed(CallerPartial(1, 0, "我想问一下"))
        call.feed(CallerPartial(1, 0, "我想问一下我的话费"))
        actions = call.wait(1_010)
        assert asked(actions) == "我想问一下我的话费"
        assert one(actions, Speak).text == "不好意思，打断您一下。"
        assert only(actions, DropTranscription)

    def test_the_rest_of_that_speech_is_not_heard_and_the_next_is(self) -> None:
        call = ScriptedCall(MONOLOGUE)
        call.greeted()
        call.feed(SpeechGrew(1, 20))
        call.feed(CallerPartial(1, 0, "我想问一下我的话费"))
        actions = call.wait(10_010)
        call.hear(actions)
        call.hear(call.answer("一百元。"))
        assert not call.feed(SpeechGrew(1, 9_000))
        assert call.feed(SpeechPaused(1, 7)) == [DropTranscription(1)]
        call.feed(UtteranceEnded(1, 7))
        assert "silence" in call.core.timers(call.now_ms)
        call.utterance_id = 1
        assert asked(call.say("谢谢再见")) == "谢谢再见"

    def test_without_a_sentence_the_answer_follows_at_once(self) -> None:
        call = ScriptedCall(ConversationConfig(max_monologue_ms=10_000, monologue=""))
        call.greeted()
        call.feed(SpeechGrew(1, 20))
        call.feed(CallerPartial(1, 0, "我想问一下"))
        assert not only(call.wait(10_010), Speak)

    def test_utterances_that_follow_each_other_are_one_monologue(self) -> None:
        call = ScriptedCall(MONOLOGUE)
        call.greeted()
        call.feed(SpeechGrew(1, 20))
        call.wait(6_000)
        call.feed(UtteranceEnded(1, 0))
        call.feed(SpeechGrew(2, 20))
        call.feed(TranscriptReady(1, 0, "我想问一下"))
        call.feed(CallerPartial(2, 0, "我的话费"))
        assert asked(call.wait(4_010)) == "我想问一下我的话费"

    def test_a_noise_without_end_is_a_silence(self) -> None:
        call = ScriptedCall(MONOLOGUE)
        call.greeted()
        call.feed(SpeechGrew(1, 20))
        query = one(call.wait(10_010), Ask).query
        assert query.silence

    def test_and_leads_to_a_goodbye(self) -> None:
        call = ScriptedCall(ConversationConfig(max_monologue_ms=10_000, max_silences=1, goodbye="再见。"))
        call.greeted()
        for utterance_id in (1, 2):
            call.feed(SpeechGrew(utterance_id, 20))
            actions = call.wait(10_010)
            call.hear(actions if only(actions, Speak) else call.answer("您还在吗？"))
        assert only(call.actions, HangUp)

    def test_who_has_just_come_to_an_end_is_not_cut_off(self) -> None:
        call = ScriptedCall(MONOLOGUE)
        call.greeted()
        call.feed(SpeechGrew(1, 20))
        call.wait(9_990)
        call.feed(UtteranceEnded(1, 0))
        assert call.wait(500) == []
        assert asked(call.feed(TranscriptReady(1, 0, "我要改时间"))) == "我要改时间"

    def test_nobody_is_cut_off_on_hold(self) -> None:
        call = ScriptedCall(MONOLOGUE)
        call.greeted()
        call.feed(SpeechGrew(1, 20))
        call.feed(CallHeld(held=True))
        assert call.wait(60_000) == []
        call.feed(CallHeld(held=False))
        assert only(call.wait(10_010), Ask)


class TestClipsThatLeadNowhere:
    def test_one_that_never_begins_is_given_up_and_apologised_for(self) -> None:
        call = ScriptedCall(ConversationConfig(apology="抱歉。"))
        call.feed(CallAnswered())
        call.answer("您好。", "请问您是？")
        actions = call.wait(20_010)
        assert only(actions, StopSpeaking)
        assert one(actions, RecordFailure).code == "speech_synthesis"
        assert [item.text for item in only(actions, Speak)] == ["请问您是？", "抱歉。"]

    def test_one_that_never_ends(self) -> None:
        call = ScriptedCall()
        call.mid_answer("我们九点上班。")
        assert call.wait(110_000) == []
        assert only(call.wait(10_000), StopSpeaking)

    @pytest.mark.parametrize("event", [CallHeld(held=True), SpeechGrew(7, 500)])
    def test_not_while_the_call_is_held_or_the_caller_has_the_floor(self, event: CallHeld | SpeechGrew) -> None:
        call = ScriptedCall(ConversationConfig(max_monologue_ms=300_000))
        call.mid_answer("我们九点上班。", semantic=False)
        call.feed(event)
        call.actions.clear()
        assert call.wait(200_000) == []


def test_a_caller_who_cuts_in_and_says_nothing_hears_the_bot_again() -> None:
    call = ScriptedCall()
    call.mid_answer("我们九点上班。", semantic=False)
    call.utterance_id += 1
    assert only(call.talks(200), PauseSpeaking)
    call.feed(SpeechDropped(call.utterance_id))
    assert "playout" in call.core.timers(call.now_ms)


def test_an_answer_in_flight_is_closed_when_the_line_takes_over() -> None:
    call = ScriptedCall(MONOLOGUE)
    call.greeted()
    call.say("多少钱")
    turn_id = call.core.turn_id
    call.utterance_id += 1
    call.feed(SpeechGrew(call.utterance_id, 20))
    call.feed(CallerPartial(call.utterance_id, 0, "我是说话费"))
    assert one(call.wait(10_010), CancelAsk).turn_id == turn_id
