"""Keys that were asked for: how many, what ends them, and who may see them."""

from __future__ import annotations

import pytest

from tests.conversation.scripted import ScriptedCall, one, only
from voicebot.conversation.actions import Ask, HideCaller, PressKeys, RecordCaller, Speak, StopSpeaking
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.events import CallAnswered, CallEnded, ChunkArrived, DigitPressed
from voicebot.conversation.leg import HangupCause
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.expectation import Expectation, Expected, KeyEntry
from voicebot.protocol.instruction import SendDigits
from voicebot.protocol.reply import Reply

PIN = Expectation(Expected.DIGITS, (4, 6), KeyEntry(end="#", gap_ms=3000, masked=True))


def asked(expects: Expectation) -> ScriptedCall:
    """A call in which the bot has asked for keys."""
    call = ScriptedCall(ConversationConfig(digits_pause_ms=2000))
    call.feed(CallAnswered())
    actions = call.feed(ChunkArrived(1, Chunk("s1", "q1", 0, True, Reply("请输入密码。"), expects=expects)))
    call.hear(actions)
    return call


def press(call: ScriptedCall, keys: str) -> list[Ask]:
    return [ask for key in keys for ask in only(call.feed(DigitPressed(key)), Ask)]


def test_as_many_as_it_has_at_most_end_it_at_once() -> None:
    call = asked(PIN)
    assert press(call, "12345") == []
    assert [ask.query.query_text for ask in press(call, "6")] == ["123456"]


def test_the_end_key_ends_it_and_is_no_part_of_it() -> None:
    [ask] = press(asked(PIN), "1234#")
    assert (ask.query.query_text, dict(ask.query.variables)["dtmf"]) == ("1234", "1234")


def test_the_end_key_alone_is_told_so_that_the_bot_asks_again() -> None:
    [ask] = press(asked(PIN), "#")
    assert ask.query.query_text == "#"


def test_another_end_key() -> None:
    call = asked(Expectation(Expected.DIGITS, None, KeyEntry(end="*")))
    assert [ask.query.query_text for ask in press(call, "1#2*")] == ["1#2"]


def test_no_end_key() -> None:
    call = asked(Expectation(Expected.DIGITS, None, KeyEntry(end="")))
    assert press(call, "1#") == []


@pytest.mark.parametrize(("gap_ms", "early", "late"), [(3000, 2900, 200), (500, 400, 200)])
def test_the_pause_that_ends_it_is_the_question_s_own(gap_ms: int, early: int, late: int) -> None:
    call = asked(Expectation(Expected.DIGITS, (4, 6), KeyEntry(gap_ms=gap_ms)))
    press(call, "12")
    call.wait(early)
    press(call, "34")
    assert not only(call.wait(early), Ask)
    assert one(call.wait(late), Ask).query.query_text == "1234"


def test_a_length_without_keys_ends_it_too() -> None:
    [ask] = press(asked(Expectation(Expected.DIGITS, (4, 4))), "1234")
    assert ask.query.query_text == "1234"


def test_what_is_masked_reaches_the_brain_and_no_record() -> None:
    call = asked(PIN)
    call.feed(DigitPressed("1"))
    actions = [action for key in "234#" for action in call.feed(DigitPressed(key))]
    assert one(actions, Ask).query.query_text == "1234"
    assert one(actions, RecordCaller).text == "****"


def test_what_is_said_instead_is_masked_as_well() -> None:
    actions = asked(PIN).say("一二三四")
    assert one(actions, RecordCaller).text == "****"


def test_the_caller_is_hidden_from_the_question_to_the_next_answer() -> None:
    call = ScriptedCall()
    call.feed(CallAnswered())
    actions = call.feed(ChunkArrived(1, Chunk("s1", "q1", 0, True, Reply("请输入密码。"), expects=PIN)))
    assert one(actions, HideCaller).on
    assert call.core.hidden
    call.hear(actions)
    assert not only([action for key in "1234#" for action in call.feed(DigitPressed(key))], HideCaller)
    assert not one(call.answer("好的。"), HideCaller).on
    assert not call.core.hidden


def test_a_call_that_ends_is_hidden_no_longer() -> None:
    call = asked(PIN)
    assert not one(call.feed(CallEnded(HangupCause.CALLER)), HideCaller).on


def test_keys_are_pressed_when_all_was_said() -> None:
    call = ScriptedCall()
    call.feed(CallAnswered())
    actions = call.answer("请稍等。", instructions=(SendDigits("2#"),))
    assert not only(actions, PressKeys)
    assert one(call.hear(actions), PressKeys).digits == "2#"


def test_a_recorded_call_is_announced_before_the_greeting_and_nobody_talks_over_it() -> None:
    call = ScriptedCall(ConversationConfig(announcement="本次通话将被录音。"))
    first = call.feed(CallAnswered())
    assert one(first, Speak).text == "本次通话将被录音。"
    assert one(first, Ask).query.query_text == ""
    assert not only(call.say("喂你好我要改时间"), StopSpeaking)
    assert one(call.answer("您好。"), Speak).text == "您好。"
