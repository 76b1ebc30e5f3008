"""When a caller's turn ends, frame by frame: the words, the question, the caller's habits; and when it must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conversation.virtual_line import FRAME_MS, VirtualLine
from voicebot.conversation.actions import Ask, Rehearse
from voicebot.conversation.endpointing.endpointer import EndpointingConfig
from voicebot.protocol.expectation import Expectation, Expected

ADAPTIVE = EndpointingConfig(complete_ms=240, understood_ms=320, unclear_ms=600, growing_ms=1000)
YES_NO = Expectation(Expected.YES_NO)


def texts(line: VirtualLine) -> list[str]:
    return [each.text for each in line.taken]


@pytest.mark.parametrize(("language", "answer"), [("en", "yes"), ("zh", "是的"), ("zh", "不用了"), ("en", "no thanks")])
def test_a_yes_or_no_ends_after_a_quarter_of_a_second(language: str, answer: str) -> None:
    line = VirtualLine(YES_NO, endpointing=ADAPTIVE, language=language).say(answer).pause(2000)
    (taken,) = line.taken
    assert taken.text == answer
    assert 200 <= taken.waited_ms <= 300


@pytest.mark.parametrize("identify_ms", [400, 700, 800, 1500])
@pytest.mark.parametrize("answer", ["yes", "I would like to", "my phone is broken"])
def test_a_brain_that_is_not_ours_gets_exactly_its_identify_duration(identify_ms: int, answer: str) -> None:
    line = VirtualLine(YES_NO, identify_ms).say(answer).pause(3000)
    assert [each.waited_ms for each in line.taken] == [identify_ms]
    assert not any(isinstance(action, Rehearse) for action in line.actions)
    assert not any(action.query.wants_expectation for action in line.actions if isinstance(action, Ask))


@pytest.mark.parametrize("pause_ms", [300, 700, 1200, 1800])
def test_dictated_digits_are_not_cut_off_and_end_soon_when_all_are_there(pause_ms: int) -> None:
    line = VirtualLine(Expectation(Expected.PHONE), 2000, ADAPTIVE, language="zh")
    line.say("幺三八", 800).pause(pause_ms).say("零零幺三", 900).pause(pause_ms).say("八零零零", 900).pause(3000)
    (taken,) = line.taken
    assert taken.text == "幺三八零零幺三八零零零"
    assert taken.waited_ms <= 300


def test_digits_of_an_unknown_number_are_waited_for_a_second() -> None:
    line = VirtualLine(Expectation(Expected.DIGITS), 2000, ADAPTIVE)
    line.say("one two three", 900).pause(800).say("four five six", 900).pause(3000)
    assert texts(line) == ["one two three four five six"]
    assert 1000 <= line.taken[0].waited_ms <= 1000 + FRAME_MS


def test_who_trails_off_gets_the_longest_wait() -> None:
    line = VirtualLine(None, 1200, ADAPTIVE).say("I would like to").pause(1100).say("change my address").pause(3000)
    assert texts(line) == ["I would like to change my address"]


def test_words_that_mean_something_to_the_brain_end_sooner_than_those_that_do_not() -> None:
    def waited_ms(complete: bool | None) -> int:
        line = VirtualLine(None, 1200, ADAPTIVE, complete=lambda _: complete).say("my phone is broken").pause(3000)
        assert line.rehearsed == ["my phone is broken"]
        (taken,) = line.taken
        return taken.waited_ms

    whole, some, nothing = waited_ms(True), waited_ms(None), waited_ms(False)
    assert whole <= 280
    assert whole < some <= 340
    assert nothing == 600


def test_the_bot_waits_for_callers_who_pause_for_long() -> None:
    line = VirtualLine(None, 1500, ADAPTIVE)
    line.say("well").pause(720).say("and").pause(700).say("because").pause(760).say("it rains").pause(3000)
    assert texts(line) == ["well and because it rains"]
    line.say("my phone").pause(740).say("is broken").pause(3000)
    assert texts(line)[1:] == ["my phone is broken"]


def test_a_stranger_with_the_same_pause_is_answered_in_between() -> None:
    line = VirtualLine(None, 1500, ADAPTIVE).say("my phone").pause(740).say("is broken").pause(3000)
    assert texts(line) == ["my phone", "is broken"]


def test_a_rehearsal_counts_for_its_own_pause_alone() -> None:
    line = VirtualLine(None, 1200, ADAPTIVE, complete=lambda text: text == "my phone")
    line.say("my phone").pause(200).say("is broken").pause(3000)
    assert texts(line) == ["my phone is broken"]
    assert line.rehearsed == ["my phone", "my phone is broken"]


def test_nothing_is_rehearsed_while_the_bot_has_more_to_say() -> None:
    line = VirtualLine(None, 1200, ADAPTIVE, complete=lambda _: True)
    line.core._state.turn.complete = False
    line.say("my phone is broken").pause(500)
    assert line.rehearsed == []


@pytest.mark.parametrize("judging_ms", [20, 120, 150])
def test_what_the_audio_model_hears_decides_where_the_words_do_not(judging_ms: int) -> None:
    def waited_ms(words: str, probability: float, expects: Expectation | None = None) -> int:
        def judged(_: str) -> float:
            return probability

        line = VirtualLine(expects, 1400, ADAPTIVE, finished_probability=judged, judging_ms=judging_ms)
        (taken,) = line.say(words).pause(3000).taken
        return taken.waited_ms

    assert 320 <= waited_ms("my phone is broken", 0.9) <= 320 + FRAME_MS
    assert 1000 <= waited_ms("my phone is broken", 0.1) <= 1000 + FRAME_MS
    assert 1000 <= waited_ms("where are you?", 0.1) <= 1000 + FRAME_MS
    assert waited_ms("yes", 0.1, YES_NO) <= 300
    assert waited_ms("I would like to", 0.9) >= 1400
    assert 1000 <= waited_ms("one two three", 0.9, Expectation(Expected.DIGITS)) <= 1000 + FRAME_MS


def test_an_opinion_that_comes_too_late_changes_nothing() -> None:
    line = VirtualLine(None, 1400, ADAPTIVE, finished_probability=lambda _: 0.1, judging_ms=700)
    (taken,) = line.say("my phone is broken").pause(3000).taken
    assert 600 <= taken.waited_ms <= 600 + FRAME_MS


def test_who_sounds_unfinished_is_not_cut_off() -> None:
    line = VirtualLine(None, 1400, ADAPTIVE, finished_probability=lambda text: 0.9 if "broken" in text else 0.1)
    line.say("my phone").pause(900).say("is broken").pause(3000)
    assert texts(line) == ["my phone is broken"]
    assert line.taken[0].waited_ms <= 340


def test_the_brain_and_the_audio_model_together() -> None:
    def waited_ms(complete: bool | None, probability: float) -> int:
        line = VirtualLine(
            None, 1400, ADAPTIVE, complete=lambda _: complete, finished_probability=lambda _: probability
        )
        (taken,) = line.say("my phone is broken").pause(3000).taken
        return taken.waited_ms

    assert waited_ms(True, 0.1) <= 280  # all that was asked for, however it sounds
    assert waited_ms(None, 0.1) >= 1000
    assert waited_ms(False, 0.9) <= 340


@given(
    st.lists(st.tuples(st.integers(10, 60), st.integers(1, 150)), min_size=1, max_size=6),
    st.sampled_from(list(Expected)),
    st.sampled_from(["yes", "one two three", "well", "tomorrow", "at", "my phone is broken"]),
    st.booleans(),
)
def test_no_wait_is_longer_than_identify_duration_and_no_word_is_lost(
    spoken: list[tuple[int, int]], kind: Expected, word: str, complete: bool
) -> None:
    line = VirtualLine(Expectation(kind), 1200, ADAPTIVE, complete=lambda _: complete)
    for speech_frames, pause_frames in spoken:
        line.say(word, speech_frames * FRAME_MS).pause(pause_frames * FRAME_MS)
    line.pause(1500)
    assert " ".join(texts(line)) == " ".join([word] * len(spoken))
    assert all(240 <= each.waited_ms <= 1200 + 2 * FRAME_MS for each in line.taken)
