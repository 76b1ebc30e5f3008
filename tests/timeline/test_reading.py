"""From a log to the story of a call."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timeline.calls import CALL, HEADER, action, event, lines
from voicebot.errors import TimelineError
from voicebot.timeline.reading import read_story
from voicebot.timeline.story import Mark, Understood


def test_the_caller_and_what_was_understood() -> None:
    story = read_story(lines())
    (utterance,) = story.utterances
    assert (utterance.start_ms, utterance.speech_end_ms, utterance.end_ms) == (980.0, 1500.0, 2200.0)
    assert utterance.pauses_ms == [1700.0]
    assert story.understood == [Understood(1300.0, "是", final=False), Understood(1900.0, "是的", final=True)]


def test_turns_have_their_stages() -> None:
    first, second, third = read_story(lines()).turns
    assert (first.text, first.speech_end_ms, first.playing_ms, first.gap_ms) == ("", None, 40.0, None)
    assert (second.text, second.speech_end_ms, second.end_of_turn_ms, second.asked_ms) == ("是的", 1500, 2100, 2200)
    assert (second.first_chunk_ms, second.done_ms, second.first_audio_ms) == (2230, 2240, 2260)
    assert second.gap_ms == 780
    assert third.silence


def test_clips_know_what_was_heard_of_them() -> None:
    cut, whole = read_story(lines()).clips
    assert (cut.start_ms, cut.end_ms, cut.heard, cut.complete) == (40, 1101, "您好，请问", False)
    assert (whole.heard, whole.complete, whole.turn_id) == ("好的。", True, 2)


def test_a_clip_that_paused_and_went_on_sounds_in_two_parts() -> None:
    story = read_story(
        lines(
            action(8000, "Speak", clip_id=3, text="再见。"),
            event(8100, "ClipStarted", clip_id=3),
            action(8500, "PauseSpeaking", why="voice"),
            event(8501, "ClipPaused", clip_id=3, heard_ms=400, total_ms=900),
            action(9000, "ResumeSpeaking", from_start=False, why="noise"),
            event(9800, "ClipFinished", clip_id=3, heard_ms=900),
        )
    )
    assert story.clips[-1].sounding_ms == [(8100, 8501), (9000, 9800)]
    marks = [mark.text for mark in story.marks if mark.at_ms > 8000]
    assert marks == ["falls silent: the caller speaks", "goes on: a noise"]


def test_a_clip_that_was_stopped_in_a_pause_ends_with_the_pause() -> None:
    story = read_story(
        lines(
            action(8000, "Speak", clip_id=3, text="再见。"),
            event(8100, "ClipStarted", clip_id=3),
            event(8501, "ClipPaused", clip_id=3, heard_ms=400, total_ms=900),
            event(9000, "ClipStopped", clip_id=3, heard_ms=400, total_ms=900),
        )
    )
    assert story.clips[-1].sounding_ms == [(8100, 8501)]


def test_timers_that_went_off_are_told_from_those_that_were_not_needed() -> None:
    timers = {(timer.name, timer.start_ms): timer for timer in read_story(lines()).timers}
    assert timers["silence", 3280].fired
    assert timers["silence", 3280].end_ms == 6280
    assert not timers["answer", 0].fired
    assert timers["answer", 0].end_ms == 30


def test_what_is_not_known_is_a_mark_with_its_own_name() -> None:
    marks = read_story(lines()).marks
    assert Mark(2200.0, "asks (2): 是的", "ask") in marks
    assert Mark(1100.0, "stops speaking", "stop") in marks
    assert Mark(7000.0, "something new: nobody knows it yet") in marks


def test_words_that_were_not_kept_are_dots() -> None:
    story = read_story(lines(event(8000, "TranscriptReady", utterance_id=1, attempt=1, text=None)))
    assert story.understood[-1].text == "…"


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "does not tell"), ("[]", "does not tell"), ('{"at": 1}', "does not tell"), ("\0", "does not tell")],
)
def test_what_is_no_log_is_refused(text: str, says: str) -> None:
    with pytest.raises(TimelineError, match=says):
        read_story([text])


def test_the_log_of_a_later_program_is_refused() -> None:
    with pytest.raises(TimelineError, match="version 2"):
        read_story([json.dumps({**HEADER, "version": 2})])


def test_a_line_that_a_crash_cut_is_left_out_and_told() -> None:
    whole = lines()
    story = read_story([*whole[:-2], whole[-2][:10]])
    assert story.damaged == 1
    assert len(story.turns) == 3


@given(st.lists(st.sampled_from(CALL)), st.data())
def test_no_order_of_lines_breaks_the_reader(picked: list[dict[str, Any]], data: st.DataObject) -> None:
    written = [json.dumps(line) for line in picked]
    if written:
        cut = data.draw(st.integers(0, len(written[-1])))
        written[-1] = written[-1][:cut]
    story = read_story([json.dumps(HEADER), *written])
    assert story.damaged <= 1


@given(
    st.dictionaries(
        st.sampled_from(["at", "event", "timers", "utterance_id", "turn_id", "clip_id", "text", "speech_ms"]),
        st.none() | st.integers() | st.text() | st.lists(st.integers(), max_size=2) | st.sampled_from(["Ask", "Speak"]),
    )
)
def test_no_line_breaks_the_reader(line: dict[str, Any]) -> None:
    assert read_story([json.dumps(HEADER), json.dumps(line)]).damaged in (0, 1)
