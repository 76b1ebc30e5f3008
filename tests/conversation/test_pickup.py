"""The answering side: the greeting, the caller's "hello?", and machines that answer."""

from __future__ import annotations

import pytest

from tests.conversation.scripted import ScriptedCall, asked, one, only
from voicebot.conversation.actions import Ask, HangUp, PauseSpeaking, ResumeSpeaking, Speak, StopSpeaking
from voicebot.conversation.answeredby import DECISIONS, Answerer, Then
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.events import (
    AnsweredBy,
    CallAnswered,
    CallerPartial,
    ClipPaused,
    ClipStarted,
    SpeechPaused,
    TranscriptReady,
    UtteranceEnded,
)
from voicebot.conversation.leg import HangupCause

GREETING = "您好，这里是阳光口腔。"


def hello(call: ScriptedCall, text: str = "喂？", speech_ms: int = 300) -> None:
    """The caller says something short, up to the pause after it."""
    call.utterance_id += 1
    call.talks(speech_ms)
    call.feed(SpeechPaused(call.utterance_id, 1))
    call.feed(CallerPartial(call.utterance_id, 1, text))
    call.feed(TranscriptReady(call.utterance_id, 1, text))


def ends(call: ScriptedCall) -> None:
    call.now_ms += 600
    call.feed(UtteranceEnded(call.utterance_id, 1))


class TestHello:
    """By any brain, one that allows any speech to interrupt included."""

    @pytest.mark.parametrize("text", ["喂？", "喂，你好", "hello"])
    def test_over_the_greeting_it_changes_nothing(self, text: str) -> None:
        call = ScriptedCall()
        call.feed(CallAnswered())
        call.answer(GREETING)
        call.feed(ClipStarted(1))
        call.now_ms += 300
        hello(call, text)
        ends(call)
        assert not only(call.actions, PauseSpeaking)
        assert len(only(call.actions, Ask)) == 1

    def test_before_the_greeting_it_is_greeted_as_soon_as_it_is_over(self) -> None:
        call = ScriptedCall()
        call.feed(CallAnswered())
        call.utterance_id += 1
        call.talks(300)
        assert not only(call.answer(GREETING), Speak)
        assert one(call.feed(SpeechPaused(call.utterance_id, 1)), Speak).text == GREETING
        call.feed(TranscriptReady(call.utterance_id, 1, "喂？"))
        ends(call)
        assert len(only(call.actions, Ask)) == 1

    def test_before_the_brain_has_answered_it_is_no_query(self) -> None:
        call = ScriptedCall()
        call.feed(CallAnswered())
        hello(call)
        ends(call)
        assert len(only(call.actions, Ask)) == 1
        assert one(call.answer(GREETING), Speak).text == GREETING

    def test_a_wish_in_its_place_is_a_query(self) -> None:
        call = ScriptedCall()
        call.feed(CallAnswered())
        call.answer(GREETING)
        call.feed(ClipStarted(1))
        call.actions.clear()
        hello(call, "喂，你好，我要改时间", 700)
        assert only(call.actions, PauseSpeaking)
        ends(call)
        assert asked(call.actions) == "喂，你好，我要改时间"

    def test_later_it_is_what_any_other_speech_is(self) -> None:
        call = ScriptedCall(ConversationConfig(greeting_protection_ms=2_000))
        call.feed(CallAnswered())
        call.answer(GREETING)
        call.feed(ClipStarted(1))
        call.now_ms += 2_010
        call.actions.clear()
        hello(call)
        assert only(call.actions, PauseSpeaking)
        ends(call)
        assert asked(call.actions) == "喂？"

    def test_after_the_greeting_it_is_a_query(self) -> None:
        call = ScriptedCall()
        call.greeted(GREETING)
        call.actions.clear()
        hello(call)
        ends(call)
        assert asked(call.actions) == "喂？"

    def test_a_brain_that_waits_for_the_caller_gets_it(self) -> None:
        call = ScriptedCall()
        call.feed(CallAnswered())
        call.answer()
        call.actions.clear()
        hello(call)
        ends(call)
        assert asked(call.actions) == "喂？"

    def test_a_greeting_that_was_barely_heard_begins_anew(self) -> None:
        call = ScriptedCall(ConversationConfig(pause_first=True))
        call.feed(CallAnswered())
        call.answer(GREETING)
        call.feed(ClipStarted(1))
        hello(call)
        assert one(call.actions, ResumeSpeaking) == ResumeSpeaking(from_start=True, why="pickup")

    def test_a_greeting_that_was_half_heard_goes_on(self) -> None:
        call = ScriptedCall(ConversationConfig(pause_first=True))
        call.feed(CallAnswered())
        call.answer(GREETING)
        call.feed(ClipStarted(1))
        call.now_ms += 1_100
        call.utterance_id += 1
        assert only(call.talks(200), PauseSpeaking)
        call.feed(ClipPaused(1, 1_220, 2_500))
        call.feed(SpeechPaused(1, 1))
        assert not one(call.feed(TranscriptReady(1, 1, "喂")), ResumeSpeaking).from_start

    def test_a_yes_to_the_greetings_question_is_an_answer(self) -> None:
        call = ScriptedCall(ConversationConfig(language="en"))
        call.feed(CallAnswered())
        call.answer("Is this Mr Smith?", "This is the dentist.")
        call.hear([Speak(1, "Is this Mr Smith?")])
        call.feed(ClipStarted(2))
        call.actions.clear()
        hello(call, "Yes.")
        ends(call)
        assert asked(call.actions) == "Yes."

    def test_a_greeting_that_must_be_heard_is(self) -> None:
        call = ScriptedCall()
        call.feed(CallAnswered())
        call.answer(GREETING, interruptible=False)
        call.feed(ClipStarted(1))
        hello(call)
        ends(call)
        call.hear([Speak(1, GREETING)])
        assert len(only(call.actions, Ask)) == 1


