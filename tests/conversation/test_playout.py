from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from voicebot.conversation.events import ClipFinished, ClipStarted
from voicebot.conversation.playout import Playout, PlayoutEvent

RATE_HZ = 16000
FRAME = 320


def made() -> tuple[Playout, list[PlayoutEvent]]:
    events: list[PlayoutEvent] = []
    return Playout(RATE_HZ, events.append), events


def tone(samples: int, value: int = 1000) -> bytes:
    return np.full(samples, value, "<i2").tobytes()


def test_an_empty_playout_is_silent() -> None:
    playout, events = made()
    assert playout.read(FRAME) == bytes(2 * FRAME)
    assert events == []


def test_a_clip_is_played_and_accounted_for() -> None:
    playout, events = made()
    playout.begin(7)
    playout.append(7, tone(FRAME + 100))
    playout.finish(7)
    assert playout.read(FRAME) == tone(FRAME)
    assert playout.read(FRAME) == tone(100) + bytes(2 * (FRAME - 100))
    assert events == [ClipStarted(7), ClipFinished(7, (FRAME + 100) * 1000 // RATE_HZ)]


def test_the_next_clip_follows_without_a_gap() -> None:
    playout, _ = made()
    for clip_id, value in ((1, 5), (2, 6)):
        playout.begin(clip_id)
        playout.append(clip_id, tone(200, value))
        playout.finish(clip_id)
    assert playout.read(FRAME) == tone(200, 5) + tone(120, 6)


def test_a_clip_that_is_still_being_made_is_waited_for() -> None:
    playout, events = made()
    playout.begin(1)
    playout.begin(2)
    playout.append(2, tone(FRAME, 2))
    assert playout.read(FRAME) == bytes(2 * FRAME)
    playout.append(1, tone(FRAME, 1))
    assert playout.read(FRAME) == tone(FRAME, 1)
    assert playout.read(FRAME) == bytes(2 * FRAME)
    playout.finish(1)
    assert playout.read(FRAME) == tone(FRAME, 2)
    assert events == [ClipStarted(1), ClipFinished(1, 20), ClipStarted(2)]
    assert playout.underrun_frames == 1


def test_stopping_fades_within_a_frame_and_says_what_was_heard() -> None:
    playout, _ = made()
    playout.begin(1)
    playout.append(1, tone(10 * FRAME))
    playout.finish(1)
    playout.begin(2)
    playout.read(FRAME)
    stopped = playout.stop()
    assert [(item.clip_id, item.heard_ms, item.total_ms) for item in stopped] == [(1, 20, 200)]
    fade = np.frombuffer(playout.read(FRAME), "<i2")
    assert fade[0] == 1000
    assert fade[-1] == 0
    assert (np.diff(fade) <= 0).all()
    assert playout.read(FRAME) == bytes(2 * FRAME)


def test_audio_for_a_stopped_clip_is_refused() -> None:
    playout, _ = made()
    playout.begin(1)
    playout.stop()
    assert not playout.append(1, tone(FRAME))


def test_a_failed_clip_leaves_the_queue_without_a_report() -> None:
    playout, events = made()
    playout.begin(1)
    playout.begin(2)
    playout.append(2, tone(FRAME, 2))
    playout.finish(2)
    playout.drop(1)
    assert playout.read(FRAME) == tone(FRAME, 2)
    assert [event.clip_id for event in events] == [2, 2]


def test_the_ringing_tone_has_no_seam_and_gives_way_to_clips() -> None:
    playout, _ = made()
    playout.set_ringback(on=True)
    period = RATE_HZ * 5
    heard = b"".join(playout.read(FRAME) for _ in range(period // FRAME))
    again = b"".join(playout.read(FRAME) for _ in range(period // FRAME))
    assert heard == again
    samples = np.frombuffer(heard, "<i2")
    assert np.abs(samples[: RATE_HZ // 2]).max() > 1000
    assert not samples[RATE_HZ * 2 :].any()
    playout.begin(1)
    playout.append(1, tone(FRAME))
    assert playout.read(FRAME) == tone(FRAME)
    playout.stop()
    playout.set_ringback(on=False)
    playout.read(FRAME)
    assert playout.read(FRAME) == bytes(2 * FRAME)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 700)), max_size=12), st.lists(st.integers(1, 500)))
def test_every_sample_is_played_once_and_in_order(pieces: list[tuple[int, int]], reads: list[int]) -> None:
    playout, _ = made()
    expected: dict[int, bytes] = {1: b"", 2: b"", 3: b""}
    for clip_id in expected:
        playout.begin(clip_id)
    for number, (clip_id, samples) in enumerate(pieces):
        pcm = tone(samples, number + 1)
        playout.append(clip_id, pcm)
        expected[clip_id] += pcm
    for clip_id in expected:
        playout.finish(clip_id)
    whole = b"".join(expected.values())
    heard = b"".join(playout.read(samples) for samples in reads)
    assert heard[: len(whole)] == whole[: len(heard)]
    assert not any(heard[len(whole) :])


def begun(frames: int, value: int = 1000) -> Playout:
    """A playout whose first clip, of 100 frames, has been heard for some frames."""
    playout, _ = made()
    playout.begin(1)
    playout.append(1, tone(100 * FRAME, value))
    playout.finish(1)
    playout.read(frames * FRAME)
    return playout


def loudness(pcm: bytes) -> list[int]:
    return [int(value) for value in np.frombuffer(pcm, "<i2")]


def test_a_pause_fades_out_and_keeps_the_place() -> None:
    playout = begun(50)
    paused = playout.pause()
    assert [(item.clip_id, item.heard_ms, item.total_ms) for item in paused] == [(1, 1000, 2000)]
    fade = np.frombuffer(playout.read(FRAME), "<i2")
    assert (fade[0], fade[-1]) == (1000, 0)
    assert (np.diff(fade) <= 0).all()
    assert not any(playout.read(20 * FRAME))
    assert playout.pause() == []


def test_after_a_pause_it_fades_in_a_little_before_that_place() -> None:
    playout, events = made()
    playout.begin(1)
    playout.append(1, np.repeat(np.arange(1, 101, dtype="<i2") * 100, FRAME).tobytes())  # each frame louder
    playout.finish(1)
    playout.read(50 * FRAME)
    playout.pause()
    playout.read(10 * FRAME)
    playout.resume()
    ramp = np.frombuffer(playout.read(FRAME), "<i2")
    assert (ramp[0], ramp[-1]) == (0, 3600)  # frame 36: 15 frames before the 51st
    assert (np.diff(ramp) >= 0).all()
    assert playout.read(FRAME) == tone(FRAME, 3700)
    playout.read(100 * FRAME)
    assert events == [ClipStarted(1), ClipFinished(1, 2000)]


def test_after_a_pause_it_can_begin_anew() -> None:
    playout = begun(50)
    playout.pause()
    playout.read(FRAME)
    playout.resume(from_start=True)
    heard = loudness(playout.read(101 * FRAME))
    assert heard[FRAME : 100 * FRAME] == [1000] * (99 * FRAME)
    assert not any(heard[100 * FRAME :])


def test_what_was_heard_before_a_pause_counts_after_it() -> None:
    playout = begun(50)
    playout.pause()
    playout.resume()
    playout.read(5 * FRAME)  # 200 ms less than what was heard before
    assert [item.heard_ms for item in playout.stop()] == [1000]


def test_a_stop_in_a_pause_is_silent_and_what_follows_is_heard() -> None:
    playout = begun(50)
    playout.pause()
    playout.read(5 * FRAME)
    assert [item.heard_ms for item in playout.stop()] == [1000]
    assert not any(playout.read(FRAME))
    playout.begin(2)
    playout.append(2, tone(FRAME))
    assert playout.read(FRAME) == tone(FRAME)


def test_a_clip_that_had_not_begun_waits_in_a_pause() -> None:
    playout, events = made()
    playout.begin(1)
    playout.pause()
    playout.append(1, tone(FRAME))
    playout.finish(1)
    assert not any(playout.read(FRAME))
    playout.resume()
    assert playout.read(FRAME) == tone(FRAME)
    assert events == [ClipStarted(1), ClipFinished(1, 20)]
    assert playout.underrun_frames == 0


@given(st.lists(st.tuples(st.sampled_from(["read", "pause", "resume"]), st.integers(1, 30)), max_size=20))
def test_pauses_click_nowhere_and_lose_nothing(steps: list[tuple[str, int]]) -> None:
    """A loud constant may change by no more than a ramp of 20 ms does, but at its own beginning and end."""
    playout, events = made()
    playout.begin(1)
    playout.append(1, tone(60 * FRAME, 8000))
    playout.finish(1)
    heard = playout.read(FRAME)
    for step, frames in steps:
        if step == "pause":
            playout.pause()
        elif step == "resume":
            playout.resume()
        else:
            heard += playout.read(frames * FRAME)
    playout.resume()
    heard += playout.read(300 * FRAME)
    levels = np.concatenate(([8000], np.frombuffer(heard, "<i2").astype(int)))
    last = int(np.flatnonzero(levels)[-1])
    assert np.abs(np.diff(levels[: last + 1])).max() <= 8000 // (FRAME - 2) + 1
    assert events[-1] == ClipFinished(1, 1200)
