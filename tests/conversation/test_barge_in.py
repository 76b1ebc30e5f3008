"""What stops the bot, what does not, and how it goes on."""

from __future__ import annotations

import pytest

from tests.conversation.scripted import ScriptedCall, asked, one, only
from voicebot.conversation.actions import (
    Action,
    Ask,
    DropTranscription,
    PauseSpeaking,
    RecordHeard,
    ResumeSpeaking,
    Speak,
    StopSpeaking,
    Transcribe,
)
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.events import (
    CallAnswered,
    CallerPartial,
    ClipPaused,
    ClipStopped,
    DigitPressed,
    SpeechDropped,
    SpeechPaused,
    SpeechResumed,
    TranscriptReady,
    UtteranceEnded,
)
from voicebot.protocol.instruction import Hangup

STATEMENT = "我们周一到周五上午九点到下午五点上班。"
QUESTION = "请问您要改到周三下午吗？"
PAUSING = ConversationConfig(pause_first=True)


def speaking_over(call: ScriptedCall, speech_ms: int) -> list[Action]:
    """The caller begins to speak."""
    call.utterance_id += 1
    return call.talks(speech_ms)


def pauses(call: ScriptedCall, text: str, attempt: int = 1) -> list[Action]:
    """The caller pauses, and what he said is understood."""
    actions = call.feed(SpeechPaused(call.utterance_id, attempt))
    call.now_ms += 250
    actions += call.feed(CallerPartial(call.utterance_id, attempt, text))
    return [*actions, *call.feed(TranscriptReady(call.utterance_id, attempt, text))]


def ends(call: ScriptedCall, attempt: int = 1) -> list[Action]:
    """The end-of-speech time passes."""
    call.now_ms += 600
    return call.feed(UtteranceEnded(call.utterance_id, attempt))


