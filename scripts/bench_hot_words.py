#!/usr/bin/env python3
"""Measure what hot words do to recognition of Mandarin at telephone band: off, by sound, in Whisper's prompt.

    python scripts/bench_hot_words.py --model var/models/whisper-base

Three lists are tried: the rare words of some of the recorded sentences ("right"), words of a dental practice that
nobody says in them ("wrong"), and for each sentence its own rare words among wrong ones ("few", eight together). A
line tells the character error rate of the sentences with a rare word, of the others and of single words; how many
rare words came out right; of how many pieces of noise a text was made; and how many texts held a hot word that
nobody said.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, get_args

from voicebot.settings.model import RecogniserSettings
from voicebot.speech.clips import Clip, load_clips
from voicebot.speech.recognition.model import WhisperModel
from voicebot.speech.recognition.scoring import errors
from voicebot.speech.types import Transcript, TranscriptionRequest

Mode = Literal["off", "sound", "prompt"]
Words = Callable[[Clip], Sequence[str]]

RARE = [
    *("万达", "三星", "列日剧场", "新国立", "搜狐", "重庆籍", "张伟", "丽江古城", "酒托", "砂板乒乓", "樊振东", "戈齐"),
    *("庄智渊", "水谷隼", "蔡康永", "康熙来了", "三里屯", "优衣库", "东四环", "爬坡过坎", "达摩院", "沧浪之歌"),
    *("月球探测器", "林斐然", "新京报", "西马庄学校", "芜湖市", "繁昌县"),
]
WRONG = [
    *(
        "王女士",
        "安心口腔",
        "洗牙",
        "种植牙",
        "正畸",
        "医保",
        "停车",
        "地铁站",
        "矫正",
        "麻药",
        "预约",
        "改期",
        "取消预约",
    ),
    *("转人工", "门诊", "挂号费", "牙周炎", "拔智齿", "补牙", "儿童牙科", "住院", "支付宝", "发票", "检查费"),
]
FEW = 8
PIECE_S = 4


def few(clip: Clip) -> list[str]:
    """Return the rare words of a clip among wrong ones, in an order that depends on its text alone."""
    chance = random.Random(clip.text)
    own = [word for word in RARE if word in clip.text]
    words = own + chance.sample(WRONG, FEW - len(own))
    chance.shuffle(words)
    return words


def pieces(clips: Sequence[Clip]) -> list[bytes]:
    """Cut clips into pieces of a few seconds at 8 kHz; shorter ends are left out."""
    size = PIECE_S * 8000 * 2
    audio = [clip.pcm(8000) for clip in clips]
    return [pcm[at : at + size] for pcm in audio for at in range(0, len(pcm) - size + 1, size)]


def rate(heard: Sequence[tuple[Clip, Transcript]]) -> str:
    """Return the character error rate."""
    scores = [errors(clip.text, transcript.text, "zh") for clip, transcript in heard]
    return f"{sum(missed for missed, _ in scores) / max(1, sum(units for _, units in scores)):6.1%}"


def measure(model: WhisperModel, clips: Sequence[Clip], noise: Sequence[bytes], words: Words) -> str:
    """Return the figures of one mode with one list."""

    def hear(clip: Clip) -> Transcript:
        return model.transcribe(TranscriptionRequest(clip.pcm(8000), 8000, "zh", hint="\n".join(words(clip))))

    def hear_noise(pcm: bytes) -> Transcript:
        hint = "\n".join(words(clips[0]))
        return model.transcribe(TranscriptionRequest(pcm, 8000, "zh", hint=hint))

    with ThreadPoolExecutor(2) as pool:
        heard = list(zip(clips, pool.map(hear, clips), strict=True))
        of_noise = [transcript.text for transcript in pool.map(hear_noise, noise)]
    sentences = [(clip, got) for clip, got in heard if clip.kind == "sentence"]
    rare = [(clip, got) for clip, got in sentences if any(word in clip.text for word in RARE)]
    others = [(clip, got) for clip, got in sentences if not any(word in clip.text for word in RARE)]
    single = [(clip, got) for clip, got in heard if clip.kind == "word"]
    right = sum(word in got.text for clip, got in rare for word in RARE if word in clip.text)
    wanted = sum(word in clip.text for clip, _ in rare for word in RARE)
    made_up = sum(any(w in got.text and w not in clip.text for w in words(clip)) for clip, got in heard)
    made_up += sum(any(w in text for w in words(clips[0])) for text in of_noise)
    exact = sum(errors(clip.text, got.text, "zh")[0] == 0 for clip, got in single)
    median = statistics.median(got.inference_ms for _, got in sentences)
    return (
        f"rare {rate(rare)} ({right}/{wanted} words) | others {rate(others)} | single {rate(single)} "
        f"({exact}/{len(single)}) | noise {sum(map(bool, of_noise))}/{len(noise)} | not said {made_up} "
        f"| median {median:4.0f} ms"
    )


def main() -> None:
    """Run all modes with all lists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("var/models/whisper-base"))
    options = parser.parse_args()
    clips = [clip for clip in load_clips(language="zh") if clip.text and clip.kind in ("sentence", "word")]
    noise = pieces([clip for clip in load_clips() if clip.language == "-" or clip.kind.startswith("babble")])
    lists: dict[str, Words] = {"right": lambda _clip: RARE, "wrong": lambda _clip: WRONG, "few": few}
    for mode in get_args(Mode):
        model = WhisperModel(options.model, RecogniserSettings(hot_words=mode))
        for name, words in lists.items() if mode != "off" else [("none", lists["right"])]:
            print(f"{mode:6} {name:5} | {measure(model, clips, noise, words)}", flush=True)


if __name__ == "__main__":
    main()
