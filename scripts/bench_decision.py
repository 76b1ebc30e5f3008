"""What one decision costs: a bot with many questions, and one with many passages, on one core.

Prints the median and the 95th percentile in milliseconds, for utterances heard for the first time and again.
Run: .venv/bin/python scripts/bench_decision.py [--questions 10000] [--passages 5000] [--utterances 400]
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from voicebot.dialogue.bot import FaqEntry
from voicebot.dialogue.botfile import load_bot
from voicebot.dialogue.deciding import Knowledge
from voicebot.dialogue.documents.chunking import Chunk
from voicebot.dialogue.documents.index import PassageIndex, texts_to_encode
from voicebot.dialogue.learning import learn
from voicebot.dialogue.vectors import UseEncoder
from voicebot.settings import load_settings

_PLACES = ("人民路店", "中山店", "城东店", "城西店", "大学城店", "机场店", "火车站店", "万达店", "新区店", "老街店")
_THINGS = (
    *("洗牙", "补牙", "拔牙", "种牙", "牙套", "美白", "涂氟", "根管治疗", "烤瓷牙", "牙龈", "智齿", "假牙", "牙贴面"),
    *("窝沟封闭", "拍片", "复查"),
)
_ASKED = (
    *("{}要多少钱", "{}疼不疼", "{}要多长时间", "{}能报销吗", "{}要提前预约吗", "{}之后能吃东西吗", "{}哪个医生做"),
    *(
        "{}周末能做吗",
        "{}要拍片子吗",
        "{}可以分期吗",
        "{}有没有优惠",
        "{}做完多久复查",
        "{}孕妇能做吗",
        "{}小孩可以做吗",
    ),
    *("{}要住院吗", "{}保修几年", "{}用什么材料", "{}会留后遗症吗", "{}几次能做完", "{}要空腹吗"),
)
_SAID = ("{}", "那个{}", "我想问一下{}", "嗯，{}啊", "你好，{}", "我昨天看了你们的广告，{}")
_SENTENCES = (
    "做{}以前先拍片子，医生看过以后定方案。",
    "{}一般要来两到三次，每次半个小时左右。",
    "{}以后两个小时不要吃东西，当天不要喝酒。",
    "{}的费用从三百到五千块不等，看材料。",
    "{}做完一个星期来复查，没有问题半年以后再来。",
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=10_000)
    parser.add_argument("--passages", type=int, default=5_000)
    parser.add_argument("--utterances", type=int, default=400)
    args = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    encoder = UseEncoder(load_settings(environ=os.environ).paths.models)
    example = load_bot(Path("config/bots/appointment/bot.yaml"))
    topics = _topics(max(args.questions, args.passages))
    many = replace(example, faq=example.faq + _faq(topics, args.questions - len(example.faq)))
    utterances = _utterances(args.utterances)
    none = PassageIndex((), (), "zh")
    for name, bot, passages in (
        ("example bot, no documents", example, none),
        (f"{len(many.faq)} questions", many, none),
        (f"{args.passages} passages", example, _passages(topics, args.passages, encoder)),
    ):
        begun = time.perf_counter()
        knowledge = learn(bot, encoder, passages)
        print(f"{name}: made ready in {time.perf_counter() - begun:.1f} s", flush=True)
        for heard in ("first time", "again"):
            times_ms = _times_ms(knowledge, utterances)
            (p50, p95), (cpu50, cpu95) = (np.percentile(each, [50, 95]) for each in zip(*times_ms, strict=True))
            print(
                f"  {heard:10}  p50 {p50:6.2f} ms  p95 {p95:6.2f} ms  of the processor {cpu50:6.2f} and {cpu95:6.2f}",
                flush=True,
            )


def _times_ms(knowledge: Knowledge, utterances: Sequence[str]) -> list[tuple[float, float]]:
    """Return for each utterance the time that passed, and that of the processor: others may use it meanwhile."""
    node = knowledge.bot.nodes[knowledge.bot.start]
    times_ms = []
    for text in utterances:
        begun, begun_cpu = time.perf_counter(), time.thread_time()
        knowledge.decide(node, text)
        times_ms.append(((time.perf_counter() - begun) * 1000, (time.thread_time() - begun_cpu) * 1000))
    return times_ms


def _topics(count: int) -> list[str]:
    combined = ("".join(parts) for parts in itertools.product(_PLACES, _THINGS, ("", "套餐", "项目", "会员价")))
    return list(itertools.islice(combined, count))


def _faq(topics: Sequence[str], count: int) -> tuple[FaqEntry, ...]:
    questions = (asked.format(topic) for topic, asked in itertools.product(topics, _ASKED))
    return tuple(FaqEntry(question, ("好的。",)) for question in itertools.islice(questions, count))


def _passages(topics: Sequence[str], count: int, encoder: UseEncoder) -> PassageIndex:
    chunks = []
    for number in range(count):
        topic = topics[number % len(topics)]
        heading = _ASKED[number // len(topics) % len(_ASKED)].format(topic)
        chunks.append(Chunk(f"{number}", f"{topic}.md", (topic, heading), tuple(s.format(topic) for s in _SENTENCES)))
    texts = [texts_to_encode(chunk, "zh") for chunk in chunks]
    vectors = encoder.encode([text for each in texts for text in each])
    return PassageIndex(chunks, np.split(vectors, np.cumsum([len(each) for each in texts])[:-1]), "zh")


def _utterances(count: int) -> list[str]:
    chosen = random.Random(7)
    said: dict[str, None] = {}
    while len(said) < count:
        topic = chosen.choice(_PLACES) + chosen.choice(_THINGS)
        said[chosen.choice(_SAID).format(chosen.choice(_ASKED).format(topic))] = None
    return list(said)


if __name__ == "__main__":
    main()
