"""A document as values: sections under headings, and the passages they are cut into."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """Paragraphs under a heading.

    Attributes:
        path: the heading and those above it, the outermost first.
        paragraphs: their texts, in order; none is empty.
    """

    path: tuple[str, ...]
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What was read from a file.

    Attributes:
        name: of the file.
        sections: in order.
    """

    name: str
    sections: tuple[Section, ...]


class SectionBuilder:
    """Collects headings and paragraphs in the order of a document.

    Args:
        name: of the file; sections in front of the first heading stand under its stem.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._stem = name.rpartition(".")[0] or name
        self._headings: list[tuple[int, str]] = []
        self._paragraphs: list[str] = []
        self._sections: list[Section] = []

    def heading(self, level: int, text: str) -> None:
        """Begin a section; a level of 1 is the outermost."""
        text = _one_line(text)
        if not text:
            return
        self._flush()
        self._headings = [known for known in self._headings if known[0] < level]
        self._headings.append((level, text))

    def paragraph(self, text: str) -> None:
        """Add a paragraph to the section."""
        text = _one_line(text)
        if text:
            self._paragraphs.append(text)

    def document(self) -> Document:
        """Return all that was added."""
        self._flush()
        return Document(self._name, tuple(self._sections))

    def _flush(self) -> None:
        if self._paragraphs:
            path = tuple(text for _, text in self._headings) or (self._stem,)
            self._sections.append(Section(path, tuple(self._paragraphs)))
            self._paragraphs = []


def _one_line(text: str) -> str:
    return " ".join(text.split())
