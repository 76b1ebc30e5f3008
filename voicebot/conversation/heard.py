"""How much of a text the caller heard when its playout was stopped."""

from __future__ import annotations

# Average speaking rates for a clip whose length is not known yet: Mandarin about 4.5 characters a
# second, English about 15 letters a second.
_CJK_CHARACTER_MS = 220.0
_LATIN_CHARACTER_MS = 66.0
_BREAKS = " ,.;:!?\uff0c\u3002\uff1b\uff1a\uff01\uff1f\u3001…"  # Western and full-width


def is_cjk(character: str) -> bool:
    """Tell whether a character is a Han character."""
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf"


def heard_text(text: str, heard_ms: int, total_ms: int | None) -> str:
    """Return the beginning of ``text`` that had left the playout after ``heard_ms``.

    The cut is by time, in proportion to the speaking time of each character; a Latin word that was
    cut in the middle does not count as heard.

    Args:
        text: the whole text.
        heard_ms: how long it was audible.
        total_ms: how long the whole would have been; None if its synthesis was not finished.
    """
    if heard_ms <= 0 or not text:
        return ""
    weights = [_CJK_CHARACTER_MS if is_cjk(character) else _LATIN_CHARACTER_MS for character in text]
    scale = total_ms / sum(weights) if total_ms else 1.0
    spent, end = 0.0, 0
    for weight in weights:
        spent += weight * scale
        if spent > heard_ms + 0.5:  # half a millisecond for rounding
            break
        end += 1
    return _whole_words(text, end)


def _whole_words(text: str, end: int) -> str:
    if end >= len(text):
        return text
    cut_inside_word = end > 0 and _is_word(text[end]) and _is_word(text[end - 1])
    while cut_inside_word and end > 0 and _is_word(text[end - 1]):
        end -= 1
    return text[:end].rstrip(" ")


def _is_word(character: str) -> bool:
    return character not in _BREAKS and not is_cjk(character)
