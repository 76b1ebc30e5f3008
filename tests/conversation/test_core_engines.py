"""What the core makes of engines that are not ours: audio files, instructions, failures of all kinds."""

from __future__ import annotations

import pytest

from tests.conversation.scripted import ScriptedCall, one, only
from voicebot.conversation.actions import (
    Action,
    Ask,
    HangUp,
    PauseSpeaking,
    RecordFailure,
    RecordHeard,
    ResumeSpeaking,
    SetEndOfSpeech,
    SetRingback,
    Speak,
    StartTransfer,
    StopSpeaking,
    StoreInstruction,
)
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.events import (
    AnswerFailed,
    CallAnswered,
    CallEnded,
    ChunkArrived,
    ClipStarted,
    DigitPressed,
    SpeechGrew,
    TranscriptReady,
    TransferEnded,
)
from voicebot.conversation.leg import HangupCause, TransferOutcome, TransferResult
from voicebot.conversation.phase import Phase
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.instruction import Blacklist, Hangup, ShortMessage, ToCustomerService, TransferType
from voicebot.protocol.reply import Reply

TRANSFER = ToCustomerService("", TransferType.NUMBER, "1001")
FALLBACK = ToCustomerService(trans_value="9000")
PLAYING = ConversationConfig(play_audio=True)


def chunk(call: ScriptedCall, number: int, text: str, url: str | None = None, **more: bool) -> list[Action]:
    reply = Reply(text, audio_url=url, allow_interrupt=more.get("interruptible", True))
    item = Chunk("s1", "q1", number, done=more.get("done", False), reply=reply)
    return call.feed(ChunkArrived(call.core.turn_id, item))


def answered(config: ConversationConfig) -> ScriptedCall:
    call = ScriptedCall(config)
    call.feed(CallAnswered())
    return call


class TestAudioFiles:
    def test_a_chunk_with_a_file_is_one_clip(self) -> None:
        call = answered(PLAYING)
        spoken = one(chunk(call, 0, " Hello. How are you? ", "http://a/1.wav"), Speak)
        assert (spoken.text, spoken.audio_url) == ("Hello. How are you?", "http://a/1.wav")

    def test_text_before_a_file_is_spoken_first(self) -> None:
        call = answered(PLAYING)
        assert not only(chunk(call, 0, "and then"), Speak)
        spoken = only(chunk(call, 1, "a file", "http://a/1.wav"), Speak)
        assert [(item.text, item.audio_url) for item in spoken] == [("and then", ""), ("a file", "http://a/1.wav")]
        assert one(chunk(call, 2, "more", done=True), Speak).text == "more"

    def test_a_file_without_a_text_is_played_and_leaves_no_words(self) -> None:
        call = answered(PLAYING)
        actions = chunk(call, 0, "", "http://a/1.wav", done=True)
        assert one(actions, Speak).audio_url == "http://a/1.wav"
        call.hear(actions)
        assert not only(call.actions, RecordHeard)

    def test_words_that_name_the_same_file_play_it_once(self) -> None:
        call = answered(PLAYING)
        actions = [*chunk(call, 0, "Hello", "http://a/1.wav"), *chunk(call, 1, " there.", "http://a/1.wav")]
        assert one([*actions, *chunk(call, 2, "", "http://a/1.wav", done=True)], Speak).audio_url == "http://a/1.wav"
        call.hear(actions)
        assert one(call.actions, RecordHeard).text == "Hello there."

    def test_a_file_after_other_words_is_played_again(self) -> None:
        call = answered(PLAYING)
        chunk(call, 0, "Ding.", "http://a/1.wav")
        chunk(call, 1, "And again")
        spoken = only(chunk(call, 2, "Ding.", "http://a/1.wav", done=True), Speak)
        assert [item.audio_url for item in spoken] == ["", "http://a/1.wav"]

    def test_without_the_setting_texts_are_spoken(self) -> None:
        call = answered(ConversationConfig())
        spoken = only(chunk(call, 0, "Hello there. How are you?", "http://a/1.wav", done=True), Speak)
        assert [(item.text, item.audio_url) for item in spoken] == [("Hello there.", ""), ("How are you?", "")]

    def test_what_was_heard_of_a_file_goes_by_time(self) -> None:
        call = answered(PLAYING)
        chunk(call, 0, "一二三四五六七八九十", "http://a/1.wav", done=True)
        call.feed(ClipStarted(1))
        call.feed(SpeechGrew(1, 400))
        heard = one(call.stop_clip(1, 3000, 6000), RecordHeard)
        assert (heard.text, heard.complete) == ("一二三四五", False)

    def test_after_a_false_alarm_the_file_goes_on(self) -> None:
        call = answered(PLAYING)
        chunk(call, 0, "好的。", "http://a/1.wav", done=True)
        call.feed(ClipStarted(1))
        call.now_ms += 3_000
        assert only(call.speak(), PauseSpeaking)
        assert not one(call.feed(TranscriptReady(1, 1, "")), ResumeSpeaking).from_start

    def test_a_file_that_must_be_heard_is_not_interrupted(self) -> None:
        call = answered(PLAYING)
        chunk(call, 0, "好的。", "http://a/1.wav", done=True, interruptible=False)
        call.feed(ClipStarted(1))
        assert not call.feed(SpeechGrew(1, 900))


