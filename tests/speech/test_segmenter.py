from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.settings.model import VadSettings
from voicebot.speech.segmenter import (
    EndReason,
    Segmenter,
    SegmenterConfig,
    SegmentEvent,
    SpeechDiscarded,
    SpeechPaused,
    SpeechProgress,
    SpeechResumed,
    SpeechStarted,
    UtteranceEnded,
)

RATE_HZ = 1000  # one sample a millisecond keeps the arithmetic in sight
FRAME_MS = 20


class ScriptedDetector:
    """Takes the verdict from the frame itself: its first byte. Reports a fixed hang-over."""

    rate_hz = RATE_HZ
    frame_samples = FRAME_MS
    tentative = False
    stirring = False
    faint = False

    def __init__(self, hangover_ms: int = 0) -> None:
        self.hangover_ms = hangover_ms

    def is_speech(self, frame: bytes) -> bool:
        self.stirring = frame[0] in (1, 2)
        return frame[0] == 1


class Line:
    """A segmenter and everything said to it: frames carry their number, so that lost audio shows."""

    def __init__(self, config: SegmenterConfig | None = None, hangover_ms: int = 0) -> None:
        self.segmenter = Segmenter(config or SegmenterConfig(), ScriptedDetector(hangover_ms))
        self.frames: list[bytes] = []
        self.events: list[SegmentEvent] = []

    def say(self, ms: int) -> list[SegmentEvent]:
        return self._feed(True, ms)

    def be_silent(self, ms: int) -> list[SegmentEvent]:
        return self._feed(False, ms)

    def stir(self, ms: int) -> list[SegmentEvent]:
        return self._feed(2, ms)

    def flush(self) -> list[SegmentEvent]:
        events = self.segmenter.flush()
        self.events += events
        return events

    def pcm(self, from_ms: int, to_ms: int) -> bytes:
        return b"".join(self.frames[from_ms // FRAME_MS : to_ms // FRAME_MS])

    def _feed(self, speech: int, ms: int) -> list[SegmentEvent]:
        events: list[SegmentEvent] = []
        for _ in range(ms // FRAME_MS):
            frame = bytes([speech]) + len(self.frames).to_bytes(4, "big") + bytes(FRAME_MS * 2 - 5)
            self.frames.append(frame)
            events += self.segmenter.feed(frame)
        self.events += events
        return events


def without_progress(events: Iterable[SegmentEvent]) -> list[SegmentEvent]:
    return [event for event in events if not isinstance(event, SpeechProgress)]


def ended(events: Iterable[SegmentEvent]) -> UtteranceEnded:
    (found,) = [event for event in events if isinstance(event, UtteranceEnded)]
    return found


def test_an_utterance_from_first_to_last_event() -> None:
    line = Line()
    line.be_silent(1000)
    line.say(400)
    line.be_silent(800)
    pcm = line.pcm(700, 1600)
    assert without_progress(line.events) == [
        SpeechStarted(1, 1000),
        SpeechPaused(1, 1, pcm),
        UtteranceEnded(1, 1, pcm, 1000, 1400, EndReason.SILENCE),
    ]


def test_progress_grows_with_every_frame_of_speech() -> None:
    line = Line()
    progress = [event for event in line.say(100) if isinstance(event, SpeechProgress)]
    assert [event.speech_ms for event in progress] == [20, 40, 60, 80, 100]


def test_silence_is_counted_from_the_true_end_of_speech() -> None:
    line = Line(hangover_ms=100)
    line.say(400)
    assert without_progress(line.be_silent(80)) == []
    (paused,) = line.be_silent(20)  # 100 of hang-over and 100 of silence
    assert isinstance(paused, SpeechPaused)
    assert without_progress(line.be_silent(580)) == []
    assert ended(line.be_silent(20)).end_sample == 300


def test_hangover_never_exceeds_the_run_it_ends() -> None:
    line = Line(hangover_ms=100)
    line.say(200)
    line.be_silent(40)
    line.say(40)
    assert ended(line.be_silent(800)).end_sample == 240


def test_a_click_is_discarded_at_the_pause() -> None:
    line = Line()
    line.say(80)
    assert without_progress(line.be_silent(180)) == []
    assert line.be_silent(20) == [SpeechDiscarded(1)]
    assert not line.segmenter.in_utterance


def test_hangover_does_not_make_a_click_speech() -> None:
    line = Line(hangover_ms=100)
    line.say(180)
    assert line.be_silent(200)[0] == SpeechDiscarded(1)


def test_what_was_discarded_can_still_lead_the_next_utterance() -> None:
    line = Line()
    line.say(60)
    line.be_silent(200)
    line.say(200)
    event = ended(line.be_silent(800))
    assert event.utterance_id == 2
    assert event.pcm == line.pcm(0, 660)


def test_going_on_after_a_pause_makes_it_one_utterance() -> None:
    line = Line()
    line.say(200)
    line.be_silent(400)
    events = line.say(200)
    assert without_progress(events) == [SpeechResumed(1, 400)]
    assert [e.speech_ms for e in events if isinstance(e, SpeechProgress)][-1] == 400
    paused, end = without_progress(line.be_silent(800))
    assert isinstance(paused, SpeechPaused)
    assert isinstance(end, UtteranceEnded)
    assert (paused.attempt, end.attempt) == (2, 2)
    assert end.pcm == paused.pcm == line.pcm(0, 1000)


def test_a_click_in_the_pause_neither_resumes_nor_restarts_the_time() -> None:
    line = Line()
    line.say(200)
    line.be_silent(400)
    assert line.say(60) == []
    assert line.be_silent(320) == []
    event = ended(line.be_silent(20))
    assert (event.attempt, event.end_sample) == (1, 200)


def test_short_bursts_in_a_pause_add_up_to_speech() -> None:
    line = Line()
    line.say(200)
    line.be_silent(300)
    line.say(60)
    line.be_silent(60)
    assert SpeechResumed(1, 360) in line.say(20)


def test_an_utterance_does_not_end_while_a_burst_is_undecided() -> None:
    line = Line()
    line.say(200)
    line.be_silent(780)
    assert line.say(60) == []
    assert SpeechResumed(1, 780) in line.say(20)


def test_a_pause_may_end_the_utterance_sooner() -> None:
    line = Line(SegmenterConfig(speculate_after_ms=100))
    line.say(200)
    line.be_silent(100)
    assert line.segmenter.end_after(1, 1, 240) == []
    assert line.be_silent(120) == []
    event = ended(line.be_silent(20))
    assert (event.attempt, event.end_sample, event.reason) == (1, 200, EndReason.SILENCE)


def test_a_pause_that_has_lasted_long_enough_ends_the_utterance_at_once() -> None:
    line = Line(SegmenterConfig(speculate_after_ms=100))
    line.say(200)
    line.be_silent(300)
    assert ended(line.segmenter.end_after(1, 1, 240)).end_sample == 200
    assert line.segmenter.end_after(1, 1, 240) == []


def test_a_shorter_end_holds_for_its_own_pause_and_never_for_longer_than_the_usual_one() -> None:
    line = Line(SegmenterConfig(speculate_after_ms=100, end_of_speech_ms=400))
    line.say(200)
    line.be_silent(100)
    assert line.segmenter.end_after(1, 2, 100) == line.segmenter.end_after(2, 1, 100) == []
    line.segmenter.end_after(1, 1, 240)
    line.say(100)  # goes on in time
    line.be_silent(300)
    assert line.segmenter.in_utterance
    line.segmenter.end_after(1, 2, 3000)
    assert ended(line.be_silent(100)).attempt == 2


def test_what_stands_out_of_the_noise_puts_an_early_end_off() -> None:
    line = Line()
    line.say(200)
    line.be_silent(200)
    assert line.segmenter.end_after(1, 1, 240) == []
    assert line.stir(200) == []
    (end,) = line.be_silent(20)
    assert isinstance(end, UtteranceEnded)
    assert end.end_sample == 200


def test_a_word_that_begins_softly_goes_on() -> None:
    line = Line()
    line.say(200)
    line.be_silent(200)
    line.segmenter.end_after(1, 1, 240)
    line.stir(180)
    assert line.say(100)[0] == SpeechResumed(1, 380)


def test_a_sound_that_never_ends_puts_an_early_end_off_for_a_while_only() -> None:
    line = Line(SegmenterConfig(stir_ms=100))
    line.say(200)
    line.be_silent(200)
    line.segmenter.end_after(1, 1, 240)
    assert line.stir(120) == []
    assert ended(line.stir(20)).end_sample == 200


def test_what_stands_out_of_the_noise_leaves_the_longest_wait_exact() -> None:
    line = Line(SegmenterConfig(end_of_speech_ms=400))
    line.say(200)
    line.be_silent(200)
    assert line.stir(180) == []
    assert ended(line.stir(20)).end_sample == 200


def test_nobody_is_cut_off_who_may_just_be_going_on() -> None:
    line = Line(SegmenterConfig(speculate_after_ms=100))
    line.say(200)
    line.be_silent(300)
    line.say(40)
    assert line.segmenter.end_after(1, 1, 240) == []
    assert SpeechResumed(1, 300) in line.say(40)


def test_the_audio_so_far_is_that_of_the_utterance_under_way() -> None:
    line = Line()
    line.be_silent(400)
    line.say(200)
    assert line.segmenter.audio_so_far(1) == line.pcm(100, 600)
    assert line.segmenter.audio_so_far(2) == b""
    line.be_silent(800)
    assert line.segmenter.audio_so_far(1) == b""


def test_the_pre_roll_of_the_next_utterance_may_be_the_silence_that_ended_the_last() -> None:
    line = Line(SegmenterConfig(end_of_speech_ms=400))
    line.say(200)
    line.be_silent(400)
    line.say(200)
    event = ended(line.be_silent(400))
    assert event.start_sample == 600
    assert event.pcm == line.pcm(300, 1000)


def test_pre_roll_holds_no_speech_of_the_last_utterance() -> None:
    line = Line(SegmenterConfig(end_of_speech_ms=200))
    line.say(200)
    line.be_silent(200)
    line.say(200)
    assert ended(line.be_silent(400)).pcm == line.pcm(200, 800)


@pytest.mark.parametrize(("first_ms", "then_ms", "wait_ms"), [(800, 400, 400), (400, 1200, 1200)])
def test_end_of_speech_changes_in_mid_utterance(first_ms: int, then_ms: int, wait_ms: int) -> None:
    line = Line(SegmenterConfig(end_of_speech_ms=first_ms))
    line.say(200)
    line.be_silent(300)
    line.segmenter.set_end_of_speech(then_ms)
    assert line.segmenter.end_of_speech_ms == then_ms
    assert line.be_silent(wait_ms - 320) == []
    assert ended(line.be_silent(20)).reason is EndReason.SILENCE


def test_end_of_speech_shorter_than_the_silence_already_heard_ends_at_once() -> None:
    line = Line()
    line.say(200)
    line.be_silent(600)
    line.segmenter.set_end_of_speech(300)
    assert ended(line.be_silent(20)).attempt == 1


def test_end_of_speech_before_the_pause_pauses_and_ends_together() -> None:
    line = Line(SegmenterConfig(end_of_speech_ms=100, speculate_after_ms=200))
    line.say(200)
    paused, end = line.be_silent(100)
    assert isinstance(paused, SpeechPaused)
    assert isinstance(end, UtteranceEnded)
    assert end.attempt == 1


def test_end_of_speech_must_be_positive() -> None:
    with pytest.raises(ValueError, match="more than 0"):
        Line().segmenter.set_end_of_speech(0)


def test_the_longest_utterance_ends_and_the_next_begins_without_a_gap() -> None:
    line = Line(SegmenterConfig(max_utterance_s=2))
    line.be_silent(500)
    first = ended(line.say(1700))
    assert first.reason is EndReason.MAX_LENGTH
    assert first.pcm == line.pcm(200, 2200)
    assert first.attempt == 0
    line.say(40)  # shorter than any utterance, but it is the tail of one
    second = ended(line.be_silent(800))
    assert second.pcm == line.pcm(2200, 2440)


def test_flush_ends_what_is_under_way() -> None:
    line = Line()
    assert line.flush() == []
    line.say(300)
    assert ended(line.flush()).reason is EndReason.FLUSHED
    line.say(40)
    assert line.flush() == [SpeechDiscarded(2)]


def test_settings_are_taken_over() -> None:
    settings = VadSettings(min_speech_ms=60, pre_roll_ms=100, end_of_speech_ms=900, speculate_after_ms=300)
    config = SegmenterConfig.from_settings(settings)
    assert (config.min_speech_ms, config.pre_roll_ms) == (60, 100)
    assert (config.end_of_speech_ms, config.speculate_after_ms) == (900, 300)
    assert config.max_utterance_s == settings.max_utterance_s


RUNS = st.lists(st.tuples(st.booleans(), st.integers(1, 60)), max_size=40)


@given(RUNS, st.sampled_from([0, 60, 100]), st.integers(0, 2000), st.sampled_from([100, 200, 800]))
def test_any_call_gives_well_formed_events_and_loses_no_speech(
    runs: list[tuple[bool, int]], hangover_ms: int, pre_roll_ms: int, end_ms: int
) -> None:
    config = SegmenterConfig(pre_roll_ms=pre_roll_ms, end_of_speech_ms=end_ms, max_utterance_s=3)
    line = Line(config, hangover_ms)
    for speech, frames in runs:
        (line.say if speech else line.be_silent)(frames * FRAME_MS)
    line.flush()
    check_order(line.events)
    check_audio(line, config)


def check_order(events: list[SegmentEvent]) -> None:
    current = 0
    paused = False
    attempt = 0
    for event in events:
        if isinstance(event, SpeechStarted):
            assert event.utterance_id == current + 1
            current, paused, attempt = event.utterance_id, False, 0
            is_open = True
            continue
        assert event.utterance_id == current
        assert is_open
        if isinstance(event, SpeechProgress):
            assert not paused
            assert event.speech_ms >= FRAME_MS
        elif isinstance(event, SpeechPaused):
            assert not paused
            assert event.attempt == attempt + 1
            paused, attempt, pcm = True, event.attempt, event.pcm
        elif isinstance(event, SpeechResumed):
            assert paused
            paused = False
        else:
            is_open = False
            if isinstance(event, UtteranceEnded):
                assert event.attempt == (attempt if paused else 0)
                assert event.pcm == pcm if paused else True
    assert not events or not is_open


def check_audio(line: Line, config: SegmenterConfig) -> None:
    whole = b"".join(line.frames)
    size = FRAME_MS * 2
    covered: set[int] = set()
    for event in line.events:
        if not isinstance(event, UtteranceEnded):
            continue
        at = whole.find(event.pcm)
        assert at % size == 0, "an utterance is one stretch of the call"
        assert len(event.pcm) <= config.max_utterance_s * RATE_HZ * 2 + size
        first = at // size
        assert 0 <= event.start_sample - first * FRAME_MS < config.pre_roll_ms + FRAME_MS
        assert event.start_sample < event.end_sample <= first * FRAME_MS + len(event.pcm) // 2
        spoken = range(event.start_sample // FRAME_MS, event.end_sample // FRAME_MS)
        assert not covered & set(spoken), "no speech is in two utterances"
        covered |= set(spoken)
