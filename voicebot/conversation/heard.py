"""How much of a text the caller heard when its playout was stopped: to the word, and never in the middle of one."""

from __future__ import annotations

import re

from voicebot.speech.types import WordEnds

# For a clip whose words nobody has timed. Speaking times of the voices that come with the models, in ms: a syllable of
# Mandarin, a letter of English, a digit, which is spoken as a word, and what a voice leaves behind punctuation.
_HAN_MS = 190.0
_LETTER_MS = 57.0
_DIGIT_MS = {True: 215.0, False: 305.0}  # in a Mandarin text, in another
_SENTENCE_PAUSE_MS = 280.0
_COMMA_PAUSE_MS = 185.0
_OTHER_SIGN_MS = 20.0
_SENTENCE_ENDS = frozenset("\u3002\uff01\uff1f\uff1b!?;.…")
_COMMAS = frozenset("\uff0c\u3001\uff1a,:")
# The word in which the playout stopped goes on for the length of its fade: that much of its end was heard, too.
_FADE_MS = 20
_WORD = re.compile(r"[^\W\u3400-\u9fff]+(?:['’.,:/@%+-][^\W\u3400-\u9fff]+)*|[\u3400-\u9fff]")


def is_cjk(character: str) -> bool:
    """Tell whether a character is a Han character."""
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf"


def heard_text(text: str, heard_ms: int, total_ms: int | None, word_ends: WordEnds = ()) -> str:
    """Return the beginning of ``text`` that had left the playout after ``heard_ms``: whole words.

    Args:
        text: the whole text.
        heard_ms: how long it was audible.
        total_ms: how long the whole would have been; None if its synthesis was not finished.
        word_ends: when each word is over, as the voice told; without, it is estimated from their lengths, and a
            Han character counts as a word.
    """
    if heard_ms <= 0 or not text:
        return ""
    if total_ms is not None and heard_ms >= total_ms:
        return text
    ends = word_ends or estimated_word_ends(text, total_ms)
    over = [index for index, end_ms in ends if end_ms <= heard_ms + _FADE_MS]
    return text[: _behind_signs(text, max(over))] if over else ""


def estimated_word_ends(text: str, total_ms: int | None) -> WordEnds:
    """Return when each word may be over, by usual speaking times, stretched to the whole length if that is known."""
    weights = _weights(text)
    scale = total_ms / sum(weights) if total_ms and sum(weights) else 1.0
    ends, spent_ms, begin = [], 0.0, 0
    for match in _WORD.finditer(text):
        spent_ms += sum(weights[begin : match.end()]) * scale
        begin = match.end()
        ends.append((begin, round(spent_ms)))
    return tuple(ends)


def _weights(text: str) -> list[float]:
    mandarin = any(map(is_cjk, text))
    return [_weight(character, mandarin) for character in text]


def _weight(character: str, mandarin: bool) -> float:
    if is_cjk(character):
        return _HAN_MS
    if character.isdigit():
        return _DIGIT_MS[mandarin]
    if character in _SENTENCE_ENDS:
        return _SENTENCE_PAUSE_MS
    if character in _COMMAS:
        return _COMMA_PAUSE_MS
    return _LETTER_MS if character.isalpha() else _OTHER_SIGN_MS


def _behind_signs(text: str, index: int) -> int:
    """Take the punctuation behind a word along: nobody hears it, and it belongs to what came before."""
    while index < len(text) and not text[index].isspace() and not text[index].isalnum() and not is_cjk(text[index]):
        index += 1
    return index
