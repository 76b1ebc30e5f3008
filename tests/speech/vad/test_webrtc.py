from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from voicebot.speech.clips import load_clips, own_directory
from voicebot.speech.level import GateConfig
from voicebot.speech.vad import FRAMES_MS, RATES_HZ, WebRtcDetector

# A gate that is always open: what is left is webrtcvad alone.
OPEN = GateConfig(minimum_dbfs=-200.0, below_peak_db=200.0, narrow_db=-1.0, least_above_db=-200.0, most_above_db=-200.0)


def vowel(rate_hz: int, duration_ms: int) -> bytes:
    """A buzz with the formants of an "a": speech to webrtcvad from its first frame to its last."""
    time = np.arange(rate_hz * duration_ms // 1000) / rate_hz
    formants = ((800, 1.0), (1200, 0.6), (2600, 0.3))
    wave = sum(
        np.exp(-(((120 * harmonic - centre) / 200) ** 2)) * weight * np.sin(2 * np.pi * 120 * harmonic * time)
        for centre, weight in formants
        for harmonic in range(1, 30)
    )
    samples: npt.NDArray[np.float64] = np.asarray(wave)
    pcm: bytes = (samples / np.abs(samples).max() * 12000).astype(np.int16).tobytes()
    return pcm


def judge(detector: WebRtcDetector, pcm: bytes) -> list[bool]:
    size = detector.frame_samples * 2
    return [detector.is_speech(pcm[at : at + size]) for at in range(0, len(pcm) - size + 1, size)]


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("frame_ms", FRAMES_MS)
@pytest.mark.parametrize("aggressiveness", [0, 1, 2, 3])
@pytest.mark.parametrize("frames", [4, 40])
def test_the_hangover_told_is_the_one_webrtcvad_has(
    rate_hz: int, frame_ms: int, aggressiveness: int, frames: int
) -> None:
    # Over-hang is what webrtcvad reports after the sound has ended, but for up to 20 ms that its filters still ring.
    detector = WebRtcDetector(rate_hz, frame_ms, aggressiveness, OPEN)
    judge(detector, bytes(rate_hz // 1000 * 600 * 2))
    assert all(judge(detector, vowel(rate_hz, frames * frame_ms)))
    after = 0
    while detector.is_speech(bytes(detector.frame_samples * 2)):
        after += 1
    assert abs(after * frame_ms - detector.hangover_ms) <= max(20, frame_ms)
    assert 60 <= detector.hangover_ms <= 150


def test_the_gate_ends_speech_without_hangover() -> None:
    detector = WebRtcDetector()
    judge(detector, bytes(16000))
    assert all(judge(detector, vowel(16000, 400))[1:])
    assert not detector.is_speech(bytes(640))
    assert detector.hangover_ms == 0


def test_steady_faint_noise_is_not_speech() -> None:
    noise = np.random.default_rng(1).normal(0, 32768 * 10 ** (-50 / 20), 16000 * 4).astype(np.int16).tobytes()
    # webrtcvad itself calls the first frames speech: less than an utterance needs, and nothing after them.
    flags = judge(WebRtcDetector(), noise)
    assert sum(flags) < 5
    assert not any(flags[5:])


@pytest.mark.parametrize("gain_db", [0, -15])
def test_recorded_speech_is_found_loud_or_soft(gain_db: float) -> None:
    for clip in load_clips(own_directory()):
        samples = np.frombuffer(clip.pcm(16000), dtype=np.int16) * 10 ** (gain_db / 20)
        flags = judge(WebRtcDetector(), bytes(16000) + samples.astype(np.int16).tobytes())
        assert not any(flags[:24]), clip.path.name
        assert sum(flags) * 20 > 500, clip.path.name


@pytest.mark.parametrize(("rate_hz", "frame_ms", "aggressiveness"), [(44100, 20, 2), (16000, 25, 2), (16000, 20, 4)])
def test_settings_webrtcvad_does_not_know_are_refused(rate_hz: int, frame_ms: int, aggressiveness: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        WebRtcDetector(rate_hz, frame_ms, aggressiveness)


def test_a_frame_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="640 bytes"):
        WebRtcDetector().is_speech(bytes(320))


def test_what_stands_out_of_the_noise_stirs_though_it_is_no_speech() -> None:
    random = np.random.default_rng(1)
    noise, hiss = (random.normal(0, 32768 * 10 ** (dbfs / 20), 16000).astype(np.int16).tobytes() for dbfs in (-65, -52))
    detector = WebRtcDetector(aggressiveness=3)
    judge(detector, noise)
    assert not detector.stirring
    assert not judge(detector, hiss[:640])[0]
    assert detector.stirring
    judge(detector, hiss[640 : 640 * 11])
    assert not detector.stirring


def soft_vowel(duration_ms: int) -> bytes:
    """A vowel that is 28 dB softer: the end of a word."""
    return (np.frombuffer(vowel(8000, duration_ms), np.int16) * 0.04).astype(np.int16).tobytes()


def on_a_quiet_line() -> WebRtcDetector:
    detector = WebRtcDetector(8000)
    judge(detector, np.random.default_rng(1).normal(0, 32768 * 10 ** (-68 / 20), 8000 * 3).astype(np.int16).tobytes())
    return detector


def test_the_quiet_end_of_a_word_is_over_hang_where_the_gate_ends_it() -> None:
    detector = on_a_quiet_line()
    assert all(judge(detector, vowel(8000, 400) + soft_vowel(60))[1:])
    assert not detector.is_speech(bytes(320))
    assert detector.hangover_ms == 60


def test_a_word_that_the_gate_has_ended_does_not_begin_again_in_its_over_hang() -> None:
    detector = on_a_quiet_line()
    judge(detector, vowel(8000, 400))
    assert judge(detector, bytes(320) + soft_vowel(20)) == [False, False]
    assert judge(detector, vowel(8000, 20)) == [True]


class Likely:
    """Takes everything for speech, as webrtcvad does with faint sounds for a while."""

    def is_speech(self, frame: bytes, rate_hz: int) -> bool:
        return True


def test_a_word_that_begins_below_the_gate_is_heard_as_soon_as_it_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    detector = on_a_quiet_line()
    judge(detector, vowel(8000, 400))
    judge(detector, np.random.default_rng(2).normal(0, 32768 * 10 ** (-68 / 20), 8000).astype(np.int16).tobytes())
    monkeypatch.setattr(detector, "_vad", Likely())
    faint = (np.frombuffer(vowel(8000, 60), np.int16) * 0.012).astype(np.int16).tobytes()
    assert judge(detector, faint + soft_vowel(60)) == [False] * 3 + [True] * 3
    assert judge(detector, faint + soft_vowel(60)) == [False] * 6


def test_it_tells_what_is_too_faint_to_be_speech_on_any_line() -> None:
    random = np.random.default_rng(1)
    detector = WebRtcDetector()
    for dbfs, faint in ((-65, True), (-50, False), (-90, True)):
        judge(detector, random.normal(0, 32768 * 10 ** (dbfs / 20), 1600).astype(np.int16).tobytes())
        assert detector.faint is faint
