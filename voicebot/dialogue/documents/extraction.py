"""The answer in a passage: one to three of its sentences, as short as on the phone."""

from __future__ import annotations

from voicebot.dialogue.documents.index import Hit
from voicebot.dialogue.wording import length

MAX_SENTENCES = 3
MAX_LENGTH = {"zh": 120, "en": 60}
"""Longest answer: Han characters, or words. A single sentence may be longer."""
_ALSO = 0.12
_SURE_HEADING = 0.6
# What begins like this says something about the sentence before.
_NEEDS_CONTEXT = {
    "zh": (
        "它",
        "这",
        "那",
        "其",
        "不到",
        "但",
        "而",
        "所以",
        "因为",
        "否则",
        "不然",
        "另外",
        "具体",
        "一定要拍的",
        "缝了针的",
    ),
    "en": (
        "it ",
        "its ",
        "they ",
        "that ",
        "this ",
        "these ",
        "those ",
        "but ",
        "then ",
        "for those ",
        "after that",
        "if it ",
    ),
}


def answer_of(hit: Hit, language: str) -> str:
    """Return what is said to a question that a passage answers.

    Where the headings are the question, a short passage is said as it is, and a long one from its beginning; otherwise
    the sentence that is nearest, with those after it that are almost as near, and the one before it if it needs that.
    """
    sentences = hit.chunk.sentences
    if hit.heading >= _SURE_HEADING and _fits(sentences, language):
        return hit.chunk.text(language)
    best = max(range(len(sentences)), key=hit.sentences.__getitem__)
    begin, end = best, best + 1
    if hit.heading >= hit.sentences[best] and _fits(sentences[:end], language):
        begin = 0
    elif best and sentences[best].lower().startswith(_NEEDS_CONTEXT[language]):
        begin = best - 1
    if not _fits(sentences[begin:end], language):
        begin = best
    while end < len(sentences) and _fits(sentences[begin : end + 1], language) and _goes_on(hit, end, best):
        end += 1
    return ("" if language == "zh" else " ").join(sentences[begin:end])


def _goes_on(hit: Hit, at: int, best: int) -> bool:
    return hit.sentences[at] >= hit.sentences[best] - _ALSO


def _fits(sentences: tuple[str, ...], language: str) -> bool:
    return len(sentences) <= MAX_SENTENCES and sum(length(each, language) for each in sentences) <= MAX_LENGTH[language]
