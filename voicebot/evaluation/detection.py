"""How well detectors tell a caller's speech from all else: the sounds to try them on, and what they make of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicebot.evaluation.telephone import RATE_HZ, Audio, over_the_line, resampled, telephone_band, to_pcm
from voicebot.speech.clips import Clip
from voicebot.speech.echo import PlayedAudio
from voicebot.speech.segmenter import Segmenter, SegmenterConfig, SpeechProgress, UtteranceEnded
from voicebot.speech.types import BYTES_PER_SAMPLE
from voicebot.speech.vad import VoiceActivityDetector

FRAME_MS = 20
FRAME_SAMPLES = RATE_HZ * FRAME_MS // 1000
MakeDetector = Callable[[PlayedAudio], VoiceActivityDetector]

_LOUD_DB = 20.0  # what lies within this of a clip's loudest frame is its speech


@dataclass(frozen=True, slots=True)
class Listened:
    """What a detector and the segmenter behind it made of some audio.

    Attributes:
        speech: per frame, whether it was called speech.
        stops_ms: when speech of the length that interrupts the bot was complete, once an utterance.
        spans_ms: beginning and end of each utterance.
    """

    speech: npt.NDArray[np.bool_]
    stops_ms: list[float]
    spans_ms: list[tuple[float, float]]


def listen(make: MakeDetector, heard: Audio, played: Audio | None = None, interrupt_ms: int = 120) -> Listened:
    """Let a fresh detector hear audio at 8 kHz as it comes off a line.

    Args:
        make: makes the detector.
        heard: what comes from the caller.
        played: what the caller hears meanwhile.
        interrupt_ms: speech that interrupts.
    """
    reference = PlayedAudio()
    detector = make(reference)
    segmenter = Segmenter(SegmenterConfig(end_of_speech_ms=500), detector)
    pcm = to_pcm(heard)
    bot = b"" if played is None else to_pcm(played)
    size = FRAME_SAMPLES * BYTES_PER_SAMPLE
    flags, stops, spans, last = [], [], [], 0
    for at in range(0, len(pcm) - size + 1, size):
        reference.note(bot[at : at + size].ljust(size, b"\0"))
        grew = False
        for event in segmenter.feed(pcm[at : at + size]):
            if isinstance(event, SpeechProgress):
                grew = True
                if event.speech_ms >= interrupt_ms and event.utterance_id != last:
                    last = event.utterance_id
                    stops.append((at + size) * 1000 / (RATE_HZ * BYTES_PER_SAMPLE))
            elif isinstance(event, UtteranceEnded):
                spans.append((event.start_sample * 1000 / RATE_HZ, event.end_sample * 1000 / RATE_HZ))
        flags.append(grew)
    ends = [event for event in segmenter.flush() if isinstance(event, UtteranceEnded)]
    spans += [(event.start_sample * 1000 / RATE_HZ, event.end_sample * 1000 / RATE_HZ) for event in ends]
    return Listened(np.array(flags, dtype=np.bool_), stops, spans)


def audio_of(clip: Clip) -> Audio:
    """Return a clip at 8 kHz."""
    samples, rate_hz = clip.samples()
    return resampled(samples.astype(np.float64) / 32768, rate_hz, RATE_HZ)


def frame_levels(audio: Audio) -> Audio:
    """Return the level of each frame in dB below full scale."""
    frames = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    levels: Audio = 10 * np.log10((frames**2).mean(axis=1) + 1e-12)
    return levels


def at_level(audio: Audio, dbfs: float) -> Audio:
    """Return audio whose frames within 30 dB of the loudest have this mean power."""
    levels = frame_levels(audio)
    active = levels[levels >= levels.max() - 30]
    now = 10 * np.log10((10 ** (active / 10)).mean())
    levelled: Audio = audio * 10 ** ((dbfs - now) / 20)
    return levelled


def speech_of(clean: Audio) -> npt.NDArray[np.bool_]:
    """Tell for each frame of a clean recording whether it is speech, by its level."""
    levels = frame_levels(clean)
    loud: npt.NDArray[np.bool_] = levels > levels.max() - _LOUD_DB
    return loud


def hiss(samples: int, dbfs: float, seed: int) -> Audio:
    """Return white noise: what a line has at least."""
    noise: Audio = np.random.default_rng(seed).normal(0, 10 ** (dbfs / 20), samples)
    return noise


def talk(clips: Sequence[Clip], seconds: float, dbfs: float, rng: random.Random) -> Audio:
    """Return sentences one after the other, with short pauses, as a bot speaks."""
    wanted = round(seconds * RATE_HZ)
    pieces: list[Audio] = []
    while sum(map(len, pieces)) < wanted:
        pieces += [at_level(audio_of(rng.choice(clips)), dbfs), np.zeros(round(rng.uniform(0.15, 0.5) * RATE_HZ))]
    return np.concatenate(pieces)[:wanted]


def echo_of(played: Audio, level_db: float, delay_ms: int, room: Audio | None = None) -> Audio:
    """Return what of the bot's voice comes back.

    Args:
        played: what the caller hears.
        level_db: of the echo, relative to that.
        delay_ms: until it comes back.
        room: impulse response of the room with the loudspeaker; None: an analogue line's single reflection.
    """
    back = telephone_band(played)
    if room is not None:
        start = max(0, int(np.abs(room).argmax()) - 8)
        back = np.convolve(back, room[start : start + RATE_HZ // 2])[: len(played)]
    power = float(np.mean(telephone_band(played) ** 2)) / max(float(np.mean(back**2)), 1e-12)
    delayed = np.concatenate([np.zeros(delay_ms * RATE_HZ // 1000), back])[: len(played)]
    echo: Audio = delayed * np.sqrt(power) * 10 ** (level_db / 20)
    return echo


def tones(frequencies_hz: Sequence[float], on_s: float, off_s: float, seconds: float, dbfs: float) -> Audio:
    """Return a signal of the telephone network: tones together, on and off in turn."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    wave = np.sum([np.sin(2 * np.pi * frequency * time_s) for frequency in frequencies_hz], axis=0)
    sounding = np.mod(time_s, on_s + off_s) < on_s
    signal: Audio = wave * sounding * 10 ** (dbfs / 20) * np.sqrt(2 / len(frequencies_hz))
    return signal


def line(audio: Audio, noise_dbfs: float = -60.0, seed: int = 0) -> Audio:
    """Return audio as it comes off a telephone line: hiss, 300 to 3400 Hz, A-law."""
    return over_the_line(audio + hiss(len(audio), noise_dbfs, seed))
