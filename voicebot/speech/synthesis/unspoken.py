"""What of a text a voice does not say."""

from __future__ import annotations

import unicodedata

from voicebot.speech.synthesis.speakable import has_cjk, speakable

_SCRIPTS = {"zh": ("CJK", "LATIN", "DIGIT", "FULLWIDTH", "IDEOGRAPHIC"), "en": ("LATIN", "DIGIT", "FULLWIDTH")}
_MARKDOWN = "*_`#~"
_MOST = 5


def unspoken(text: str, language: str) -> str:
    """Return what of a text a voice of a language leaves out or cannot read, for people to read; "" for nothing.

    Letters of other scripts, emoji and other pictures, and the signs of Markdown.

    Args:
        text: as somebody wrote it.
        language: "zh" or "en".
    """
    found = list(dict.fromkeys(character for character in text if not _is_said(character, language)))
    kept = speakable(text)
    found += [sign for sign in _MARKDOWN if text.count(sign) > kept.count(sign)]
    return " ".join(found[:_MOST])


def _is_said(character: str, language: str) -> bool:
    if character.isalnum():
        name = unicodedata.name(character, "")
        return name.startswith(_SCRIPTS[language]) and (language == "zh" or not has_cjk(character))
    # Between two letters, so that the sign itself is all that could be left out.
    return character.isspace() or character in _MARKDOWN or character in speakable(f"a{character}a")
