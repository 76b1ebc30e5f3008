"""Text and Markdown: headings and paragraphs, without the marks."""

from __future__ import annotations

import re

from voicebot.dialogue.documents.document import Document, SectionBuilder

_ATX = re.compile(r" {0,3}(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})\s*$")
_RULE = re.compile(r" {0,3}(?:[-*_]\s*){3,}$")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_LIST = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+")
_QUOTE = re.compile(r"\s*(?:>\s?)+")
_TABLE_RULE = re.compile(r"\s*\|?[\s:|-]*-[\s:|-]*\|?\s*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)")
_LINK = re.compile(r"\[([^\]\n]+)\]\([^)\n]*\)")
_MARKS = re.compile(r"(?<!\\)(\*{1,3}|~~|`+)(?=\S)(.+?)(?<=[^\s\\])\1")
_UNDERSCORES = re.compile(r"(?<!\w)(_{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def read_markdown(name: str, text: str) -> Document:
    """Return the sections of a Markdown text."""
    builder = SectionBuilder(name)
    held: list[str] = []

    def flush() -> None:
        builder.paragraph(_plain(_joined(held)))
        held.clear()

    for line in _without_front_matter(_COMMENT.sub("", text)):
        heading = _ATX.match(line)
        if heading is not None:
            flush()
            builder.heading(len(heading[1]), _plain(heading[2] or ""))
        elif (underline := _UNDERLINE.match(line)) is not None and len(held) == 1 and "|" not in held[0]:
            builder.heading(1 if underline[1].startswith("=") else 2, _plain(held.pop()))
        elif not line.strip() or _RULE.match(line) or _FENCE.match(line) or ("|" in line and _TABLE_RULE.match(line)):
            flush()
        elif line.lstrip().startswith("|"):
            flush()
            held.append(" ".join(cell.strip() for cell in line.strip().strip("|").split("|")))
            flush()
        else:
            line = _QUOTE.sub("", line, count=1)
            if _LIST.match(line):
                flush()
                line = _LIST.sub("", line, count=1)
            held.append(line.strip())
    flush()
    return builder.document()


def read_text(name: str, text: str) -> Document:
    """Return the paragraphs of a plain text: what stands between blank lines."""
    builder = SectionBuilder(name)
    for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        builder.paragraph(_joined(paragraph.split("\n")))
    return builder.document()


def join_lines(lines: list[str]) -> str:
    """Join the lines that a paragraph was broken into; between Han characters there is no blank."""
    return _joined(lines)


def _joined(lines: list[str]) -> str:
    text = " ".join(line.strip() for line in lines)
    return re.sub(
        r"(?<=[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]) +(?=[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef])", "", text
    )


def _without_front_matter(text: str) -> list[str]:
    lines = text.splitlines()
    if lines and lines[0].strip() == "---":
        ends = [number for number, line in enumerate(lines[1:40], start=1) if line.strip() == "---"]
        if ends:
            return lines[ends[0] + 1 :]
    return lines


def _plain(text: str) -> str:
    text = _LINK.sub(r"\1", _IMAGE.sub(r"\1", text))
    text = _UNDERSCORES.sub(r"\2", _MARKS.sub(r"\2", text))
    return _ESCAPED.sub(r"\1", text)
