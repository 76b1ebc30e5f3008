"""HTML: headings and paragraphs, without navigation, scripts and the like."""

from __future__ import annotations

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag

from voicebot.dialogue.documents.document import Document, SectionBuilder

_LEFT_OUT = {
    *("script", "style", "nav", "header", "footer", "aside", "template", "noscript", "form", "button", "select"),
    *("textarea", "svg", "head", "iframe"),
}
_INLINE = {
    *("a", "abbr", "b", "bdi", "bdo", "big", "br", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img"),
    *("ins", "kbd", "label", "mark", "q", "ruby", "rb", "s", "samp", "small", "span", "strong", "sub", "sup", "td"),
    *("th", "time", "tt", "u", "var", "wbr"),
}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_TEXT_LIMIT = 2_000_000


def read_html(name: str, text: str) -> Document:
    """Return the sections of a page."""
    soup = BeautifulSoup(text[:_TEXT_LIMIT], "html.parser")
    builder = SectionBuilder(name)
    held: list[str] = []
    block: Tag | None = None

    def flush() -> None:
        words = "".join(held)
        held.clear()
        level = _HEADINGS.get(block.name) if block is not None else None
        if level is None:
            builder.paragraph(words)
        else:
            builder.heading(level, words)

    for element in soup.descendants:
        if isinstance(element, Tag):
            if element.name in ("br", "td", "th"):
                held.append(" ")
            continue
        if isinstance(element, PreformattedString) or not isinstance(element, NavigableString):
            continue
        owner = _block_of(element)
        if owner is None:
            continue
        if owner is not block:
            flush()
            block = owner
        held.append(str(element))
    flush()
    return builder.document()


def _block_of(element: NavigableString) -> Tag | None:
    """Return the block that a text belongs to; None if it is in one that is left out."""
    block: Tag | None = None
    for parent in element.parents:
        if parent.name in _LEFT_OUT:
            return None
        if block is None and (parent.name in _HEADINGS or parent.name not in _INLINE):
            block = parent
    return block