class TestWords:
    """``allowSemanticInterruption``."""

    def test_speech_alone_does_not_stop_the_bot_at_once(self) -> None:
        call = ScriptedCall(ConversationConfig(barge_in_longest_ms=440))
        call.mid_answer(STATEMENT)
        assert speaking_over(call, 420) == []

    @pytest.mark.parametrize("text", ["等一下", "我想改", "多少钱"])
    def test_words_that_mean_something_stop_it_in_mid_speech(self, text: str) -> None:
        call = ScriptedCall()
        call.mid_answer(STATEMENT)
        speaking_over(call, 300)
        assert call.feed(CallerPartial(call.utterance_id, 0, text)) == [PauseSpeaking("words")]

    @pytest.mark.parametrize("text", ["嗯", "好的", "对对对", "", "我"])
    def test_a_backchannel_a_noise_or_too_little_does_not(self, text: str) -> None:
        call = ScriptedCall()
        call.mid_answer(STATEMENT)
        speaking_over(call, 300)
        assert call.feed(CallerPartial(call.utterance_id, 0, text)) == []

    @pytest.mark.parametrize("text", ["嗯", "好的好的", ""])
    def test_a_backchannel_is_no_query_and_the_bot_says_all_it_has_to_say(self, text: str) -> None:
        call = ScriptedCall()
        clip_id = call.mid_answer(STATEMENT, instructions=(Hangup(),))
        actions = [*speaking_over(call, 300), *pauses(call, text), *ends(call)]
        assert not only(actions, PauseSpeaking)
        assert not only(actions, Ask)
        assert only(call.hear([Speak(clip_id, STATEMENT)]), RecordHeard)

    def test_a_backchannel_that_ends_after_the_bots_last_word_is_no_query_either(self) -> None:
        call = ScriptedCall()
        clip_id = call.mid_answer(STATEMENT)
        actions = [*speaking_over(call, 300), *pauses(call, "嗯")]
        call.hear([Speak(clip_id, STATEMENT)])
        assert not only([*actions, *ends(call)], Ask)
        assert call.core.timers(call.now_ms)["silence"] > 7_000

    def test_words_said_after_the_bots_last_word_are_a_query_however_short(self) -> None:
        call = ScriptedCall()
        clip_id = call.mid_answer(STATEMENT)
        call.hear([Speak(clip_id, STATEMENT)])
        speaking_over(call, 300)
        pauses(call, "好的")
        assert asked(ends(call)) == "好的"

    def test_without_a_transcript_in_time_the_bot_gives_way(self) -> None:
        call = ScriptedCall(ConversationConfig(barge_in_longest_ms=440))
        call.mid_answer(STATEMENT)
        assert speaking_over(call, 420) == []
        assert call.talks(440, 420) == [PauseSpeaking("longest")]

    def test_a_partial_that_means_nothing_buys_the_same_time_again(self) -> None:
        call = ScriptedCall(ConversationConfig(barge_in_longest_ms=440))
        call.mid_answer(STATEMENT)
        speaking_over(call, 400)
        call.feed(CallerPartial(call.utterance_id, 0, "嗯"))
        assert call.talks(820, 400) == []
        assert call.talks(840, 820) == [PauseSpeaking("longest")]

    def test_a_long_backchannel_that_stopped_the_bot_lets_it_go_on_where_it_was(self) -> None:
        call = ScriptedCall()
        clip_id = call.mid_answer(STATEMENT)
        assert only(speaking_over(call, 600), PauseSpeaking)
        call.feed(ClipPaused(clip_id, 1_340, None))
        assert only(pauses(call, "是的是的是的"), ResumeSpeaking) == [ResumeSpeaking(why="backchannel")]
        assert not only(ends(call), Ask)

    def test_who_goes_on_after_a_backchannel_stops_the_bot(self) -> None:
        call = ScriptedCall()
        clip_id = call.mid_answer(STATEMENT)
        speaking_over(call, 300)
        pauses(call, "对")
        call.feed(SpeechResumed(call.utterance_id))
        call.talks(560, 300)
        assert call.feed(CallerPartial(call.utterance_id, 0, "对但是周六")) == [PauseSpeaking("words")]
        actions = [*pauses(call, "对，但是周六呢", 2), *ends(call, 2)]
        assert one(actions, StopSpeaking)
        assert asked(actions) == "对，但是周六呢"
        heard = one(call.feed(ClipStopped(clip_id, 1_500, 4_000)), RecordHeard)
        assert not heard.complete

    def test_a_partial_that_was_wrong_is_put_right_by_the_whole(self) -> None:
        call = ScriptedCall()
        call.mid_answer(STATEMENT)
        speaking_over(call, 300)
        assert call.feed(CallerPartial(call.utterance_id, 0, "恩晚上")) == [PauseSpeaking("words")]
        assert only(pauses(call, "嗯"), ResumeSpeaking)

    def test_after_a_question_a_short_answer_stops_the_bot_and_is_a_query(self) -> None:
        call = ScriptedCall()
        call.mid_answer(QUESTION, STATEMENT, heard=1, played_ms=200)
        speaking_over(call, 200)
        assert only(pauses(call, "对"), PauseSpeaking)
        assert asked(ends(call)) == "对"

    def test_the_last_word_of_a_question_need_not_be_waited_for(self) -> None:
        call = ScriptedCall()
        call.mid_answer(QUESTION, played_ms=1_900)  # about 2.4 s long
        speaking_over(call, 200)
        assert only(pauses(call, "对"), PauseSpeaking)

    def test_a_question_that_is_just_beginning_was_not_heard(self) -> None:
        call = ScriptedCall()
        call.mid_answer(STATEMENT, QUESTION, heard=1, played_ms=100)
        speaking_over(call, 200)
        assert not only(pauses(call, "对"), PauseSpeaking)

    def test_the_bots_own_words_coming_back_do_not_stop_it(self) -> None:
        call = ScriptedCall()
        call.mid_answer(STATEMENT)
        actions = speaking_over(call, 300)
        actions += call.feed(CallerPartial(call.utterance_id, 0, "周一到周五"))
        actions += [*pauses(call, "周一到周五上午"), *ends(call)]
        assert not only(actions, PauseSpeaking)
        assert not only(actions, Ask)

    def test_a_backchannel_while_the_answer_is_on_its_way_does_not_replace_the_query(self) -> None:
        call = ScriptedCall()
        clip_id = call.mid_answer(STATEMENT)
        call.hear([Speak(clip_id, STATEMENT)])
        call.say("多少钱")
        speaking_over(call, 300)
        assert not only([*pauses(call, "嗯"), *ends(call)], Ask)
        assert [item.text for item in only(call.answer("一百元。", semantic=True), Speak)] == ["一百元。"]


