"""Measure the voices: first clause, real-time factor, and what a cached prompt costs.

    python scripts/bench_synthesis.py [--threads N] [--data DIR] [--runs N]

Every figure is the median of the runs; "first" is from the request to the first audio in hand.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import aclosing
from pathlib import Path

from voicebot.modelstore.store import ModelStore
from voicebot.settings import load_settings
from voicebot.speech.synthesis.service import SynthesisService, open_shelf
from voicebot.speech.types import SpeechRequest

TEXTS = {
    "zh": (
        "您好，请问您是王先生吗？",
        "好的，已经帮您确认。",
        "您预约了明天下午三点半的体检，请问您能按时到场吗？",
        "您的话费余额是23.50元，还有什么可以帮您的吗？",
    ),
    "en": (
        "Hello, how can I help you today?",
        "Sure, let me check that for you.",
        "Your appointment is on Friday at 3:30 pm. Would you like to keep it?",
        "Your balance is $23.50. Is there anything else I can do for you?",
    ),
}
VOICES = {"zh": "kokoro-zh/zf_xiaoxiao", "en": "piper-en-joe"}
RATE_HZ = 16_000


async def speak(service: SynthesisService, request: SpeechRequest) -> tuple[float, float, float]:
    """Return seconds to the first audio, seconds to the last, and seconds of audio."""
    began = time.perf_counter()
    first = 0.0
    samples = 0
    async with aclosing(service.synthesise(request)) as pieces:
        async for pcm in pieces:
            first = first or time.perf_counter() - began
            samples += len(pcm) // 2
    return first, time.perf_counter() - began, samples / RATE_HZ


async def bench(data: Path, threads: int, runs: int) -> None:
    """Print one line for each voice and text, and one for each voice."""
    store = ModelStore(load_settings(overrides=[f"paths.data={data}"]))
    for language, texts in TEXTS.items():
        fresh, factors, memory, disk = [], [], [], []
        for run in range(runs):
            with tempfile.TemporaryDirectory() as folder:
                settings = load_settings(overrides=[f"paths.data={folder}", f"speech.synthesiser.threads={threads}"])
                service = SynthesisService(settings, open_shelf(settings, store.path, VOICES))
                await service.start([language])
                for text in texts:
                    request = SpeechRequest(text, language, RATE_HZ)
                    first, total, audio = await speak(service, request)
                    fresh.append(first)
                    factors.append(total / audio)
                    await service.prerender(request)
                    memory.append((await speak(service, request))[0])
                    if not run:
                        print(f"{language}  first {first * 1000:6.0f} ms  whole {total * 1000:6.0f} ms"
                              f"  audio {audio * 1000:6.0f} ms  {text}")  # fmt: skip
                await service.close()
                again = SynthesisService(settings, open_shelf(settings, store.path, VOICES))
                disk += [(await speak(again, SpeechRequest(text, language, RATE_HZ)))[0] for text in texts]
                await again.close()
        print(
            f"{language}  first clause: median {statistics.median(fresh) * 1000:.0f} ms, "
            f"worst {max(fresh) * 1000:.0f} ms; real-time factor {statistics.median(factors):.2f}; "
            f"cached: {statistics.median(memory) * 1e6:.0f} us from memory, "
            f"{statistics.median(disk) * 1e6:.0f} us from disk  ({threads} threads, {runs} runs)"
        )


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description="Measure the voices.")
    parser.add_argument("--data", type=Path, default=Path("var"), help="data directory with the models (var)")
    parser.add_argument("--threads", type=int, default=1, help="cores for one clause (1)")
    parser.add_argument("--runs", type=int, default=2, help="how often (2)")
    arguments = parser.parse_args()
    asyncio.run(bench(arguments.data, arguments.threads, arguments.runs))


if __name__ == "__main__":
    main()
