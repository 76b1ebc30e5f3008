"""From pieces of a model's text to sentences that can be spoken."""

from __future__ import annotations

import re

from voicebot.assembler import SentenceAssembler
from voicebot.llm.plain import CITATION, citations_in, plain

_BLOCKS = {"<think>": "</think>", "<thinking>": "</thinking>", "<reasoning>": "</reasoning>", "```": "```"}
_OPENING = re.compile("|".join(map(re.escape, _BLOCKS)))
_SENTENCE_END = re.compile(r"[\u3002\uff01\uff1f!?\u2026.][\u201d\u2019\u300d\u300f\"')\]\uff09]*$")
# What may still become a citation, with the blank before it, or a mark around words.
_UNFINISHED = re.compile(r"[ \t]*(?:[\[\u3010][^\]\u3011\n]{0,20}|\*{1,3}|_{1,3})?$")


class SpeechShaper:
    """Turns a streamed answer into sentences; the first may be a short clause, so that the caller hears something soon.

    Args:
        max_sentences: the answer is over after so many.

    Attributes:
        citations: numbers of the passages that were cited so far, in order, each once.
    """

    def __init__(self, max_sentences: int) -> None:
        self.citations: list[int] = []
        self._visible = _Visible()
        self._assembler = SentenceAssembler()
        self._left = max_sentences
        self._began = False

    @property
    def full(self) -> bool:
        """As many sentences were returned as there may be."""
        return self._left <= 0

    def feed(self, piece: str) -> list[str]:
        """Add a piece; return what can be spoken now."""
        return self._shaped(self._assembler.feed(self._without_citations(self._visible.feed(piece))))

    def flush(self, *, cut: bool = False) -> list[str]:
        """Return what is left.

        Args:
            cut: the answer broke off or grew too long. What is left is half a sentence then, and is spoken only if
                nothing else was.
        """
        rest = self._assembler.feed(self._without_citations(self._visible.flush()))
        last = self._assembler.flush()
        return self._shaped([*rest, *last] if not cut or not (self._began or rest) else rest)

    def _without_citations(self, text: str) -> str:
        for number in citations_in(text):
            if number not in self.citations:
                self.citations.append(number)
        return CITATION.sub("", text)

    def _shaped(self, sentences: list[str]) -> list[str]:
        spoken = []
        for sentence in sentences:
            if self.full:
                break
            text = plain(sentence)
            if text:
                spoken.append(text)
                self._began = True
            if text and _SENTENCE_END.search(text):
                self._left -= 1
        return spoken


class _Visible:
    """Leaves out thoughts and code blocks, whose marks may be torn apart by the pieces."""

    def __init__(self) -> None:
        self._held = ""
        self._closing = ""

    def feed(self, piece: str) -> str:
        self._held += piece
        visible = ""
        while True:
            if self._closing:
                _, found, rest = self._held.partition(self._closing)
                if not found:
                    # Only what may be the beginning of the mark is of interest.
                    self._held = self._held[-(len(self._closing) - 1) :]
                    return visible
                self._held, self._closing = rest, ""
            opening = _OPENING.search(self._held)
            if opening is None:
                break
            visible += self._held[: opening.start()]
            self._closing = _BLOCKS[opening.group()]
            self._held = self._held[opening.end() :]
        keep = _held_back(self._held)
        visible += self._held[: len(self._held) - keep]
        self._held = self._held[len(self._held) - keep :]
        return visible

    def flush(self) -> str:
        visible, self._held = "" if self._closing else self._held, ""
        return visible


def _held_back(text: str) -> int:
    """Return how many characters at the end may be the beginning of something that is not spoken."""
    longest = max(map(len, _BLOCKS))
    for size in range(min(longest - 1, len(text)), 0, -1):
        if any(mark.startswith(text[-size:]) for mark in _BLOCKS):
            return size
    unfinished = _UNFINISHED.search(text)
    return len(unfinished.group()) if unfinished is not None else 0
