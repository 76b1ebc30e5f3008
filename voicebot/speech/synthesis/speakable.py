"""Take out of a text what nobody reads aloud: Markdown, emoji and control characters."""

from __future__ import annotations

import html
import re
import unicodedata

_MARKUP = re.compile(
    r"(?P<end><br\s*/?>|</(?:p|div|li|tr|h[1-6])>)"
    r"|</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>\n]*)?/?>",
    re.I,
)
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^[ \t]*(?:```|~~~)[^\n]*$", re.M), ""),
    (re.compile(r"!?\[([^\]\n]*)\]\([^)\s]*(?:\s\"[^\"\n]*\")?\)"), r"\1"),
    (re.compile(r"\[([^\]\n]+)\]\[[^\]\n]*\]"), r"\1"),
    (re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>"), r" \1 "),
    (re.compile(r"^[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+[ \t]*(?::?-{2,}:?)?[ \t]*$", re.M), ""),
    (re.compile(r"^[ \t]*\|[ \t]*|[ \t]*\|[ \t]*$", re.M), ""),
    (re.compile(r"^[ \t]*[-*+][ \t]+\[[ xX]\][ \t]+", re.M), ""),
    (re.compile(r"^([ \t]*\d{1,2})[.)][ \t]+(?=[\u3400-\u9fff])", re.M), r"\1、"),
    (re.compile(r"^[ \t]*#{1,6}[ \t]+", re.M), ""),
    (re.compile(r"^[ \t]*>+[ \t]?", re.M), ""),
    (re.compile(r"^[ \t]*[-*+•][ \t]+", re.M), ""),
    (re.compile(r"^[ \t]*[-*_=]{3,}[ \t]*$", re.M), ""),
    (re.compile(r"(\*{1,3}|~~)(?=\S)([^*~\n]+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<!\w)(_{1,3})(?=\S)([^_\n]+?)(?<=\S)\1(?!\w)"), r"\2"),
    (re.compile(r"`+([^`\n]*)`+"), r"\1"),
)
_SPACE = re.compile(r"[ \t\u00a0\u3000]+")
_LINES = re.compile(r"\s*\n\s*")
# A line that ends without punctuation is still the end of something: the voice must pause there.
_BARE_LINE_END = re.compile(r"(?<=[^\W_])\n")
# Symbols (category So) that are read aloud, besides the square units (U+3371 to U+33DF: ㎏, ㎡).
_SPOKEN_SYMBOLS = frozenset("℃℉°№")
_CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


def has_speech(text: str) -> bool:
    """Tell whether there is a letter, digit or ideograph in the text, something a voice can say."""
    return any(character.isalnum() for character in text)


def has_cjk(text: str) -> bool:
    """Tell whether a Chinese character stands in the text."""
    return _CJK.search(text) is not None


def speakable(text: str) -> str:
    """Return the text without Markdown, emoji and control characters, in one line.

    Lines are joined: a line without punctuation at its end gets a full stop or comma's worth of it
    ("。" after Mandarin, "." otherwise). The result is "" when nothing in it can be spoken.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _MARKUP.sub(_end_or_nothing, text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    text = "".join(kept for character in text if (kept := _keep(character)))
    text = _LINES.sub("\n", _SPACE.sub(" ", text)).strip()
    text = _BARE_LINE_END.sub(_end_line, text).replace("\n", " ")
    return text if has_speech(text) else ""


def _keep(character: str) -> str:
    if character == "\n":
        return character
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    if category in ("Cf", "Cs", "Co", "Cn", "Me") or "\ufe00" <= character <= "\ufe0f":
        return ""
    if "\U0001f3fb" <= character <= "\U0001f3ff":  # skin tones: modifiers, not symbols, to Unicode
        return ""
    if category == "So" and character not in _SPOKEN_SYMBOLS and not "\u3371" <= character <= "\u33df":
        return " "
    return character


def _end_or_nothing(match: re.Match[str]) -> str:
    return "\n" if match["end"] else ""


def _end_line(match: re.Match[str]) -> str:
    return "。" if has_cjk(match.string[match.start() - 1]) else ". "
