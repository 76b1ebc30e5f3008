"""Cut a text into the pieces that an answer by tokens consists of."""

from __future__ import annotations

import re

# A word of letters and digits stays whole, with what joins it inside (don't, 3.5, e-mail); of Chinese, each character
# is a piece. White space goes with what stands before it.
_LETTERS = r"[0-9A-Za-z\u00c0-\u024f\u0300-\u036f]+"
_WORD = rf"{_LETTERS}(?:['\u2019.,:@/_-]{_LETTERS})*"
_TOKEN = re.compile(rf"(?:{_WORD}|\S[\u0300-\u036f\u200d\ufe0e\ufe0f]*)\s*|\s+")


def split_tokens(text: str) -> list[str]:
    """Return the pieces of a text; put together they are the text again, to the last blank."""
    return _TOKEN.findall(text)
