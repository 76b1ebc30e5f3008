"""The bot's own voice comes back over lines and from rooms; a caller who speaks over it is heard all the same."""

from __future__ import annotations

import random

import numpy as np
import pytest

from voicebot.evaluation.detection import Listened, at_level, audio_of, echo_of, line, listen, speech_of, talk
from voicebot.evaluation.telephone import RATE_HZ, Audio, to_pcm
from voicebot.settings.model import VadSettings
from voicebot.speech.clips import load_clips, own_directory
from voicebot.speech.echo import EchoGuard, PlayedAudio
from voicebot.speech.vad import VoiceActivityDetector
from voicebot.speech.vad.detectors import Detectors

pytestmark = pytest.mark.audio
BOT_DBFS = -20.0
PLAIN = Detectors(VadSettings(engine="webrtc", echo_guard=False))
GUARDED = Detectors(VadSettings(engine="webrtc"))


def bot_talk(seed: int, seconds: float = 6.0) -> Audio:
    return talk(load_clips(own_directory()), seconds, BOT_DBFS, random.Random(seed))


def hear(detectors: Detectors, back: Audio, played: Audio) -> Listened:
    def make(reference: PlayedAudio) -> VoiceActivityDetector:
        return detectors.for_call(RATE_HZ, reference)

    return listen(make, line(back), played)


def guard_after(back: Audio, played: Audio) -> EchoGuard:
    """Let a guard hear it all."""
    reference = PlayedAudio()
    guard = EchoGuard(reference, RATE_HZ, 160)
    heard, bot = to_pcm(line(back)), to_pcm(played)
    for at in range(0, len(heard) - 319, 320):
        reference.note(bot[at : at + 320])
        guard.denies(heard[at : at + 320])
    return guard


@pytest.mark.parametrize("delay_ms", [20, 100, 200, 400])
@pytest.mark.parametrize("level_db", [-10, -15, -20, -30])
def test_an_echo_does_not_stop_the_bot_from_its_first_sentence_on(level_db: int, delay_ms: int) -> None:
    played = bot_talk(delay_ms)
    back = echo_of(played, level_db, delay_ms)
    assert not hear(GUARDED, back, played).stops_ms
    if level_db >= -15:
        assert hear(PLAIN, back, played).stops_ms


@pytest.mark.parametrize(("delay_ms", "level_db"), [(40, -20), (200, -15), (400, -25)])
def test_delay_and_loudness_of_an_echo_are_found(delay_ms: int, level_db: int) -> None:
    played = bot_talk(3)
    guard = guard_after(echo_of(played, level_db, delay_ms), played)
    assert guard.delay_frames is not None
    assert abs(guard.delay_frames - delay_ms // 20) <= 1
    assert guard.coupling_db is not None
    assert abs(guard.coupling_db - level_db) < 5


def test_where_there_is_no_echo_none_is_found() -> None:
    played = bot_talk(4)
    guard = guard_after(np.zeros(len(played)), played)
    assert guard.delay_frames is None
    assert guard.coupling_db is None


@pytest.mark.parametrize("after_s", [1, 4])
@pytest.mark.parametrize("level_db", [-100, -30, -20, -15])
def test_a_caller_is_found_over_the_echo_within_200_ms(level_db: int, after_s: int) -> None:
    found_ms = []
    for seed, clip in enumerate(load_clips(own_directory())):
        played = bot_talk(seed + 10)
        words = at_level(audio_of(clip), BOT_DBFS)[: 2 * RATE_HZ]
        near = np.zeros(len(played))
        near[after_s * RATE_HZ : after_s * RATE_HZ + len(words)] = words[: len(near) - after_s * RATE_HZ]
        onset = after_s * 50 + int(np.flatnonzero(speech_of(words))[0])
        heard = hear(GUARDED, near + echo_of(played, level_db, 100), played)
        assert [stop for stop in heard.stops_ms if onset * 20 - 100 <= stop < onset * 20 + 1500], clip.path.name
        found_ms.append(int(np.flatnonzero(heard.speech[onset:])[0] + 1) * 20)
    assert np.median(found_ms) <= 120
    assert sorted(found_ms)[-2] <= 200


def test_the_bot_that_is_silent_denies_nobody() -> None:
    played = np.zeros(4 * RATE_HZ)
    speech = at_level(audio_of(load_clips(own_directory())[0]), -30.0)
    near = np.pad(speech, (RATE_HZ, RATE_HZ))
    one, other = (hear(detectors, near, played[: len(near)]) for detectors in (PLAIN, GUARDED))
    assert (one.speech == other.speech).all()


def test_a_jump_of_the_delay_is_followed() -> None:
    played = bot_talk(5, 10.0)
    half = len(played) // 2
    back = np.concatenate([echo_of(played, -20, 100)[:half], echo_of(played, -20, 220)[half:]])
    guard = guard_after(back, played)
    assert guard.delay_frames is not None
    assert abs(guard.delay_frames - 11) <= 1


def test_pauses_do_not_make_an_echo_seem_softer() -> None:
    sentence = bot_talk(6, 2.0)
    played = np.concatenate([np.pad(sentence, (0, 3 * RATE_HZ // 2))] * 4)
    guard = guard_after(echo_of(played, -15, 400), played)
    assert guard.coupling_db is not None
    assert guard.coupling_db > -18