class TestAnsweredBy:
    @pytest.mark.parametrize("kind", [kind for kind, then in DECISIONS.items() if then is Then.CONTINUE])
    def test_the_call_goes_on(self, kind: Answerer) -> None:
        call = ScriptedCall()
        call.feed(CallAnswered())
        assert call.feed(AnsweredBy(kind)) == []

    @pytest.mark.parametrize("kind", [Answerer.VOICEMAIL, Answerer.ANNOUNCEMENT])
    def test_or_ends_at_once(self, kind: Answerer) -> None:
        call = ScriptedCall()
        call.feed(CallAnswered())
        call.answer(GREETING)
        call.feed(ClipStarted(1))
        actions = call.feed(AnsweredBy(kind))
        assert only(actions, StopSpeaking)
        assert one(actions, HangUp).cause is HangupCause.BOT

    def test_or_a_message_is_left_whatever_the_machine_says(self) -> None:
        answered_by = {**DECISIONS, Answerer.VOICEMAIL: Then.LEAVE_MESSAGE}
        call = ScriptedCall(ConversationConfig(answered_by=answered_by, voicemail_message="请您回电。"))
        call.feed(CallAnswered())
        call.answer(GREETING)
        actions = call.feed(AnsweredBy(Answerer.VOICEMAIL))
        assert one(actions, Speak).text == "请您回电。"
        call.feed(ClipStarted(only(actions, Speak)[0].clip_id))
        hello(call, "请在滴声后留言", 2_000)
        ends(call)
        assert not only(call.actions, PauseSpeaking)
        assert only(call.hear(only(actions, Speak)), HangUp)

    def test_without_a_message_none_is_left(self) -> None:
        answered_by = {Answerer.VOICEMAIL: Then.LEAVE_MESSAGE}
        call = ScriptedCall(ConversationConfig(answered_by=answered_by, voicemail_message=""))
        call.feed(CallAnswered())
        assert only(call.feed(AnsweredBy(Answerer.VOICEMAIL)), HangUp)

    def test_a_better_guess_may_follow(self) -> None:
        call = ScriptedCall()
        call.feed(CallAnswered())
        call.feed(AnsweredBy(Answerer.UNKNOWN))
        assert only(call.feed(AnsweredBy(Answerer.VOICEMAIL)), HangUp)
