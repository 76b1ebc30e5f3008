"""What models write for screens, made fit to be spoken: no Markdown, no emoji, no marks of citations."""

from __future__ import annotations

import re

# Square or lenticular brackets with numbers: [1], [^1], [1, 3], and the form with a dagger that some models were
# trained on.
CITATION = re.compile(r"\s*[\[\u3010]\^?(\d{1,3}(?:\s*[,\uff0c\u3001]\s*\d{1,3})*)(?:\u2020[^\]\u3011]*)?[\]\u3011]")

_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u200d\u20e3\ufe0e\ufe0f\U000e0000-\U000e007f]+[\u20e3\ufe0f]*"
)
_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()\s]|\([^()]*\))*(?:\s+\"[^\"]*\")?\)")
_AUTOLINK = re.compile(r"<?\b(?:https?://|www\.)[^\s<>\u3002\uff0c\uff1b]+>?")
_LINE_MARK = re.compile(r"^\s*(?:(?:[-*+\u2022\u00b7]|\d{1,2}[.)\u3001])\s+|#{1,6}\s*|>+\s*)+")
_RULE = re.compile(r"^[\s\-*_=|:]+$")
_STRONG = re.compile(r"(\*\*\*|\*\*|___|__|~~|`+)")
# A single mark around words; a lone one, as in "2 * 3", stays.
_EMPHASIS = re.compile(r"(?<![\w*])([*_])(?=\S)([^*_]+?)(?<=\S)\1(?![\w*])")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,80}>")
_BLANKS = re.compile(r"\s+")


def plain(text: str) -> str:
    """Return a line or a sentence without anything that only a screen can show; "" if nothing is left.

    Citations stay: ``citations_in`` and ``CITATION`` deal with them.
    """
    if _RULE.match(text):
        return ""
    text = _EMOJI.sub("", text)
    text = _LINE_MARK.sub("", text)
    text = _IMAGE_OR_LINK.sub(r"\1", text)
    text = _AUTOLINK.sub("", text)
    text = _TAG.sub("", text)
    text = _EMPHASIS.sub(r"\2", _STRONG.sub("", text))
    if text.count("|") > 1:  # a row of a table
        text = ", ".join(cell.strip() for cell in text.split("|") if cell.strip())
    text = _BLANKS.sub(" ", text).strip()
    return text if any(character.isalnum() for character in text) else ""


def citations_in(text: str) -> list[int]:
    """Return the numbers of the citations in a text, in order."""
    return [int(number) for match in CITATION.finditer(text) for number in re.findall(r"\d+", match.group(1))]
