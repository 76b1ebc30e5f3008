"""What an utterance consists of: clauses, and what is left of it once the caller has corrected himself."""

from __future__ import annotations

import re

from voicebot.dialogue.wording import length

MAX_CLAUSES = 5
_ENDS = re.compile(r"[,!?;:，。！？；：、…]+|\.(?=\s|$)")
# A question begins here, also where the recogniser wrote no comma: 行那停车方便吗.
_ZH_BEGINS = re.compile(r"(?=那你们|那我|那停|(?<!我)请问|我想问|我问一下|(?<!我)想问一?下|顺便问|另外问|还有就是)")
_EN_BEGINS = re.compile(
    r"(?=\bbut (?:what|where|when|how|do|can|is)\b|\band (?:what|where|when|how|do|can|is)\b)", re.I
)
_ZH_CORRECTION = re.compile(
    r"[，,。\s]*(?:(?:哦|噢|喔|啊|呃|额|哎|唉|诶)[，,\s]*)?(?:不对不对|不对|不是不是|不是|不不不?|我?说错了|错了|哦不)[，,。！\s]+"
    r"(?:(?:我是说|我是想问|我想问的是|应该是|我的意思是)[，,\s]*)?"
    r"|[，,。\s]+(?:我是说|我的意思是|我想问的是)[，,\s]*|(?:哦|噢|呃)不(?:对|是)"
)
_EN_CORRECTION = re.compile(
    r"[,.!\s]*\b(?:no wait|wait no|oh no|sorry i mean|sorry i meant|i mean|i meant|no sorry|or rather|scratch that"
    r"|no actually|actually no|never mind that)\b[,.!\s]*",
    re.I,
)


def corrected(text: str, language: str) -> str:
    """Return what stands behind the last correction ("停车，哦不对，地址在哪"); the whole text if there is none."""
    rest = text
    for found in (_ZH_CORRECTION if language == "zh" else _EN_CORRECTION).finditer(text):
        before, after = text[: found.start()], text[found.end() :]
        if length(before, language) > 1 and length(after, language) > 1:
            rest = after
    return rest


def clauses(text: str, language: str) -> list[str]:
    """Return the clauses of an utterance, the first and the last ones if there are many; itself if it has but one."""
    begins = _ZH_BEGINS if language == "zh" else _EN_BEGINS
    parts = [piece.strip() for part in _ENDS.split(text) for piece in begins.split(part)]
    found = [part for part in parts if part] or [text]
    return found if len(found) <= MAX_CLAUSES else [found[0], *found[-MAX_CLAUSES + 1 :]]
