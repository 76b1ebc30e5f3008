"""Measure the voices: first audio, dry spells, real-time factor, and what a cached prompt costs.

    python scripts/bench_synthesis.py [--threads N] [--data DIR] [--runs N]

Every figure is the median of the runs. "first" is from the request to the first audio in hand; "dry" is the longest
that a player, which starts with the first audio, would have to wait for more.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import aclosing
from dataclasses import dataclass, replace
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
# Texts that share no clause with the others: for one caller while prompts are rendered, and for two at a time.
NEW = {
    "zh": (
        "我帮您查到了，您的包裹昨天已经到达配送站，今天下午送到。",
        "非常抱歉，这个时间段已经约满了，您看后天上午十点可以吗？",
        "明白了，我现在为您登记维修申请，师傅会在两小时内联系您。",
    ),
    "en": (
        "I found it. Your parcel reached the depot yesterday and comes this afternoon.",
        "I am sorry, that slot is taken. Would ten in the morning suit you instead?",
        "Understood. I am filing the repair request, and a technician will call you soon.",
    ),
}
VOICES = {"zh": "kokoro-zh/zf_xiaoxiao", "en": "piper-en-joe"}
RATE_HZ = 16_000


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a text came: seconds to the first audio and to the last, without audio, and of audio."""

    first: float
    total: float
    dry: float
    audio: float


async def speak(service: SynthesisService, request: SpeechRequest) -> Spoken:
    """Have a text spoken."""
    began = time.perf_counter()
    first = now = dry = audio = 0.0
    async with aclosing(service.synthesise(request)) as pieces:
        async for pcm in pieces:
            now = time.perf_counter() - began
            first = first or now
            dry = max(dry, now - (first + audio))
            audio += len(pcm) / 2 / RATE_HZ
    return Spoken(first, now, dry, audio)


def describe(name: str, spoken: list[Spoken]) -> str:
    """Return a line about several texts."""
    first = [one.first * 1000 for one in spoken]
    factor = statistics.median(one.total / one.audio for one in spoken)
    return (
        f"{name:16} first audio: median {statistics.median(first):.0f} ms, worst {max(first):.0f} ms; "
        f"longest dry spell {max(one.dry for one in spoken) * 1000:.0f} ms; real-time factor {factor:.2f}"
    )


async def bench(data: Path, threads: int, runs: int) -> None:
    """Print a line for each text, and some for each voice."""
    store = ModelStore(load_settings(overrides=[f"paths.data={data}"]))
    for language, texts in TEXTS.items():
        fresh, busy, together, memory, disk = [], [], [], [], []
        for run in range(runs):
            with tempfile.TemporaryDirectory() as folder:
                own = [f"paths.data={folder}", f"speech.synthesiser.threads={threads}"]
                settings = load_settings(overrides=own)
                # The voices are prepared in the data directory, as they are in a service that has run before.
                kept = load_settings(overrides=[f"paths.data={data}", own[1]])
                shelf = open_shelf(kept, store.path, VOICES)
                service = SynthesisService(settings, shelf)
                await service.start([language])
                requests = [SpeechRequest(text, language, RATE_HZ) for text in texts]
                for request in requests:
                    fresh.append(await speak(service, request))
                    await service.prerender(request)
                    memory.append((await speak(service, request)).first)
                    if not run:
                        one = fresh[-1]
                        times = f"first {one.first * 1000:6.0f} ms  whole {one.total * 1000:6.0f} ms"
                        print(f"{language}  {times}  audio {one.audio * 1000:6.0f} ms  {request.text}")
                await service.close()
                again = SynthesisService(settings, shelf)
                disk += [(await speak(again, request)).first for request in requests]
                others = [replace(request, rate_hz=8000) for request in requests]
                ahead = asyncio.create_task(prerender_all(again, others))
                busy.append(await speak(again, SpeechRequest(NEW[language][0], language, RATE_HZ)))
                await ahead
                new = [SpeechRequest(text, language, RATE_HZ) for text in NEW[language][1:]]
                together += await asyncio.gather(*(speak(again, request) for request in new))
                await again.close()
        print(describe(language, fresh))
        print(describe(f"{language} prerendering", busy))
        print(describe(f"{language} two callers", together))
        print(
            f"{language} cached: {statistics.median(memory) * 1e6:.0f} us from memory, "
            f"{statistics.median(disk) * 1e6:.0f} us from disk  ({threads} threads, {runs} runs)"
        )


async def prerender_all(service: SynthesisService, requests: list[SpeechRequest]) -> None:
    """Render texts ahead, one after the other."""
    for request in requests:
        await service.prerender(request)


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
