"""Measure pipecat on the turn bench's own recordings, for ``voicebot bench turn --peer``.

    python3 -m venv peer && peer/bin/pip install 'pipecat-ai[whisper,piper,silero]==1.14.0'
    voicebot bench turn --peer 'peer/bin/python scripts/peer_pipecat.py'

The bench adds the path of a JSON file with what is to be said. Callers are fed in real time, 20 ms at a time, into a
pipeline of Silero VAD, Whisper, pipecat's own turn strategies, a fixed reply and Piper, without any SIP. It runs as it
comes: silence of 0.2 s and Smart Turn v3 end a turn, and any speech interrupts; ``--stop SECONDS`` replaces both by
one silence timer. The last line of the output is a JSON object: when each recording began and when the bot was heard.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
import wave
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soxr
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.frames.frames import (
    InputAudioRawFrame,
    OutputAudioRawFrame,
    StartFrame,
    TranscriptionFrame,
    TTSSpeakFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.piper.tts import PiperTTSService
from pipecat.services.whisper.stt import WhisperSTTService
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_processor import UserTurnProcessor
from pipecat.turns.user_turn_strategies import UserTurnStrategies

RATE_HZ = 16000
FRAME_MS = 20
FRAME_SAMPLES = RATE_HZ * FRAME_MS // 1000
WARM_UP_S = 3.0
QUIET_MS = 1000
ANSWER_PATIENCE_MS = 6000
TALK_PATIENCE_MS = 5000
PATIENCE_S = 60.0
STEP_MS = 10
AUDIBLE = 10 ** (-50 / 20) * 32768


class Reply(FrameProcessor):
    """Answers every turn of the caller that had words in it with the one reply."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.turn_ends_s: list[float] = []
        self._heard = False

    async def process_frame(self, frame, direction: FrameDirection) -> None:
        """Pass frames on; the end of a turn becomes the reply."""
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame):
            self._heard = True
        elif isinstance(frame, UserStoppedSpeakingFrame) and direction is FrameDirection.DOWNSTREAM:
            self.turn_ends_s.append(time.monotonic())
            if self._heard:
                self._heard = False
                await self.push_frame(TTSSpeakFrame(self.text))


class Loudspeaker(BaseOutputTransport):
    """Plays at the pace of a sound card and keeps when something was to be heard."""

    def __init__(self) -> None:
        super().__init__(TransportParams(audio_out_enabled=True, audio_out_sample_rate=RATE_HZ))
        self.sounds_s: list[tuple[float, float]] = []
        self._free_s = 0.0

    async def start(self, frame: StartFrame) -> None:
        """Begin to play."""
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        """Play a chunk."""
        begun = max(time.monotonic(), self._free_s)
        samples = np.frombuffer(frame.audio, np.int16).astype(np.float64)
        step = RATE_HZ * STEP_MS // 1000
        for number, at in enumerate(range(0, samples.size, step)):
            if np.sqrt(np.mean(samples[at : at + step] ** 2)) > AUDIBLE:
                start = begun + number * STEP_MS / 1000
                self._sound(start, start + STEP_MS / 1000)
        self._free_s = begun + samples.size / RATE_HZ
        await asyncio.sleep(max(0.0, begun - time.monotonic()))
        return True

    def _sound(self, start_s: float, end_s: float) -> None:
        if self.sounds_s and start_s - self.sounds_s[-1][1] < STEP_MS / 2000:
            start_s = self.sounds_s.pop()[0]
        self.sounds_s.append((start_s, end_s))

    @property
    def last_sound_s(self) -> float:
        """When it was last heard; a time to come while a chunk is playing."""
        return self.sounds_s[-1][1] if self.sounds_s else 0.0


