#!/usr/bin/env python3
"""How well speech is told from noise, babble, music, tones and the bot's own echo, and what that costs.

All sounds go through a telephone line (300 to 3400 Hz, A-law, hiss at -60 dBFS) at 8 kHz, and the frames through the
very detectors and segmenter of a call. Clips come from VOICEBOT_SPEECH_DIR or shared/speech beside the repository.

Usage: scripts/bench_vad.py [--quick] [--write docs/performance.md]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from voicebot.evaluation.detection import (
    FRAME_MS,
    FRAME_SAMPLES,
    Listened,
    MakeDetector,
    at_level,
    audio_of,
    echo_of,
    line,
    listen,
    speech_of,
    talk,
    tones,
)
from voicebot.evaluation.telephone import RATE_HZ, Audio, to_pcm, with_noise
from voicebot.modelstore.store import ModelStore
from voicebot.settings import load_settings
from voicebot.settings.model import VadSettings
from voicebot.speech.clips import Clip, load_clips
from voicebot.speech.echo import EchoGuard, PlayedAudio
from voicebot.speech.level import GateConfig
from voicebot.speech.noise import SteadySound
from voicebot.speech.vad import VetoedDetector, VoiceActivityDetector, WebRtcDetector
from voicebot.speech.vad.detectors import Detectors
from voicebot.speech.vad.silero import MODEL_FILE, MODEL_ID, NoVoice, SileroModel, SileroStream

CALLER_DBFS, BOT_DBFS = -22.0, -20.0
OPEN_GATE = GateConfig(-200.0, 200.0, narrow_db=-1.0, least_above_db=-200.0, most_above_db=-200.0)
ECHO_DB, ECHO_MS = (-10, -15, -20, -30), (20, 100, 200, 400)
SIGNALS = {
    "ring-back 425 Hz": ((425,), 1.0, 4.0),
    "ring-back 440 + 480 Hz": ((440, 480), 2.0, 4.0),
    "ring-back 400 + 450 Hz": ((400, 450), 0.4, 0.2),
    "busy 425 Hz": ((425,), 0.35, 0.35),
    "busy 480 + 620 Hz": ((480, 620), 0.5, 0.5),
    "dial tone 350 + 440 Hz": ((350, 440), 1.0, 0.0),
    "fax 1100 Hz": ((1100,), 0.5, 3.0),
    "fax 2100 Hz": ((2100,), 3.0, 1.0),
}


class SileroAlone:
    """Silero as it is meant to be used: speech is what it is at least half sure of."""

    hangover_ms = 0
    stirring = False
    faint = False
    tentative = False
    rate_hz = RATE_HZ
    frame_samples = FRAME_SAMPLES

    def __init__(self, model: SileroModel) -> None:
        self._stream = SileroStream(model, RATE_HZ)

    def is_speech(self, frame: bytes) -> bool:
        """Judge the next frame."""
        self._stream.feed(frame)
        return self._stream.probability > 0.5


def detectors(model: SileroModel) -> dict[str, MakeDetector]:
    """Return what is compared."""

    def webrtc(gate: GateConfig | None, *, guarded: bool) -> MakeDetector:
        def make(_: PlayedAudio) -> VoiceActivityDetector:
            plain = WebRtcDetector(RATE_HZ, FRAME_MS, gate=gate)
            return VetoedDetector(plain, [SteadySound(RATE_HZ, FRAME_MS)]) if guarded else plain

        return make

    settings = Detectors(VadSettings(echo_guard=False), model)
    return {
        "webrtcvad alone": webrtc(OPEN_GATE, guarded=False),
        "webrtcvad, noise floor": webrtc(None, guarded=False),
        "webrtcvad, noise floor, music guard": webrtc(None, guarded=True),
        "Silero alone, 0.5": lambda _: SileroAlone(model),
        "all together (the default)": lambda played: settings.for_call(RATE_HZ, played),
    }


# --- what is not speech


def not_speech(makes: dict[str, MakeDetector], step: int) -> str:
    """Return the table of sounds that are no caller: share of frames called speech, and utterances a minute."""
    groups: dict[str, list[Audio]] = {
        "street, office, café": [],
        "babble of 6, 12, 20 people": [],
        "music on hold": [],
        "network tones": [],
    }
    for clip in load_clips(kind="noise") + load_clips(kind="office") + load_clips(kind="cafe"):
        groups["street, office, café"].append(at_level(audio_of(clip), -37.0))
    for clip in load_clips(kind="babble (derived)"):
        groups["babble of 6, 12, 20 people"].append(at_level(audio_of(clip), -37.0))
    for clip in load_clips(kind="music on hold"):
        groups["music on hold"].append(at_level(audio_of(clip), -25.0))
    for signal in SIGNALS.values():
        groups["network tones"].append(tones(*signal, seconds=12.0, dbfs=-22.0))
    rows = [["", *(f"{name} ({len(sounds[::step])})" for name, sounds in groups.items())]]
    for name, make in makes.items():
        row = [name]
        for sounds in groups.values():
            heard = [listen(make, line(np.concatenate([np.zeros(RATE_HZ), sound]))) for sound in sounds[::step]]
            share = float(np.mean([item.speech[50:].mean() for item in heard]))
            minutes = sum(len(item.speech) for item in heard) * FRAME_MS / 60000
            row.append(f"{share:.1%}, {sum(len(item.spans_ms) for item in heard) / minutes:.1f}")
        rows.append(row)
    return table(rows)


# --- speech over noise


@dataclass
class Found:
    """How a detector did on one kind of clips."""

    clips: int = 0
    missed: int = 0
    frames_missed: list[float] = field(default_factory=list)
    onsets_ms: list[float] = field(default_factory=list)
    ends_ms: list[float] = field(default_factory=list)

    def note(self, heard: Listened, speech: np.typing.NDArray[np.bool_]) -> None:
        """Take a clip."""
        frames = np.flatnonzero(speech)
        first_ms, last_ms = frames[0] * FRAME_MS, (frames[-1] + 1) * FRAME_MS
        near = [span for span in heard.spans_ms if span[1] > first_ms and span[0] < last_ms]
        self.clips += 1
        self.missed += not near
        self.frames_missed.append(float((~heard.speech[: len(speech)])[speech].mean()))
        if near:
            called = np.flatnonzero(heard.speech[frames[0] - 5 :])
            self.onsets_ms.append((called[0] - 4) * FRAME_MS if called.size else 0.0)
            self.ends_ms.append(near[-1][1] - last_ms)

    def row(self) -> list[str]:
        """Return the figures."""
        onset, end = percentiles(self.onsets_ms), percentiles(self.ends_ms)
        return [f"{self.missed} of {self.clips}", f"{np.mean(self.frames_missed):.1%}", onset, end]


def speech_over_noise(makes: dict[str, MakeDetector], step: int) -> str:
    """Return the table of clips over noise at some ratios."""
    clips = [clip for clip in load_clips() if clip.kind in ("word", "digit", "sentence", "short")][:: 3 * step]
    noises = [clip for clip in load_clips() if clip.kind in ("noise", "office", "cafe", "babble (derived)")]
    rows = [["", "noise", "utterances missed", "frames missed", "onset late, p50 / p95 ms", "end late, p50 / p95 ms"]]
    for name, make in makes.items():
        for snr_db in (None, 20, 15, 10):
            found = Found()
            for number, clip in enumerate(clips):
                clean = at_level(audio_of(clip), CALLER_DBFS)
                clean = np.concatenate([np.zeros(2 * RATE_HZ), clean, np.zeros(RATE_HZ * 3 // 2)])
                noise = audio_of(noises[number % len(noises)])
                mixed = clean if snr_db is None else with_noise(clean, noise, snr_db, number * 7919 % len(noise))
                found.note(listen(make, line(mixed, seed=number)), speech_of(clean))
            rows.append([name, "none" if snr_db is None else f"{snr_db} dB below", *found.row()])
    return table(rows)


# --- echo


@dataclass
class Talks:
    """How a detector did while the bot spoke."""

    seconds: float = 0.0
    stops: int = 0
    callers: int = 0
    missed: int = 0
    found_ms: list[float] = field(default_factory=list)
    stopped_ms: list[float] = field(default_factory=list)

    def note_echo(self, heard: Listened, seconds: float) -> None:
        """Take a talk that nobody interrupted."""
        self.seconds += seconds
        self.stops += len(heard.stops_ms)

    def note_caller(self, heard: Listened, onset_ms: float) -> None:
        """Take a talk that a caller interrupted."""
        self.callers += 1
        first = round(onset_ms / FRAME_MS)
        called = np.flatnonzero(heard.speech[first : first + 75])
        self.found_ms.append((called[0] + 1) * FRAME_MS if called.size else np.inf)
        stops = [at_ms - onset_ms for at_ms in heard.stops_ms if -100 <= at_ms - onset_ms < 1500]
        self.missed += not stops
        self.stopped_ms += stops[:1]

    def row(self) -> list[str]:
        """Return the figures."""
        late = sum(found > 200 for found in self.found_ms)
        return [
            f"{self.stops} in {self.seconds:.0f} s",
            f"{self.missed} of {self.callers}",
            f"{self.callers - late} of {self.callers}",
            percentiles(self.stopped_ms),
        ]


def echo(model: SileroModel, talks: int) -> str:
    """Return the table of echoes: with and without the guard, alone and with a caller who speaks over the bot."""
    with_guard, without = Detectors(VadSettings(), model), Detectors(VadSettings(echo_guard=False), model)
    bot, callers = voices()
    rooms: list[tuple[str, Audio | None]] = [("line", None)]
    rooms += [("room", audio_of(clip)) for clip in load_clips(kind="impulse response")[1:2]]
    rows = [["", "echo", "false stops", "callers missed", "found within 200 ms", "stop, p50 / p95 ms"]]
    for name, made, delays_ms in (("no guard", without, (100,)), ("echo guard", with_guard, ECHO_MS)):
        for kind, room in rooms:
            for level_db in ECHO_DB:
                result = Talks()
                for delay_ms in delays_ms:
                    for number in range(talks):
                        seed = random.Random(f"{kind} {level_db} {delay_ms} {number}")
                        one_talk(made, bot, callers, (level_db, delay_ms, room), seed, result)
                rows.append([f"{name}, {kind}", f"{level_db} dB", *result.row()])
    return table(rows)


def voices() -> tuple[list[Clip], list[Clip]]:
    """Return the clips that the bot says, and those that callers say."""
    sentences = [clip for clip in load_clips() if clip.kind in ("sentence", "prompt", "voicemail")]
    words = [clip for clip in load_clips() if clip.kind in ("sentence", "word") and clip not in sentences[::2]]
    return sentences[::2], words


def one_talk(
    made: Detectors,
    bot: Sequence[Clip],
    callers: Sequence[Clip],
    path: tuple[int, int, Audio | None],
    seed: random.Random,
    result: Talks,
) -> None:
    """Let the bot speak for 8 s: once alone, and with a caller after 1 s and after 5 s."""
    level_db, delay_ms, room = path
    played = talk(bot, 8.0, BOT_DBFS, seed)
    back = echo_of(played, level_db, delay_ms, room)
    noise_dbfs = seed.choice((-65.0, -50.0))

    def make(reference: PlayedAudio) -> VoiceActivityDetector:
        return made.for_call(RATE_HZ, reference)

    result.note_echo(listen(make, line(back, noise_dbfs), played), 8.0)
    for after_s in (1, 5):
        words = at_level(audio_of(seed.choice(callers)), BOT_DBFS)[: 2 * RATE_HZ]
        near = np.zeros(len(back))
        near[after_s * RATE_HZ : after_s * RATE_HZ + len(words)] = words
        onset_ms = after_s * 1000 + float(np.flatnonzero(speech_of(words))[0]) * FRAME_MS
        result.note_caller(listen(make, line(back + near, noise_dbfs), played), onset_ms)


# --- cost


def cost(model: SileroModel) -> str:
    """Return the table of times a frame."""
    bot, callers = voices()
    seed = random.Random(1)
    played = talk(bot, 20.0, BOT_DBFS, seed)
    heard = to_pcm(line(echo_of(played, -15, 100) + talk(callers, 20.0, CALLER_DBFS, seed)))
    reference = to_pcm(played)
    size = 2 * FRAME_SAMPLES
    audio = PlayedAudio()
    guard = EchoGuard(audio, RATE_HZ, FRAME_SAMPLES)
    steady, voice = SteadySound(RATE_HZ, FRAME_MS), NoVoice(SileroStream(model, RATE_HZ))
    webrtc = WebRtcDetector(RATE_HZ, FRAME_MS)
    whole = Detectors(VadSettings(), model).for_call(RATE_HZ, audio)
    parts: dict[str, Callable[[bytes], object]] = {
        "webrtcvad and noise floor": webrtc.is_speech,
        "Silero": voice.denies,
        "music guard": steady.denies,
        "echo guard": guard.denies,
        "all together": whole.is_speech,
    }
    rows = [["", "mean", "p95"]]
    for name, judge in parts.items():
        took = []
        for at in range(0, len(heard) - size + 1, size):
            audio.take(FRAME_SAMPLES)
            audio.note(reference[at : at + size])
            began = time.thread_time()
            judge(heard[at : at + size])
            took.append((time.thread_time() - began) * 1000)
        rows.append([name, f"{np.mean(took):.3f}", f"{np.percentile(took, 95):.3f}"])
    return table(rows)


# --- out


def percentiles(values: Sequence[float]) -> str:
    """Return median and 95th percentile."""
    return " / ".join(f"{np.percentile(values, share):.0f}" for share in (50, 95)) if values else ""


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as Markdown, the first one as the head."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def main() -> None:
    """Measure and print, or write into a page between its marks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a quarter of the clips")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="replace what stands between the marks of this page")
    args = parser.parse_args()
    step, talks = (4, 1) if args.quick else (1, 3)
    model = SileroModel(ModelStore(load_settings()).path(MODEL_ID) / MODEL_FILE)
    makes = detectors(model)
    parts = [
        "Share of the frames that are called speech, and utterances a minute, where nobody speaks:",
        not_speech(makes, step),
        f"Words and sentences at {CALLER_DBFS:.0f} dBFS over noise and babble:",
        speech_over_noise(makes, step),
        f"The bot speaks at {BOT_DBFS:.0f} dBFS, from its first sentence on; an echo after 20, 100, 200 or 400 ms; "
        "callers as loud as the bot, after one second or five (without the guard: 100 ms only):",
        echo(model, talks),
        "Milliseconds of processor time for a frame of 20 ms:",
        cost(model),
    ]
    text = "\n\n".join(parts)
    if args.write is None:
        print(text)
        return
    page = args.write.read_text(encoding="utf-8")
    begin, end = "<!-- bench vad: begin -->", "<!-- bench vad: end -->"
    before, rest = page.split(begin, 1)
    after = rest.split(end, 1)[1]
    args.write.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