class TestDurations:
    def test_the_first_chunk_counts_whatever_its_number(self) -> None:
        call = answered(ConversationConfig())
        first = Chunk("s1", "q1", 1, reply=Reply("好的。"), identify_duration_ms=700)
        second = Chunk("s1", "q1", 0, done=True, identify_duration_ms=900)
        assert one(call.feed(ChunkArrived(1, first)), SetEndOfSpeech).duration_ms == 700
        assert not only(call.feed(ChunkArrived(1, second)), SetEndOfSpeech)
        call.say("我要改时间")
        assert one(call.feed(ChunkArrived(2, second)), SetEndOfSpeech).duration_ms == 900


class TestInstructions:
    def test_all_four_in_one_map_run_in_a_safe_order(self) -> None:
        call = ScriptedCall()
        call.feed(CallAnswered())
        message = ShortMessage("1", "2", "3")
        after = call.hear(call.answer("好的。", instructions=(Hangup(), TRANSFER, Blacklist(), message)))
        assert [item.instruction for item in only(after, StoreInstruction)] == [message, Blacklist()]
        assert one(after, StartTransfer).instruction == TRANSFER
        assert not only(after, HangUp)
        assert one(call.feed(TransferEnded(TransferResult(TransferOutcome.ANSWERED))), HangUp).cause is (
            HangupCause.TRANSFERRED
        )

    def test_a_transfer_that_fails_asks_the_brain_although_a_hang_up_was_behind_it(self) -> None:
        call = ScriptedCall()
        call.feed(CallAnswered())
        call.hear(call.answer("好的。", instructions=(TRANSFER, Hangup())))
        actions = call.feed(TransferEnded(TransferResult(TransferOutcome.BUSY)))
        assert dict(one(actions, Ask).query.variables) == {"Trans_result": "2"}
        assert not only(actions, HangUp)

    def test_an_answer_that_breaks_off_neither_transfers_nor_hangs_up(self) -> None:
        call = answered(ConversationConfig())
        item = Chunk("s1", "q1", 0, reply=Reply("好的。"), instructions=(Blacklist(), TRANSFER, Hangup()))
        call.feed(ChunkArrived(1, item))
        call.feed(AnswerFailed(1, "brain"))
        call.hear(call.actions)
        assert [item.instruction for item in only(call.actions, StoreInstruction)] == [Blacklist()]
        assert not only(call.actions, StartTransfer)
        assert not only(call.actions, HangUp)