class TestAnySpeech:
    """``allowInterrupt`` alone."""

    def test_whatever_is_said_stops_the_bot_and_is_a_query(self) -> None:
        call = ScriptedCall()
        call.mid_answer(STATEMENT, semantic=False)
        assert speaking_over(call, 160) == [PauseSpeaking("voice")]
        pauses(call, "嗯")
        assert asked(ends(call)) == "嗯"

    def test_a_click_lets_the_bot_go_on(self) -> None:
        call = ScriptedCall()
        call.mid_answer(STATEMENT, semantic=False)
        speaking_over(call, 200)
        assert call.feed(SpeechDropped(call.utterance_id)) == [ResumeSpeaking(why="noise")]

    def test_sentences_that_came_meanwhile_follow(self) -> None:
        call = ScriptedCall()
        call.greeted()
        call.now_ms += 3_000
        call.say("多少钱")
        call.speak()
        assert not only(call.answer("一百元。"), Speak)
        assert [item.text for item in only(call.understood(""), Speak)] == []
        assert [item.text for item in only(call.actions, Speak)] == ["您好。", "一百元。"]


class TestPauseFirst:
    """``barge_in: pause``."""

    def test_the_bot_pauses_at_once_and_goes_on_after_a_backchannel(self) -> None:
        call = ScriptedCall(PAUSING)
        call.mid_answer(STATEMENT)
        assert speaking_over(call, 160) == [PauseSpeaking("voice")]
        assert only(pauses(call, "嗯"), ResumeSpeaking)

    def test_or_stops_for_words(self) -> None:
        call = ScriptedCall(PAUSING)
        call.mid_answer(STATEMENT)
        speaking_over(call, 160)
        assert not only(pauses(call, "等一下"), ResumeSpeaking)
        actions = ends(call)
        assert only(actions, StopSpeaking)
        assert asked(actions) == "等一下"

    def test_what_may_not_be_interrupted_does_not_pause(self) -> None:
        call = ScriptedCall(PAUSING)
        call.mid_answer(STATEMENT, interruptible=False)
        assert speaking_over(call, 900) == []


