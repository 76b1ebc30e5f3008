"""From a file to a document: which reader it takes, and what is refused."""

from __future__ import annotations

from pathlib import Path

from voicebot.dialogue.documents.document import Document
from voicebot.dialogue.documents.html import read_html
from voicebot.dialogue.documents.markdown import read_markdown, read_text
from voicebot.dialogue.documents.office import read_docx, read_pdf
from voicebot.dialogue.textfile import decode
from voicebot.errors import ConfigError

MAX_BYTES = 30_000_000
_TEXTS = {".md": read_markdown, ".markdown": read_markdown, ".txt": read_text, ".html": read_html, ".htm": read_html}
_BINARIES = {".pdf": read_pdf, ".docx": read_docx}
SUFFIXES = (*_TEXTS, *_BINARIES)
BINARY_SUFFIXES = tuple(_BINARIES)


def read_document(file: Path, content: bytes) -> Document:
    """Return what a file says, by the ending of its name; a document without sections holds no text.

    Raises:
        ConfigError: it is too large, broken, or of no known kind; names the file.
    """
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{file}: is larger than {MAX_BYTES // 1_000_000} MB")
    suffix = file.suffix.lower()
    if suffix in _TEXTS:
        return _TEXTS[suffix](file.name, decode(file, content).replace("\x00", ""))
    if suffix in _BINARIES:
        return _BINARIES[suffix](file, content)
    raise ConfigError(f"{file}: is no document that can be read; allowed: {', '.join(SUFFIXES)}")
