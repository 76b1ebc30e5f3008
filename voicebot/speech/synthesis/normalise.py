"""Write a text the way it is read aloud: numbers, money, dates, times and telephone numbers as words."""

from __future__ import annotations

import re
import unicodedata

from voicebot.errors import SynthesisError
from voicebot.speech.synthesis.english import speak_english
from voicebot.speech.synthesis.mandarin_numbers import speak_mandarin
from voicebot.speech.synthesis.speakable import speakable

# Full-width letters, digits and signs become ASCII; full-width punctuation stays: it ends clauses.
_FULL_WIDTH = {
    code: unicodedata.normalize("NFKC", chr(code))
    for code in range(0xFF01, 0xFFE7)
    if unicodedata.normalize("NFKC", chr(code)).isascii() and chr(code) not in "！（），．：；？"
} | {ord("￥"): "¥"}

_IDEOGRAPHS = re.compile(r"[\u3400-\u9fff]+")


def normalise(text: str, language: str) -> str:
    """Return the text as a voice of the language should read it; "" when there is nothing to say.

    Args:
        text: as a person would write it; Markdown and emoji are taken out.
        language: "zh" or "en".

    Raises:
        SynthesisError: the language is neither.
    """
    text = speakable(text).translate(_FULL_WIDTH)
    if language == "zh":
        return speakable(speak_mandarin(text))
    if language == "en":
        # espeak's English would say "Chinese letter" for each ideograph.
        return speakable(speak_english(_IDEOGRAPHS.sub(" ", text)))
    raise SynthesisError(f"there is no way to read '{language}' aloud; known languages are zh and en")
