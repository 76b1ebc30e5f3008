"""Speech goes on where webrtcvad loses it, and ends where it ends."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from voicebot.evaluation.detection import FRAME_MS, FRAME_SAMPLES, at_level, audio_of, hiss, line, speech_of
from voicebot.evaluation.telephone import RATE_HZ, Audio, to_pcm
from voicebot.speech.clips import Clip, load_clips, own_directory
from voicebot.speech.vad import VetoedDetector, VoiceActivityDetector, WebRtcDetector
from voicebot.speech.vad.silero import NoVoice, SileroModel, SileroStream

SOFT_DBFS = -44.0
SENTENCES = [clip for clip in load_clips(own_directory()) if clip.kind == "sentence"]
Frames = npt.NDArray[np.bool_]


def sustained(silero: SileroModel) -> VoiceActivityDetector:
    voice = NoVoice(SileroStream(silero, RATE_HZ))
    return VetoedDetector(WebRtcDetector(RATE_HZ, FRAME_MS, carry_ms=600), [voice], confirms=voice)


def alone(silero: SileroModel) -> VoiceActivityDetector:
    return VetoedDetector(WebRtcDetector(RATE_HZ, FRAME_MS), [NoVoice(SileroStream(silero, RATE_HZ))])


def judged(detector: VoiceActivityDetector, audio: Audio) -> Frames:
    pcm, size = to_pcm(audio), 2 * FRAME_SAMPLES
    return np.array([detector.is_speech(pcm[at : at + size]) for at in range(0, len(pcm) - size + 1, size)])


def softly(clip: Clip) -> Audio:
    clean = np.concatenate([np.zeros(RATE_HZ), at_level(audio_of(clip), SOFT_DBFS), np.zeros(RATE_HZ)])
    return line(clean)


def inside(speech: Frames) -> Frames:
    """Return the frames from the first of speech to the last."""
    found = np.flatnonzero(speech)
    return speech[found[0] : found[-1] + 1]


def test_soft_sentences_have_fewer_holes(silero: SileroModel) -> None:
    holes = {
        make.__name__: sum(int((~inside(judged(make(silero), softly(clip)))).sum()) for clip in SENTENCES)
        for make in (alone, sustained)
    }
    assert holes["sustained"] < 0.7 * holes["alone"]


@pytest.mark.parametrize("clip", SENTENCES, ids=lambda clip: clip.path.stem)
def test_it_ends_when_the_words_do(silero: SileroModel, clip: Clip) -> None:
    heard = judged(sustained(silero), softly(clip))
    clean = np.concatenate([np.zeros(RATE_HZ), at_level(audio_of(clip), SOFT_DBFS), np.zeros(RATE_HZ)])
    last = np.flatnonzero(speech_of(clean))[-1]
    assert np.flatnonzero(heard)[-1] - last <= 120 // FRAME_MS


def test_speech_begins_where_webrtcvad_says(silero: SileroModel) -> None:
    for clip in SENTENCES:
        heard = softly(clip)
        first = [np.flatnonzero(judged(make(silero), heard))[0] for make in (alone, sustained)]
        assert first[0] == first[1]


def test_only_the_quiet_end_of_what_was_carried_on_is_over_hang(silero: SileroModel) -> None:
    carrying, plain = WebRtcDetector(RATE_HZ, FRAME_MS, carry_ms=600), WebRtcDetector(RATE_HZ, FRAME_MS)
    voice = NoVoice(SileroStream(silero, RATE_HZ))
    detector = VetoedDetector(carrying, [voice], confirms=voice)
    pcm, size = to_pcm(softly(SENTENCES[2])), 2 * FRAME_SAMPLES
    carried, last = 0, (False, False)
    for at in range(0, len(pcm) - size + 1, size):
        now = (detector.is_speech(pcm[at : at + size]), plain.is_speech(pcm[at : at + size]))
        if last == (True, False) and not now[0]:
            carried += 1
            assert detector.hangover_ms <= 100
        last = now
    assert carried


def test_nobody_confirms_and_so_nothing_is_carried_on(silero: SileroModel) -> None:
    for clip in SENTENCES:
        tentative = VetoedDetector(WebRtcDetector(RATE_HZ, FRAME_MS, carry_ms=600), [])
        plain = WebRtcDetector(RATE_HZ, FRAME_MS)
        assert (judged(tentative, softly(clip)) == judged(plain, softly(clip))).all()


def test_hiss_is_silence(silero: SileroModel) -> None:
    assert not judged(sustained(silero), hiss(5 * RATE_HZ, -50.0, 1))[25:].any()
