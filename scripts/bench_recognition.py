#!/usr/bin/env python3
"""Measure the recogniser on recorded clips at telephone band: error rate and time, per window, beam and threads.

    python scripts/bench_recognition.py --model var/models/whisper-base --clips 40

Prints one line a variant: character error rate (Mandarin), word error rate (English), median and 95th percentile
of the time for one utterance. Times only mean something when nothing else runs.
"""

from __future__ import annotations

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from voicebot.settings.model import RecogniserSettings
from voicebot.speech.clips import Clip, load_clips
from voicebot.speech.recognition.model import DEFAULT_PROMPTS, WhisperModel
from voicebot.speech.recognition.scoring import errors
from voicebot.speech.types import Transcript, TranscriptionRequest

# Texts in these kinds are what is said; others name the sound.
KINDS = {"zh": ("sentence", "word"), "en": ("sentence", "short", "digits", "command")}


def pick(language: str, count: int) -> list[Clip]:
    """Choose ``count`` clips spread over what there is."""
    clips = [clip for clip in load_clips(language=language) if clip.text and clip.kind in KINDS[language]]
    step = max(1, len(clips) // count)
    return clips[::step][:count]


def measure(model: WhisperModel, clips: list[Clip], parallel: int, show: bool) -> tuple[float, list[float], float]:
    """Return (error rate, times in ms, utterances per second)."""
    requests = [TranscriptionRequest(clip.pcm(8000), 8000, clip.language) for clip in clips]
    began = time.perf_counter()
    with ThreadPoolExecutor(parallel) as pool:
        transcripts: list[Transcript] = list(pool.map(model.transcribe, requests))
    elapsed_s = time.perf_counter() - began
    wrong = total = 0
    for clip, transcript in zip(clips, transcripts, strict=True):
        missed, units = errors(clip.text, transcript.text, clip.language)
        wrong, total = wrong + missed, total + units
        if show and missed:
            print(f"    {missed}/{units} {clip.text} -> {transcript.text}")
    return wrong / max(1, total), [item.inference_ms for item in transcripts], len(clips) / elapsed_s


def main() -> None:
    """Run the variants asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("var/models/whisper-base"))
    parser.add_argument("--clips", type=int, default=30, help="clips of each language")
    parser.add_argument("--windows", default="30,10", help="shortest encoder windows in seconds")
    parser.add_argument("--beams", default="5,1")
    parser.add_argument("--threads", default="1x2", help="threads x parallel transcriptions: 1x2,2x1")
    parser.add_argument("--load", type=int, default=1, help="utterances sent at the same time")
    parser.add_argument("--prompt-zh", default=None, help="replace the prompt put before Mandarin")
    parser.add_argument("--show", action="store_true", help="print what was misheard")
    options = parser.parse_args()
    prompts = dict(DEFAULT_PROMPTS)
    if options.prompt_zh is not None:
        prompts["zh"] = options.prompt_zh
    for shape in options.threads.split(","):
        threads, parallel = (int(part) for part in shape.split("x"))
        for window in options.windows.split(","):
            for beam in options.beams.split(","):
                settings = RecogniserSettings(
                    threads=threads, parallel=parallel, min_window_s=float(window), beam_size=int(beam)
                )
                model = WhisperModel(options.model, settings, prompts)
                model.warm_up()
                line = f"threads {shape} window {window:>3} s beam {beam}"
                for language in ("zh", "en"):
                    clips = pick(language, options.clips)
                    rate, times, speed = measure(model, clips, options.load, options.show)
                    p95 = sorted(times)[int(len(times) * 0.95)]
                    line += f" | {language} n={len(clips)} error {rate:6.1%} median {statistics.median(times):4.0f} ms"
                    line += f" p95 {p95:4.0f} ms {speed:4.1f}/s"
                print(line, flush=True)


if __name__ == "__main__":
    main()
