from __future__ import annotations

from tests.conversation.scripted import ScriptedCall, asked, one, only
from voicebot.conversation.actions import (
    Ask,
    CancelAsk,
    HangUp,
    PauseSpeaking,
    RecordHeard,
    ResumeSpeaking,
    SetEndOfSpeech,
    SetRingback,
    Speak,
    StartTransfer,
    StopSpeaking,
    StoreInstruction,
    Transcribe,
)
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.events import (
    AnswerFailed,
    CallAnswered,
    CallEnded,
    CallHeld,
    ClipFailed,
    ClipPaused,
    ClipStarted,
    DigitPressed,
    SpeechDropped,
    SpeechGrew,
    SpeechPaused,
    SpeechResumed,
    TranscriptFailed,
    TranscriptReady,
    TransferEnded,
    UtteranceEnded,
)
from voicebot.conversation.leg import HangupCause, TransferOutcome, TransferResult
from voicebot.conversation.phase import Phase
from voicebot.protocol.instruction import Blacklist, Hangup, ShortMessage, ToCustomerService, TransferType
from voicebot.protocol.query import SilenceType

TRANSFER = ToCustomerService("", TransferType.NUMBER, "1001")


def test_the_first_query_is_empty_and_tells_what_is_known_of_the_call() -> None:
    call = ScriptedCall(ConversationConfig(variables={"caller": "1000"}))
    query = one(call.feed(CallAnswered()), Ask).query
    assert (query.query_text, query.session_id, dict(query.variables)) == ("", "", {"caller": "1000"})


def test_later_queries_carry_the_session_and_no_variables() -> None:
    call = ScriptedCall(ConversationConfig(variables={"caller": "1000"}))
    call.greeted()
    query = one(call.say("我要改时间"), Ask).query
    assert (query.query_text, query.session_id, dict(query.variables)) == ("我要改时间", "s1", {})


def test_the_brain_sets_the_end_of_speech() -> None:
    call = ScriptedCall()
    call.feed(CallAnswered())
    assert one(call.answer("您好。", identify_ms=600), SetEndOfSpeech).duration_ms == 600


def test_sentences_are_spoken_as_they_come_and_heard_text_is_recorded() -> None:
    call = ScriptedCall()
    call.feed(CallAnswered())
    actions = call.answer("您好。", "请问是张先生吗?")
    assert [item.text for item in only(actions, Speak)] == ["您好。", "请问是张先生吗?"]
    call.hear(actions)
    assert [item.text for item in only(call.actions, RecordHeard)] == ["您好。", "请问是张先生吗?"]


def test_transcription_is_speculative_and_nothing_is_asked_before_the_end_of_speech() -> None:
    call = ScriptedCall()
    call.greeted()
    assert one(call.speak(), Transcribe).speculative
    assert not only(call.feed(TranscriptReady(1, 1, "对")), Ask)
    assert asked(call.feed(UtteranceEnded(1, 1))) == "对"


def test_a_caller_who_goes_on_voids_the_speculation() -> None:
    call = ScriptedCall()
    call.greeted()
    call.speak()
    call.feed(TranscriptReady(1, 1, "我想"))
    call.feed(SpeechResumed(1))
    call.feed(SpeechGrew(1, 900))
    assert one(call.feed(SpeechPaused(1, 2)), Transcribe).attempt == 2
    assert not only(call.feed(UtteranceEnded(1, 2)), Ask)
    assert asked(call.feed(TranscriptReady(1, 2, "我想改时间"))) == "我想改时间"


def test_a_late_transcript_of_a_void_attempt_is_ignored() -> None:
    call = ScriptedCall()
    call.greeted()
    call.speak()
    call.feed(SpeechResumed(1))
    call.feed(SpeechPaused(1, 2))
    call.feed(UtteranceEnded(1, 2))
    assert not only(call.feed(TranscriptReady(1, 1, "我想")), Ask)


def test_a_failed_speculation_is_tried_again_when_it_counts() -> None:
    call = ScriptedCall()
    call.greeted()
    call.speak()
    assert not only(call.feed(TranscriptFailed(1, 1, "speech_recognition")), Speak)
    again = one(call.feed(UtteranceEnded(1, 1)), Transcribe)
    assert not again.speculative
    assert asked(call.feed(TranscriptReady(1, 1, "好"))) == "好"


def test_two_utterances_while_a_transcript_is_late_make_one_query() -> None:
    call = ScriptedCall()
    call.greeted()
    call.speak()
    call.feed(UtteranceEnded(1, 1))
    call.speak()
    assert not only(call.feed(TranscriptReady(1, 1, "明天")), Ask)
    assert asked(call.understood("下午三点")) == "明天下午三点"


