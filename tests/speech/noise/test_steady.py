from __future__ import annotations

import numpy as np
import pytest

from voicebot.evaluation.detection import at_level, audio_of, line, tones
from voicebot.evaluation.telephone import RATE_HZ, Audio, to_pcm
from voicebot.speech.clips import load_clips, own_directory
from voicebot.speech.noise import SteadySound


def denied(audio: Audio, frame_ms: int = 20) -> list[bool]:
    veto = SteadySound(RATE_HZ, frame_ms)
    pcm, size = to_pcm(audio), RATE_HZ * frame_ms // 500
    return [veto.denies(pcm[at : at + size]) for at in range(0, len(pcm) - size + 1, size)]


@pytest.mark.parametrize("frame_ms", [10, 20, 30])
@pytest.mark.parametrize("frequencies_hz", [(425,), (440, 480), (350, 440), (1100,), (2100,)])
def test_network_tones_are_denied(frequencies_hz: tuple[int, ...], frame_ms: int) -> None:
    flags = denied(line(tones(frequencies_hz, 3.0, 0.0, 3.0, -20.0)), frame_ms)
    assert all(flags[1500 // frame_ms :])


def test_a_single_tone_is_denied_at_once() -> None:
    flags = denied(line(tones((425,), 1.0, 0.0, 1.0, -20.0)))
    # The window of 64 ms has to be full of it, and then it has to stay for 120 ms.
    assert all(flags[11:])


def test_silence_is_not_denied() -> None:
    assert not any(denied(np.zeros(RATE_HZ)))


@pytest.mark.audio
def test_words_and_sentences_are_not_denied() -> None:
    clips = [clip for clip in load_clips() if clip.kind in ("word", "digit", "sentence")] or load_clips(own_directory())
    for clip in clips[::5]:
        flags = denied(line(np.concatenate([np.zeros(RATE_HZ), at_level(audio_of(clip), -22.0)])))
        assert sum(flags) <= 0.1 * len(flags), clip.path.name


@pytest.mark.audio
def test_music_on_hold_is_denied_after_two_seconds() -> None:
    clips = load_clips(kind="music on hold")
    if not clips:
        pytest.skip("no such recordings here")
    shares = [np.mean(denied(line(at_level(audio_of(clip), -25.0)))[100:]) for clip in clips]
    assert np.median(shares) > 0.75
    assert np.mean(shares) > 0.6


@pytest.mark.audio
def test_who_speaks_over_a_hum_is_not_denied() -> None:
    sentences = [clip for clip in load_clips() if clip.kind == "sentence"] or load_clips(own_directory())
    for clip in sentences[:5]:
        speech = at_level(audio_of(clip), -20.0)
        hum = tones((300, 350, 400), 60.0, 0.0, 3.0 + len(speech) / RATE_HZ, -42.0)
        flags = denied(line(hum + np.pad(speech, (len(hum) - len(speech), 0))))
        assert all(flags[100:140])
        assert np.mean(flags[150:]) < 0.5, clip.path.name


def test_frames_too_faint_to_learn_from_leave_nothing_behind() -> None:
    speech = to_pcm(at_level(audio_of(load_clips(own_directory())[0]), -22.0))
    hush = to_pcm(line(np.zeros(RATE_HZ)))
    size = RATE_HZ // 50 * 2
    one, other = SteadySound(RATE_HZ, 20), SteadySound(RATE_HZ, 20)
    for veto, faint in ((one, True), (other, False)):
        veto.note_quiet(speech, faint=False)
        veto.note_quiet(hush[: len(hush) // size * size], faint)
    pieces = [speech[at : at + size] for at in range(0, len(speech) - size + 1, size)]
    assert [one.denies(piece) for piece in pieces] == [other.denies(piece) for piece in pieces]
    assert one.likeness == pytest.approx(other.likeness, abs=0.05)
