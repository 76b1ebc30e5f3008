"""Measure pipecat with the same recogniser and voice, for ``voicebot bench turn --peer``.

    python3 -m venv peer && peer/bin/pip install 'pipecat-ai[whisper,piper,silero]==1.14.0'
    voicebot bench turn --peer 'peer/bin/python scripts/peer_pipecat.py --calls 1 CLIP.wav …'

Feeds clips in real time, 20 ms at a time, into pipelines of Silero VAD, Whisper and Piper with one fixed reply,
without any SIP, and takes the time from the last sample of a clip to the first sample of the reply. The last line
is a JSON object; its times include the silence timer ("stop_secs"), the twin of identifyDuration.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from pathlib import Path

import numpy as np
from faster_whisper.audio import decode_audio
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.frames.frames import InputAudioRawFrame, TranscriptionFrame, TTSAudioRawFrame, TTSSpeakFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.piper.tts import PiperTTSService
from pipecat.services.whisper.stt import WhisperSTTService

RATE_HZ = 16000
FRAME_SAMPLES = RATE_HZ // 50
REPLY = "Thank you. Let me look that up for you right now."


class Reply(FrameProcessor):
    """Answers whatever is understood with the one reply."""

    async def process_frame(self, frame, direction: FrameDirection) -> None:
        """Pass frames on; a transcript becomes the reply."""
        await super().process_frame(frame, direction)
        await self.push_frame(TTSSpeakFrame(REPLY) if isinstance(frame, TranscriptionFrame) else frame, direction)


class Ear(FrameProcessor):
    """Notes when the reply's first audio arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.first_s: float | None = None

    async def process_frame(self, frame, direction: FrameDirection) -> None:
        """Pass frames on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSAudioRawFrame) and self.first_s is None:
            self.first_s = time.monotonic()
        await self.push_frame(frame, direction)


def pipeline(args: argparse.Namespace, ear: Ear) -> PipelineTask:
    """Build one call's pipeline."""
    whisper = WhisperSTTService.Settings(model=str(args.whisper), language=args.language)
    voice = PiperTTSService.Settings(voice=args.voice)
    stages = [
        VADProcessor(vad_analyzer=SileroVADAnalyzer(params=VADParams(stop_secs=args.stop))),
        WhisperSTTService(device="cpu", compute_type="int8", settings=whisper),
        Reply(),
        PiperTTSService(download_dir=args.piper, settings=voice),
        ear,
    ]
    params = PipelineParams(audio_in_sample_rate=RATE_HZ, audio_out_sample_rate=RATE_HZ)
    return PipelineTask(Pipeline(stages), params=params)


async def feed(task: PipelineTask, ear: Ear, args: argparse.Namespace, gaps_s: list[float | None]) -> None:
    """Speak the clips one after the other and note the gap behind each."""
    await asyncio.sleep(3)
    for clip in args.clips:
        speech = (decode_audio(str(clip)) * 32767).astype(np.int16)
        lead, rest = np.zeros(RATE_HZ // 2, np.int16), np.zeros(RATE_HZ * 4, np.int16)
        samples = np.concatenate([lead, speech, rest])
        ear.first_s, start_s = None, time.monotonic()
        end_s = start_s + (lead.size + speech.size) / RATE_HZ
        for at in range(0, samples.size, FRAME_SAMPLES):
            frame = samples[at : at + FRAME_SAMPLES].tobytes()
            await task.queue_frame(InputAudioRawFrame(audio=frame, sample_rate=RATE_HZ, num_channels=1))
            await asyncio.sleep(max(0.0, start_s + (at + FRAME_SAMPLES) / RATE_HZ - time.monotonic()))
        gaps_s.append(None if ear.first_s is None or ear.first_s < end_s else ear.first_s - end_s)
    await task.cancel()


async def call(args: argparse.Namespace, gaps_s: list[float | None]) -> None:
    """Run one call."""
    ear = Ear()
    task = pipeline(args, ear)
    feeding = asyncio.create_task(feed(task, ear, args, gaps_s))
    await PipelineRunner(handle_sigint=False).run(task)
    await feeding


async def main() -> None:
    """Run all calls at once and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whisper", type=Path, default=Path("var/models/whisper-base"))
    parser.add_argument("--piper", type=Path, default=Path("var/models/piper-en-joe"))
    parser.add_argument("--voice", default="en_US-joe-medium")
    parser.add_argument("--language", default="en")
    parser.add_argument("--stop", type=float, default=0.8, help="silence timer in seconds")
    parser.add_argument("--calls", type=int, default=1)
    parser.add_argument("clips", nargs="+", type=Path)
    args = parser.parse_args()
    gaps_s: list[float | None] = []
    await asyncio.gather(*(call(args, gaps_s) for _ in range(args.calls)))
    heard = sorted(gap for gap in gaps_s if gap is not None)
    found = {
        "peer": "pipecat-ai 1.14.0",
        "calls": args.calls,
        "stop_secs": args.stop,
        "n": len(heard),
        "missed": len(gaps_s) - len(heard),
        "p50": statistics.median(heard) if heard else None,
        "max": heard[-1] if heard else None,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main())