class TestBridgedTransfers:
    BRIDGED = TransferEnded(TransferResult(TransferOutcome.BRIDGED, 200))

    def bridged(self) -> tuple[ScriptedCall, list[Action]]:
        call = ScriptedCall()
        call.feed(CallAnswered())
        call.hear(call.answer("好的。", instructions=(TRANSFER,)))
        return call, call.feed(self.BRIDGED)

    def test_the_line_is_not_hung_up(self) -> None:
        call, actions = self.bridged()
        assert not one(actions, SetRingback).on
        assert not only(actions, HangUp)
        assert call.core.phase is Phase.BRIDGED

    def test_nothing_the_caller_says_or_does_not_say_reaches_the_brain(self) -> None:
        call, _ = self.bridged()
        assert not only(call.say("你好"), Ask)
        assert not only(call.feed(DigitPressed("1")), Ask)
        assert call.wait(3_600_000) == []
        assert call.core.next_deadline_ms is None

    def test_it_ends_with_the_call(self) -> None:
        call, _ = self.bridged()
        call.feed(CallEnded(HangupCause.CALLER))
        assert call.core.phase is Phase.OVER


class TestTalkingWhileSomebodyIsRung:
    def ringing(self) -> ScriptedCall:
        call = ScriptedCall(ConversationConfig(talk_while_transferring=True, transfer_timeout_ms=60_000))
        call.feed(CallAnswered())
        actions = call.hear(call.answer("好的。", instructions=(TRANSFER,)))
        assert one(actions, StartTransfer).instruction == TRANSFER
        assert not only(actions, SetRingback)
        return call

    def test_the_caller_is_answered_meanwhile(self) -> None:
        call = self.ringing()
        assert one(call.say("还要等多久"), Ask).query.query_text == "还要等多久"

    def test_nobody_is_rung_twice(self) -> None:
        call = self.ringing()
        call.say("转人工")
        assert not only(call.hear(call.answer("正在转。", instructions=(TRANSFER,))), StartTransfer)

    def test_a_person_who_answers_has_the_caller(self) -> None:
        call = self.ringing()
        call.say("还要等多久")
        actions = call.feed(TransferEnded(TransferResult(TransferOutcome.ANSWERED)))
        assert one(actions, HangUp).cause is HangupCause.TRANSFERRED

    def test_a_bridge_ends_what_the_bot_was_saying(self) -> None:
        call = self.ringing()
        call.say("还要等多久")
        call.answer("马上就好。")
        actions = call.feed(TestBridgedTransfers.BRIDGED)
        assert only(actions, StopSpeaking)
        assert call.core.phase is Phase.BRIDGED

    def test_nobody_there_is_told_to_the_brain(self) -> None:
        call = self.ringing()
        actions = call.feed(TransferEnded(TransferResult(TransferOutcome.BUSY, 486)))
        assert dict(one(actions, Ask).query.variables) == {"Trans_result": "2"}
        assert call.core.phase is Phase.TALKING

    def test_a_result_that_never_comes_ends_the_call(self) -> None:
        call = self.ringing()
        actions: list[Action] = []
        for _ in range(13):
            actions += call.wait(5_000)
        assert only(actions, HangUp)