@dataclass
class Session:
    """One caller with one pipeline."""

    cases: list[dict]
    task: PipelineTask
    reply: Reply
    speaker: Loudspeaker
    began_s: dict[str, float] = field(default_factory=dict)
    talk_since_s: float = 0.0
    free_since_s: float = 0.0

    async def run(self) -> None:
        """Speak the cases, each when the bot is doing what it needs."""
        await asyncio.sleep(WARM_UP_S)
        feeding = asyncio.create_task(self._feed())
        await PipelineRunner(handle_sigint=False).run(self.task)
        await feeding

    async def _feed(self) -> None:
        await asyncio.sleep(WARM_UP_S)
        clock_s = time.monotonic()
        for case in self.cases:
            clip = load(case["file"])
            self.free_since_s = clock_s
            given_up_s = clock_s + PATIENCE_S
            while clock_s < given_up_s and not await self._ready(case, clock_s):
                clock_s = await self._frame(np.zeros(FRAME_SAMPLES, np.int16), clock_s)
            if clock_s >= given_up_s:
                break  # it does not speak any more
            self.began_s[case["id"]] = clock_s
            for at in range(0, clip.size, FRAME_SAMPLES):
                clock_s = await self._frame(np.resize(clip[at : at + FRAME_SAMPLES], FRAME_SAMPLES), clock_s)
        for _ in range(int(ANSWER_PATIENCE_MS / FRAME_MS)):
            clock_s = await self._frame(np.zeros(FRAME_SAMPLES, np.int16), clock_s)
        await self.task.cancel()

    async def _frame(self, samples: np.ndarray, clock_s: float) -> float:
        frame = InputAudioRawFrame(audio=samples.tobytes(), sample_rate=RATE_HZ, num_channels=1)
        await self.task.queue_frame(frame)
        clock_s += FRAME_MS / 1000
        await asyncio.sleep(max(0.0, clock_s - time.monotonic()))
        return clock_s

    async def _ready(self, case: dict, now_s: float) -> bool:
        waited_ms = (now_s - self.free_since_s) * 1000
        quiet_ms = (now_s - max(self.speaker.last_sound_s, self.free_since_s)) * 1000
        if case["expect"] == "answer":
            spoke = self.speaker.last_sound_s > self.free_since_s or not self.began_s
            return quiet_ms > QUIET_MS and (spoke or waited_ms > ANSWER_PATIENCE_MS)
        if now_s > self.speaker.last_sound_s + 0.5:
            self.talk_since_s = 0.0
            if quiet_ms > TALK_PATIENCE_MS or (not self.began_s and quiet_ms > QUIET_MS):
                self.free_since_s = now_s
                await self.task.queue_frame(TTSSpeakFrame(self.reply.text))
            return False
        self.talk_since_s = self.talk_since_s or max(now_s, self.free_since_s)
        return (now_s - max(self.talk_since_s, self.free_since_s)) * 1000 >= case["after_ms"]


def load(path: str) -> np.ndarray:
    """Read a recording at the pipeline's rate, in whole frames."""
    with wave.open(path, "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        if file.getframerate() != RATE_HZ:
            samples = soxr.resample(samples, file.getframerate(), RATE_HZ)
    return np.concatenate([samples, np.zeros(-samples.size % FRAME_SAMPLES, np.int16)]).astype(np.int16)


def session_of(cases: list[dict], plan: dict, stop_s: float | None) -> Session:
    """Build a pipeline for cases of one language and kind."""
    text = plan["replies"]["answer" if cases[0]["expect"] == "answer" else "long"]
    reply, speaker = Reply(text), Loudspeaker()
    whisper = WhisperSTTService.Settings(model=plan["whisper"], language=cases[0]["language"])
    voice_file = next(Path(plan["piper"]).glob("*.onnx"))
    strategies = None
    vad = VADParams()
    if stop_s is not None:
        vad = VADParams(stop_secs=stop_s)
        strategies = UserTurnStrategies(stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.0)])
    stages = [
        VADProcessor(vad_analyzer=SileroVADAnalyzer(params=vad)),
        WhisperSTTService(device="cpu", compute_type="int8", settings=whisper),
        UserTurnProcessor(user_turn_strategies=strategies),
        reply,
        PiperTTSService(download_dir=voice_file.parent, settings=PiperTTSService.Settings(voice=voice_file.stem)),
        speaker,
    ]
    params = PipelineParams(audio_in_sample_rate=RATE_HZ, audio_out_sample_rate=RATE_HZ)
    return Session(cases, PipelineTask(Pipeline(stages), params=params, cancel_on_idle_timeout=False), reply, speaker)


async def main() -> None:
    """Run all cases, one caller at a time, and print what was heard."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stop", type=float, help="one silence timer in seconds, in place of the turn model")
    parser.add_argument("plan", type=Path)
    args = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    plan = json.loads(args.plan.read_text(encoding="utf-8"))
    groups: dict[tuple[str, bool], list[dict]] = {}
    for case in plan["cases"]:
        groups.setdefault((case["language"], case["expect"] == "answer"), []).append(case)
    heard = []
    for number, cases in enumerate(groups.values()):
        session = session_of(cases, plan, args.stop)
        start_s = time.monotonic()
        await session.run()
        heard.append(
            {
                "call": f"peer-{number}",
                "began_ms": {name: (at - start_s) * 1000 for name, at in session.began_s.items()},
                "sounds_ms": [[(a - start_s) * 1000, (b - start_s) * 1000] for a, b in session.speaker.sounds_s],
                "turn_ends_ms": [(at - start_s) * 1000 for at in session.reply.turn_ends_s],
            }
        )
    how = "Smart Turn v3 and 0.2 s" if args.stop is None else f"{args.stop:g} s of silence"
    print(json.dumps({"peer": f"pipecat-ai 1.14.0, {how}, no SIP", "calls": heard}))


if __name__ == "__main__":
    asyncio.run(main())