class TestBargeIn:
    def playing(self, *, interruptible: bool = True) -> ScriptedCall:
        call = ScriptedCall(ConversationConfig(barge_in_ms=160))
        call.feed(CallAnswered())
        call.answer("第一句话在这里。", "第二句话在那里。", interruptible=interruptible)
        call.now_ms += 1_500
        call.feed(ClipStarted(1))
        call.now_ms += 900
        return call

    def test_speech_of_the_set_length_stops_the_playout(self) -> None:
        call = self.playing()
        for speech_ms in range(20, 160, 20):
            assert not call.feed(SpeechGrew(1, speech_ms))
        assert only(call.feed(SpeechGrew(1, 160)), PauseSpeaking)

    def test_only_what_left_the_playout_counts_as_heard(self) -> None:
        call = self.playing()
        call.feed(SpeechGrew(1, 160))
        heard = one(call.stop_clip(1, 900, 1600), RecordHeard)
        assert (heard.text, heard.complete) == ("第一句话", False)

    def test_words_replace_what_was_not_heard_and_the_brain_learns_what_was(self) -> None:
        call = self.playing()
        call.speak()
        call.feed(ClipPaused(1, 900, 1600))
        actions = call.understood("等一下")
        assert only(actions, StopSpeaking)
        assert one(call.stop_clip(1, 900, 1600), RecordHeard).text == "第一句话"
        query = one(actions, Ask).query
        assert (query.query_text, dict(query.variables)) == ("等一下", {"bot_heard": "第一句话"})
        assert [item.text for item in only(call.answer("好的。"), Speak)] == ["好的。"]

    def test_a_noise_gives_the_floor_back_before_the_end_of_speech_has_passed(self) -> None:
        call = self.playing()
        call.speak()
        call.feed(ClipPaused(1, 900, 1600))
        assert one(call.feed(TranscriptReady(1, 1, "")), ResumeSpeaking) == ResumeSpeaking(why="noise")
        assert not only(call.feed(UtteranceEnded(1, 1)), Ask)

    def test_speech_too_short_to_be_any_gives_the_floor_back(self) -> None:
        call = self.playing()
        call.feed(SpeechGrew(1, 160))
        assert only(call.feed(SpeechDropped(1)), ResumeSpeaking)

    def test_what_may_not_be_interrupted_is_said_to_the_end(self) -> None:
        call = self.playing(interruptible=False)
        actions = call.say("我不是张先生")
        assert not only(actions, PauseSpeaking)
        assert not only(actions, Ask)

    def test_words_that_end_after_a_protected_sentence_count(self) -> None:
        call = self.playing(interruptible=False)
        call.speak()
        call.hear([Speak(1, ""), Speak(2, "")])
        assert asked(call.understood("我不是张先生")) == "我不是张先生"

    def test_an_answer_that_arrives_while_the_caller_speaks_waits(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.say("我想问一下")
        call.speak()
        assert not only(call.answer("您请说。"), Speak)
        actions = call.understood("停车方便吗")
        assert asked(actions) == "停车方便吗"

    def test_a_query_in_flight_is_cancelled_by_the_next_words(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.say("停车")
        turn_id = call.core.turn_id
        assert one(call.say("地址呢"), CancelAsk).turn_id == turn_id

    def test_a_quick_word_below_the_barge_in_length_still_is_an_answer(self) -> None:
        call = self.playing()
        call.speak(speech_ms=120)
        actions = call.understood("对")
        assert only(actions, StopSpeaking)
        assert asked(actions) == "对"
        assert dict(one(actions, Ask).query.variables) == {"bot_heard": "第一句话"}
        assert one(call.stop_clip(1, 900, 1600), RecordHeard).text == "第一句话"


class TestInstructions:
    def test_hang_up_waits_until_the_goodbye_was_heard(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.say("不用了")
        actions = call.answer("再见。", instructions=(Hangup(),))
        assert not only(actions, HangUp)
        assert one(call.hear(actions), HangUp).cause is HangupCause.BOT

    def test_hang_up_without_words_is_at_once(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.say("不用了")
        assert only(call.answer(instructions=(Hangup(),)), HangUp)

    def test_they_run_in_a_safe_order(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.say("转人工")
        actions = call.answer("正在为您转接。", instructions=(Hangup(), TRANSFER, ShortMessage("1"), Blacklist()))
        after = call.hear(actions)
        kinds = [type(item) for item in after if isinstance(item, StoreInstruction | StartTransfer | HangUp)]
        assert kinds == [StoreInstruction, StoreInstruction, StartTransfer]

    def test_a_caller_who_cuts_in_keeps_the_call_but_notes_are_kept(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.say("不用了")
        call.answer("好的再见。", instructions=(Hangup(), Blacklist()))
        call.feed(ClipStarted(2))
        actions = call.say("等一下")
        assert isinstance(one(actions, StoreInstruction).instruction, Blacklist)
        assert not only(actions, HangUp)


class TestTransfer:
    def transferring(self) -> ScriptedCall:
        call = ScriptedCall(ConversationConfig(transfer_timeout_ms=60_000))
        call.greeted()
        call.say("转人工")
        after = call.hear(call.answer("正在为您转接。", instructions=(TRANSFER,)))
        assert one(after, StartTransfer) == StartTransfer(TRANSFER, "s1")
        assert one(after, SetRingback).on
        return call

    def test_busy_comes_back_to_the_brain_as_2(self) -> None:
        call = self.transferring()
        actions = call.feed(TransferEnded(TransferResult(TransferOutcome.BUSY, 486)))
        assert dict(one(actions, Ask).query.variables) == {"Trans_result": "2"}
        assert not one(actions, SetRingback).on

    def test_failure_comes_back_to_the_brain_as_minus_1(self) -> None:
        call = self.transferring()
        actions = call.feed(TransferEnded(TransferResult(TransferOutcome.FAILED, 404)))
        assert dict(one(actions, Ask).query.variables) == {"Trans_result": "-1"}

    def test_success_ends_our_part(self) -> None:
        call = self.transferring()
        actions = call.feed(TransferEnded(TransferResult(TransferOutcome.ANSWERED, 200)))
        assert one(actions, HangUp).cause is HangupCause.TRANSFERRED

    def test_speech_during_the_transfer_is_not_answered(self) -> None:
        call = self.transferring()
        assert not only(call.say("喂"), Ask)

    def test_a_result_that_never_comes_does_not_keep_the_call_for_ever(self) -> None:
        call = self.transferring()
        assert only(call.wait(61_000), HangUp)


class TestSilence:
    def test_the_timer_counts_from_the_end_of_the_playout(self) -> None:
        call = ScriptedCall()
        call.feed(CallAnswered())
        actions = call.answer("您好。")
        assert not only(call.wait(9_000), Ask)
        call.hear(actions)
        assert not only(call.wait(7_990), Ask)
        query = one(call.wait(20), Ask).query
        assert query.silence
        assert query.silence_type is SilenceType.GLOBAL

    def test_the_node_sets_its_own_silence(self) -> None:
        call = ScriptedCall()
        call.feed(CallAnswered())
        call.hear(call.answer("您好。", silent_s=3))
        assert one(call.wait(3_010), Ask).query.silence_type is SilenceType.NODE

    def test_it_stops_while_the_caller_speaks_and_survives_a_noise(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.wait(7_000)
        call.feed(SpeechGrew(9, 120))
        assert not only(call.wait(5_000), Ask)
        call.feed(SpeechDropped(9))
        assert only(call.wait(8_010), Ask)

    def test_after_the_limit_the_bot_says_goodbye_and_hangs_up(self) -> None:
        call = ScriptedCall(ConversationConfig(max_silences=1, goodbye="再见。"))
        call.greeted()
        call.wait(8_010)
        call.hear(call.answer("您还在吗?"))
        goodbye = one(call.wait(8_010), Speak)
        assert goodbye.text == "再见。"
        assert only(call.hear([goodbye]), HangUp)

    def test_words_start_the_count_anew(self) -> None:
        call = ScriptedCall(ConversationConfig(max_silences=1))
        call.greeted()
        for _ in range(3):
            assert one(call.wait(8_010), Ask).query.silence
            call.hear(call.answer("您还在吗?"))
            call.say("在")
            call.hear(call.answer("好的。"))

    def test_on_hold_nobody_is_asked(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.feed(CallHeld(held=True))
        assert not only(call.wait(60_000), Ask)
        call.feed(CallHeld(held=False))
        assert only(call.wait(8_010), Ask)


class TestFailures:
    def test_a_brain_that_fails_is_apologised_for_and_the_call_kept(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.say("你好")
        actions = call.feed(AnswerFailed(call.core.turn_id, "brain_timeout"))
        assert one(actions, Speak).text == call.core.config.apology
        call.hear(actions)
        assert asked(call.say("你好")) == "你好"

    def test_a_brain_that_never_knew_the_call_is_told_again(self) -> None:
        call = ScriptedCall(ConversationConfig(variables={"caller": "1000"}))
        call.feed(CallAnswered())
        call.hear(call.feed(AnswerFailed(1, "brain_unavailable")))
        assert dict(one(call.say("喂"), Ask).query.variables) == {"caller": "1000"}

    def test_an_answer_that_never_comes_is_a_failure(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.say("你好")
        assert one(call.wait(65_010), Speak).text == call.core.config.apology

    def test_a_recogniser_that_fails_is_apologised_for(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.speak()
        call.feed(UtteranceEnded(1, 1))
        assert one(call.feed(TranscriptFailed(1, 1, "speech_worker_lost")), Speak).text == call.core.config.apology

    def test_a_transcript_that_never_comes_is_a_failure(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.speak()
        call.feed(UtteranceEnded(1, 1))
        assert one(call.wait(15_010), Speak).text == call.core.config.apology

    def test_a_voice_that_fails_is_apologised_for_once(self) -> None:
        call = ScriptedCall()
        call.feed(CallAnswered())
        first, second = only(call.answer("您好。", "请问您是?"), Speak)
        apology = one(call.feed(ClipFailed(first.clip_id, "speech_synthesis")), Speak)
        assert apology.text == call.core.config.apology
        assert not only(call.feed(ClipFailed(second.clip_id, "speech_synthesis")), Speak)
        assert not only(call.feed(ClipFailed(apology.clip_id, "speech_synthesis")), Speak)
        assert only(call.wait(8_010), Ask)

    def test_too_many_in_a_row_end_the_call_with_a_goodbye(self) -> None:
        call = ScriptedCall(ConversationConfig(max_failures=2))
        call.greeted()
        for _ in range(2):
            call.say("你好")
            call.hear(call.feed(AnswerFailed(call.core.turn_id, "brain_timeout")))
        call.say("你好")
        goodbye = one(call.feed(AnswerFailed(call.core.turn_id, "brain_timeout")), Speak)
        assert goodbye.text == call.core.config.goodbye
        assert only(call.hear([goodbye]), HangUp)


class TestDigits:
    def test_keys_are_collected_until_a_pause(self) -> None:
        call = ScriptedCall()
        call.greeted()
        for digit in "123":
            call.feed(DigitPressed(digit))
            call.now_ms += 500
        query = one(call.wait(2_000), Ask).query
        assert (query.query_text, dict(query.variables)) == ("123", {"dtmf": "123"})

    def test_keys_pressed_before_the_line_tells_that_the_call_is_up_count(self) -> None:
        call = ScriptedCall()
        call.feed(DigitPressed("4"))
        call.feed(CallAnswered())
        assert asked(call.feed(DigitPressed("#"))) == "4#"

    def test_the_hash_key_ends_them_and_a_key_stops_the_playout(self) -> None:
        call = ScriptedCall()
        call.feed(CallAnswered())
        call.answer("请按键。")
        call.feed(ClipStarted(1))
        assert one(call.feed(DigitPressed("1")), PauseSpeaking).why == "keys"
        assert asked(call.feed(DigitPressed("#"))) == "1#"


class TestEnd:
    def test_nothing_is_left_running(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.say("你好")
        assert only(call.feed(CallEnded(HangupCause.CALLER)), CancelAsk)
        assert call.core.phase is Phase.OVER
        assert call.core.next_deadline_ms is None
        assert call.feed(DigitPressed("1")) == []

    def test_a_line_that_does_not_hang_up_is_told_again(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.say("再见")
        call.hear(call.answer("再见。", instructions=(Hangup(),)))
        assert one(call.wait(5_010), HangUp).cause is HangupCause.FAILED

    def test_the_longest_call_ends_with_a_goodbye(self) -> None:
        call = ScriptedCall(ConversationConfig(max_call_ms=20_000, silence_ms=60_000))
        call.greeted()
        goodbye = one(call.wait(20_010), Speak)
        assert only(call.hear([goodbye]), HangUp)

    def test_a_caller_who_talks_over_that_goodbye_is_cut_off_in_the_end(self) -> None:
        call = ScriptedCall(ConversationConfig(max_call_ms=20_000, silence_ms=60_000))
        call.greeted()
        call.wait(20_010)
        call.say("我还没说完")
        call.hear(call.answer("您说。"))
        assert only(call.wait(30_010), HangUp)
