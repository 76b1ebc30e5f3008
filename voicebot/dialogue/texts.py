"""Texts of a bot: ``{{variables}}`` and the cut into sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from voicebot.skills.template import PLACEHOLDER, fill, placeholders_in

# A sentence ends at Chinese or Western end marks, with what closes a quotation; a full stop only before
# white space, so that 3.5 and a.m. stay whole.
_END = re.compile(r"(?:[\u3002\uff01\uff1f!?\uff1b;…]+|\.(?=\s|$))[”’」』\"')]*")
_ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|No|vs|etc|e\.g|i\.e)|\b[A-Za-z]\.[A-Za-z])\.$")


def variables_in(text: str) -> list[str]:
    """Return the names of the variables in a text."""
    return [name for name, _ in placeholders_in(text)]


def value_of(name: str, variables: Mapping[str, str], defaults: Mapping[str, str], inline: str = "") -> str:
    """Return the value of a variable: its own, else the default in the text, else the bot's, else nothing.

    A value may be a template that its sender forgot to fill in ("{{name}}"): nobody wants to hear that, so it counts
    for nothing.
    """
    return PLACEHOLDER.sub("", variables.get(name, "")).strip() or inline.strip() or defaults.get(name, "").strip()


def unpaired_braces(text: str) -> bool:
    """Tell whether a text has ``{{`` or ``}}`` that belong to no variable; they would be spoken."""
    rest = PLACEHOLDER.sub("", text)
    return "{{" in rest or "}}" in rest


def render(text: str, variables: Mapping[str, str], defaults: Mapping[str, str]) -> str:
    """Fill in variables: their value, else the default in the text (``{{name|you}}``), else the bot's, else nothing."""
    if "{{" not in text:
        return text
    return fill(text, lambda name, inline: value_of(name, variables, defaults, inline))


def split_sentences(text: str) -> list[str]:
    """Cut a text at the ends of its sentences; ``{{variables}}`` stay whole.

    Done before variables are filled in, so that a text has the same sentences whatever is put into it.
    """
    return list(_sentences(text))


@lru_cache(maxsize=2048)  # the texts of a bot, over and over
def _sentences(text: str) -> tuple[str, ...]:
    inside = [match.span() for match in PLACEHOLDER.finditer(text)]
    sentences, start = [], 0
    for match in _END.finditer(text):
        if any(low <= match.start() < high for low, high in inside):
            continue
        if _ABBREVIATION.search(text[start : match.end()]) and match.end() < len(text):
            continue
        sentences.append(text[start : match.end()].strip())
        start = match.end()
    sentences.append(text[start:].strip())
    return tuple(sentence for sentence in sentences if sentence)