class TestProtected:
    def test_words_said_over_it_are_answered_after_it(self) -> None:
        call = ScriptedCall()
        clip_id = call.mid_answer(STATEMENT, interruptible=False)
        actions = [*speaking_over(call, 600), *pauses(call, "周六呢"), *ends(call)]
        assert not only(actions, Ask)
        assert asked(call.hear([Speak(clip_id, STATEMENT)])) == "周六呢"

    def test_or_dropped(self) -> None:
        call = ScriptedCall(ConversationConfig(keep_talk_over=False))
        clip_id = call.mid_answer(STATEMENT, interruptible=False)
        actions = [*speaking_over(call, 600), *pauses(call, "周六呢"), *ends(call)]
        assert not only([*actions, *call.hear([Speak(clip_id, STATEMENT)])], Ask)
        assert "silence" in call.core.timers(call.now_ms)

    def test_what_will_be_dropped_is_not_transcribed(self) -> None:
        call = ScriptedCall(ConversationConfig(keep_talk_over=False))
        call.mid_answer(STATEMENT, interruptible=False)
        actions = [*speaking_over(call, 600), *call.feed(SpeechPaused(call.utterance_id, 1)), *ends(call)]
        assert not only(actions, Transcribe)
        assert only(actions, DropTranscription)

    def test_what_ends_after_the_sentence_is_heard_though_it_began_over_it(self) -> None:
        call = ScriptedCall(ConversationConfig(keep_talk_over=False))
        clip_id = call.mid_answer(STATEMENT, interruptible=False)
        [*speaking_over(call, 600), *call.feed(SpeechPaused(call.utterance_id, 1))]
        call.hear([Speak(clip_id, STATEMENT)])
        assert only(ends(call), Transcribe)

    def test_a_backchannel_is_not_kept(self) -> None:
        call = ScriptedCall()
        clip_id = call.mid_answer(STATEMENT, interruptible=False)
        [*speaking_over(call, 300), *pauses(call, "好的"), *ends(call)]
        assert not only(call.hear([Speak(clip_id, STATEMENT)]), Ask)

    def test_words_that_follow_are_asked_together_with_it(self) -> None:
        call = ScriptedCall()
        clip_id = call.mid_answer(STATEMENT, interruptible=False)
        [*speaking_over(call, 600), *pauses(call, "周六呢"), *ends(call)]
        speaking_over(call, 300)
        assert not only(call.hear([Speak(clip_id, STATEMENT)]), Ask)
        pauses(call, "还有周日")
        assert asked(ends(call)) == "周六呢还有周日"

    def test_a_goodbye_that_must_be_heard_ends_the_call_all_the_same(self) -> None:
        call = ScriptedCall()
        clip_id = call.mid_answer("再见。", interruptible=False, instructions=(Hangup(),))
        [*speaking_over(call, 600), *pauses(call, "周六呢"), *ends(call)]
        assert not only(call.hear([Speak(clip_id, "再见。")]), Ask)
        assert "leaving" in call.core.timers(call.now_ms)

    def test_a_failure_to_understand_is_no_reason_to_cut_it_short(self) -> None:
        call = ScriptedCall()
        call.mid_answer(STATEMENT, interruptible=False)
        speaking_over(call, 600)
        actions = [*call.feed(SpeechPaused(call.utterance_id, 1)), *ends(call), *call.wait(16_000)]
        assert not only(actions, StopSpeaking)
        assert not only(actions, Speak)


class TestKeys:
    def test_they_do_not_cut_what_may_not_be_interrupted(self) -> None:
        call = ScriptedCall()
        clip_id = call.mid_answer(STATEMENT, interruptible=False)
        actions = [*call.feed(DigitPressed("1")), *call.wait(2_500)]
        assert actions == []
        query = one(call.hear([Speak(clip_id, STATEMENT)]), Ask).query
        assert (query.query_text, dict(query.variables)["dtmf"]) == ("1", "1")

    def test_they_need_not_interrupt_at_all(self) -> None:
        call = ScriptedCall(ConversationConfig(dtmf_interrupts=False))
        clip_id = call.mid_answer(STATEMENT)
        assert not only(call.feed(DigitPressed("#")), PauseSpeaking)
        assert asked(call.hear([Speak(clip_id, STATEMENT)])) == "#"

    def test_a_noise_does_not_let_the_bot_talk_over_the_typing(self) -> None:
        call = ScriptedCall()
        call.mid_answer(STATEMENT)
        assert call.feed(DigitPressed("1")) == [PauseSpeaking("keys")]
        speaking_over(call, 200)
        assert not only(call.feed(SpeechDropped(call.utterance_id)), ResumeSpeaking)
        assert asked(call.wait(2_100)) == "1"

    def test_keys_from_before_the_answer_are_asked_about_after_a_pause(self) -> None:
        call = ScriptedCall()
        call.feed(DigitPressed("4"))
        call.wait(5_000)
        call.feed(CallAnswered())
        assert asked(call.wait(2_100)) == "4"
