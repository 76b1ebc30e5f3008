"""Documents cut into passages of a size that answers a question."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from voicebot.dialogue.documents.document import Document
from voicebot.dialogue.texts import split_sentences
from voicebot.dialogue.wording import length

SIZES = {"zh": (120, 250), "en": (60, 120)}
"""Passages are filled up to the first, and are never longer than the second: Han characters, or words."""
_MAX_CHARACTERS = 1200
_HALF_ENDS = ("；", ";")
_CLAUSE = re.compile(r"[^，、,：:]*[，、,：:]?")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage before anybody asked for it.

    Attributes:
        id: the same as long as its file's name, its headings and its words are the same.
        document: name of the file.
        path: the heading it stands under and those above it.
        sentences: its text.
    """

    id: str
    document: str
    path: tuple[str, ...]
    sentences: tuple[str, ...]

    def text(self, language: str) -> str:
        """Return the sentences as one text."""
        return ("" if language == "zh" else " ").join(self.sentences)


def chunks_of(document: Document, language: str) -> list[Chunk]:
    """Cut a document. No passage reaches over a heading; all its text is in one of them, in order."""
    found: list[Chunk] = []
    known: dict[str, int] = {}
    for section in document.sections:
        for sentences in _filled(section.paragraphs, language):
            key = "\n".join((document.name, *section.path, "", *sentences))
            digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:12]
            known[digest] = known.get(digest, 0) + 1
            repeated = f"-{known[digest]}" if known[digest] > 1 else ""
            found.append(Chunk(digest + repeated, document.name, section.path, sentences))
    return found


def is_cut(sentence: str, language: str) -> bool:
    """Tell whether a sentence is too long for a passage."""
    return length(sentence, language) > SIZES[language][1] or len(sentence) > _MAX_CHARACTERS


def _filled(paragraphs: tuple[str, ...], language: str) -> Iterator[tuple[str, ...]]:
    enough, most = SIZES[language]
    held: list[str] = []
    size = 0
    for paragraph in paragraphs:
        for sentence in _sentences(paragraph, language, most):
            added = length(sentence, language)
            if held and size + added > most:
                yield tuple(held)
                held, size = [], 0
            held.append(sentence)
            size += added
        if size >= enough:
            yield tuple(held)
            held, size = [], 0
    if held:
        yield tuple(held)


def _sentences(paragraph: str, language: str, most: int) -> Iterator[str]:
    for sentence in _whole(split_sentences(paragraph), language, most):
        if is_cut(sentence, language):
            yield from _pieces(sentence, language, most)
        else:
            yield sentence


def _whole(parts: list[str], language: str, most: int) -> Iterator[str]:
    """Join what a semicolon parted: half of such a sentence answers nothing."""
    held = ""
    for part in parts:
        if held and not (held.endswith(_HALF_ENDS) and length(held + part, language) <= most):
            yield held
            held = ""
        held = f"{held} {part}" if held and language != "zh" else held + part
    if held:
        yield held


def _pieces(sentence: str, language: str, most: int) -> Iterator[str]:
    """Cut a sentence that is too long: between clauses, else between words or characters."""
    held = ""
    for clause in _CLAUSE.findall(sentence):
        for part in _short_enough(clause, language, most):
            if held and (length(held + part, language) > most or len(held + part) > _MAX_CHARACTERS):
                yield held.strip()
                held = ""
            held += part
    if held.strip():
        yield held.strip()


def _short_enough(clause: str, language: str, most: int) -> Iterator[str]:
    units = re.findall(r"\s*\S+\s*", clause) if language != "zh" else [clause]
    for unit in units:
        for start in range(0, len(unit), most):
            yield unit[start : start + most]
