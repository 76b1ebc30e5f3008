"""Which of the values that come with a call are words to expect from the caller; light enough for a line worker."""

from __future__ import annotations

import re
from collections.abc import Mapping

HAN_WORD = re.compile(r"[\u3400-\u9fff]{2,8}")
ENGLISH_WORDS = re.compile(r"[A-Za-z][A-Za-z'’&.-]*(?: [A-Za-z][A-Za-z'’&.-]*)*")
_MOST_ENGLISH_WORDS = 4  # more are a sentence


def variable_words(variables: Mapping[str, str]) -> list[str]:
    """Return the values that are names or the like: no numbers, codes, addresses or sentences."""
    return [value for raw in variables.values() if _is_name(value := raw.strip())]


def _is_name(value: str) -> bool:
    if HAN_WORD.fullmatch(value):
        return True
    words = value.split()
    is_english = ENGLISH_WORDS.fullmatch(value) is not None and len(value) > 2
    # "yes", "gold" and the like need no help; a name is written with a capital.
    return is_english and len(words) <= _MOST_ENGLISH_WORDS and value[0].isupper()
