"""PDF and Word files."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

import docx
import docx.table
import docx.text.paragraph
import pypdf

from voicebot.dialogue.documents.document import Document, SectionBuilder
from voicebot.dialogue.documents.markdown import join_lines
from voicebot.errors import ConfigError

MAX_PAGES = 1000
MAX_UNPACKED_BYTES = 100_000_000
_MAX_PARTS = 10_000
_LEVEL = re.compile(r"heading (\d)", re.IGNORECASE)
_ENDS = "。！？!?.；;：:"


def read_pdf(file: Path, content: bytes) -> Document:
    """Return the paragraphs of a PDF; none if it holds pictures of text only.

    Raises:
        ConfigError: it is broken, encrypted or too long.
    """
    builder = SectionBuilder(file.name)
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise ConfigError(f"{file}: is encrypted; save it without a password")
        if len(reader.pages) > MAX_PAGES:
            raise ConfigError(f"{file}: has more than {MAX_PAGES} pages")
        for page in reader.pages:
            for paragraph in _paragraphs(page.extract_text()):
                builder.paragraph(paragraph)
    except ConfigError:
        raise
    except Exception as error:  # whatever a malformed file does to the library
        raise ConfigError(f"{file}: is no PDF that can be read ({type(error).__name__})") from error
    return builder.document()


def _paragraphs(text: str) -> Iterable[str]:
    """Put lines together again: a paragraph ends at a blank line, or where a line ends with a sentence."""
    held: list[str] = []
    for line in text.splitlines():
        if line.strip():
            held.append(line)
        if not line.strip() or line.rstrip().endswith(tuple(_ENDS)):
            yield join_lines(held)
            held = []
    yield join_lines(held)


def read_docx(file: Path, content: bytes) -> Document:
    """Return the sections of a Word file, tables row by row.

    Raises:
        ConfigError: it is broken, or unpacks to more than MAX_UNPACKED_BYTES.
    """
    builder = SectionBuilder(file.name)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
                raise ConfigError(f"{file}: unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000} MB")
        for block in docx.Document(io.BytesIO(content)).iter_inner_content():
            if isinstance(block, docx.table.Table):
                for row in block.rows:
                    builder.paragraph(" ".join(dict.fromkeys(cell.text for cell in row.cells)))
            else:
                _add(builder, block)
    except ConfigError:
        raise
    except Exception as error:  # whatever a malformed file does to the library
        raise ConfigError(f"{file}: is no Word file (docx) that can be read ({type(error).__name__})") from error
    return builder.document()


def _add(builder: SectionBuilder, paragraph: docx.text.paragraph.Paragraph) -> None:
    style = str(paragraph.style.name) if paragraph.style is not None else ""
    level = _LEVEL.match(style)
    if level is not None or style == "Title":
        builder.heading(int(level[1]) if level is not None else 1, paragraph.text)
    else:
        builder.paragraph(paragraph.text)
