"""Documents: those that are left out, those that say nothing, and texts that are cut where they should not be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.checking.finding import Finding, Severity
from voicebot.dialogue.documents.chunking import SIZES, is_cut
from voicebot.dialogue.documents.document import Document, Section
from voicebot.dialogue.documents.library import document_files
from voicebot.dialogue.documents.reading import BINARY_SUFFIXES, read_document
from voicebot.dialogue.textfile import decode, read_bytes
from voicebot.dialogue.texts import split_sentences
from voicebot.dialogue.wording import length
from voicebot.errors import ConfigError

LONG_SECTION = {"zh": 1000, "en": 500}
"""More under one heading (characters, or words) is hardly found by it."""
_BEGINNING = 12  # characters by which a text is looked for in its file


def check_documents(bot: Bot) -> Iterator[Finding]:
    """Read all documents of a bot as the service will."""
    for file in document_files(bot.documents) if bot.documents is not None else ():
        yield from _check(file, bot.language)


def _check(file: Path, language: str) -> Iterator[Finding]:
    try:
        content = read_bytes(file)
        document = read_document(file, content)
    except ConfigError as error:
        problem = error.message.removeprefix(f"{file}: ")
        yield _warning("document_left_out", str(file), f"{problem}; the document is left out")
        return
    if not document.sections:
        yield _without_text(file)
        return
    lines = [] if file.suffix.lower() in BINARY_SUFFIXES else decode(file, content).splitlines()
    for where, problem, fix in _long_texts(file, document, language, lines):
        yield Finding(Severity.HINT, "long_passage", where, problem, fix)


def _without_text(file: Path) -> Finding:
    if file.suffix.lower() == ".pdf":
        fix = "let a text recognition go through its scanned pages"
        return _warning("document_empty", str(file), "this PDF holds no text, only pictures", fix)
    return _warning("document_empty", str(file), "this document holds no text", "write something into it, or delete it")


def _long_texts(file: Path, document: Document, language: str, lines: list[str]) -> Iterator[tuple[str, str, str]]:
    unit, most = "characters" if language == "zh" else "words", SIZES[language][1]
    for section in document.sections:
        for sentence in (text for paragraph in section.paragraphs for text in split_sentences(paragraph)):
            if is_cut(sentence, language):
                size = length(sentence, language)
                problem = f"a sentence of {size} {unit} is cut into pieces: a passage has {most} at most"
                yield _place(file, lines, sentence), problem, "make several sentences of it"
        size = _size(section, language)
        if size > LONG_SECTION[language]:
            problem = f"'{section.path[-1]}' has {size} {unit} under one heading; passages are found by their headings"
            yield _place(file, lines, section.paragraphs[0]), problem, "divide it with more headings"


def _size(section: Section, language: str) -> int:
    return sum(length(paragraph, language) for paragraph in section.paragraphs)


def _place(file: Path, lines: list[str], text: str) -> str:
    """Return ``file:line`` of a text, or the file alone where lines mean nothing or the text stands otherwise there."""
    beginning = "".join(text.split())[:_BEGINNING]
    for number, line in enumerate(lines, start=1):
        if beginning in re.sub(r"\s", "", line):
            return f"{file}:{number}"
    return str(file)


def _warning(code: str, where: str, problem: str, fix: str = "") -> Finding:
    return Finding(Severity.WARNING, code, where, problem, fix)
