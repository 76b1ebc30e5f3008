"""Write a text the way it is read aloud: numbers, money, dates, times and telephone numbers as words."""

from __future__ import annotations

import re
import unicodedata

from voicebot.errors import SynthesisError
from voicebot.speech.synthesis.addresses import AddressWords, speak_addresses
from voicebot.speech.synthesis.english import speak_english
from voicebot.speech.synthesis.mandarin_numbers import speak_mandarin
from voicebot.speech.synthesis.mandarin_words import digit_by_digit
from voicebot.speech.synthesis.readable import plain_numbers, readable
from voicebot.speech.synthesis.speakable import has_speech, speakable

# Full-width letters, digits and signs become ASCII; full-width punctuation stays: it ends clauses.
_FULL_WIDTH = {
    code: unicodedata.normalize("NFKC", chr(code))
    for code in range(0xFF01, 0xFFE7)
    if unicodedata.normalize("NFKC", chr(code)).isascii() and chr(code) not in "！（），．：；？"
} | {ord("￥"): "¥", ord("〇"): "零", ord("∶"): ":"}

# Rules that look far ahead would take time that grows with the square of such a run.
_ENDLESS_DIGITS = re.compile(r"(\d{32})(?=\d)")
_IDEOGRAPHS = re.compile(r"[\u3400-\u9fff]+")

_ADDRESSES = {
    "zh": AddressWords(
        {".": "点", "@": "艾特", "/": "斜杠", "-": "杠", "_": "下划线", "+": "加"}, "{host} 的网页", digit_by_digit
    ),
    "en": AddressWords(
        {".": "dot", "@": "at", "/": "slash", "-": "dash", "_": "underscore", "+": "plus"},
        "a page at {host}",
        " ".join,
    ),
}


def normalise(text: str, language: str) -> str:
    """Return the text as a voice of the language should read it; "" when there is nothing to say.

    Args:
        text: as a person would write it; Markdown and emoji are taken out.
        language: "zh" or "en".

    Raises:
        SynthesisError: the language is neither.
    """
    if language not in _ADDRESSES:
        raise SynthesisError(f"there is no way to read '{language}' aloud; known languages are zh and en")
    text = _ENDLESS_DIGITS.sub(r"\1 ", speakable(text).translate(_FULL_WIDTH))
    text = speak_addresses(text, _ADDRESSES[language])
    if language == "zh":
        text = speak_mandarin(plain_numbers(text, and_="又", item="、"))
    else:
        # espeak's English would say "Chinese letter" for each ideograph.
        text = speak_english(plain_numbers(_IDEOGRAPHS.sub(" ", text), and_=" and ", item=": "))
    text = readable(text, language)
    return text if has_speech(text) else ""