class TestLostSessions:
    CONFIG = ConversationConfig(variables={"caller": "1000"}, language="en", apology="Sorry.")

    def call(self) -> ScriptedCall:
        call = ScriptedCall(self.CONFIG)
        call.greeted("Hello.")
        return call

    def test_the_brain_is_asked_again_as_if_the_call_began(self) -> None:
        call = self.call()
        first = one(call.say("more time"), Ask)
        assert first.query.session_id == "s1"
        actions = call.feed(AnswerFailed(first.turn_id, "brain_session_lost"))
        again = one(actions, Ask)
        assert (again.turn_id, again.query.query_text, again.query.session_id) == (first.turn_id, "more time", "")
        assert dict(again.query.variables) == {"caller": "1000"}
        assert not only(actions, RecordFailure)
        assert one(call.answer("Sure."), Speak).text == "Sure."

    def test_what_the_query_told_besides_is_told_again(self) -> None:
        call = self.call()
        call.hear(call.answer())
        call.say("agent")
        call.hear(call.answer("One moment.", instructions=(TRANSFER,)))
        call.feed(TransferEnded(TransferResult(TransferOutcome.FAILED)))
        again = one(call.feed(AnswerFailed(call.core.turn_id, "brain_session_lost")), Ask)
        assert dict(again.query.variables) == {"caller": "1000", "Trans_result": "-1"}

    def test_it_is_asked_again_once_only(self) -> None:
        call = self.call()
        turn = one(call.say("more time"), Ask).turn_id
        call.feed(AnswerFailed(turn, "brain_session_lost"))
        actions = call.feed(AnswerFailed(turn, "brain_session_lost"))
        assert one(actions, RecordFailure).code == "brain_session_lost"
        assert one(actions, Speak).text == "Sorry."

    def test_a_silent_caller_s_session_begins_anew_without_silence(self) -> None:
        call = self.call()
        silent = one(call.wait(9000), Ask)
        assert silent.query.silence
        again = one(call.feed(AnswerFailed(silent.turn_id, "brain_session_lost")), Ask).query
        assert (again.silence, again.query_text, again.session_id) == (False, "", "")


class TestABrainThatIsLeftAlone:
    def left_alone(self, fallback: ToCustomerService | None = None) -> tuple[ScriptedCall, list[Action]]:
        call = answered(ConversationConfig(unavailable="暂停服务。", goodbye="再见。", fallback=fallback))
        return call, call.feed(AnswerFailed(1, "brain_circuit_open"))

    def test_the_caller_is_told_and_hung_up_on(self) -> None:
        call, actions = self.left_alone()
        assert one(actions, Speak).text == "暂停服务。"
        assert one(actions, RecordFailure).code == "brain_circuit_open"
        assert one(call.hear(actions), HangUp).cause is HangupCause.BOT

    def test_nobody_talks_over_it(self) -> None:
        call, actions = self.left_alone()
        call.feed(ClipStarted(one(actions, Speak).clip_id))
        assert not only(call.say("hello"), StopSpeaking | Ask)  # type: ignore[arg-type]

    def test_the_caller_is_put_through_where_there_is_somebody(self) -> None:
        call, actions = self.left_alone(FALLBACK)
        assert one(call.hear(actions), StartTransfer).instruction == FALLBACK
        actions = call.feed(TransferEnded(TransferResult(TransferOutcome.ANSWERED)))
        assert one(actions, HangUp).cause is HangupCause.TRANSFERRED

    @pytest.mark.parametrize("outcome", [TransferOutcome.BUSY, TransferOutcome.FAILED])
    def test_nobody_there_either_ends_with_a_goodbye(self, outcome: TransferOutcome) -> None:
        call, actions = self.left_alone(FALLBACK)
        call.hear(actions)
        actions = call.feed(TransferEnded(TransferResult(outcome)))
        assert not one(actions, SetRingback).on
        assert not only(actions, Ask)
        assert one(actions, Speak).text == "再见。"
        assert one(call.hear(actions), HangUp).cause is HangupCause.BOT

    def test_in_mid_call_what_was_said_stays(self) -> None:
        call = ScriptedCall(ConversationConfig(unavailable="暂停服务。"))
        call.greeted("您好。")
        turn = one(call.say("你好"), Ask).turn_id
        actions = call.feed(AnswerFailed(turn, "brain_circuit_open"))
        assert only(call.hear(actions), HangUp)
        assert [item.text for item in only(call.actions, RecordHeard)] == ["您好。", "暂停服务。"]

    def test_one_failure_alone_is_apologised_for(self) -> None:
        call = answered(ConversationConfig(apology="抱歉。"))
        actions = call.feed(AnswerFailed(1, "brain_unavailable"))
        assert one(actions, Speak).text == "抱歉。"
        assert not only(call.hear(actions), HangUp)
