"""The hint of a request: hot words, one a line; as Whisper's prompt, and what tells that Whisper echoed it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

from voicebot.speech.recognition.guards import skeleton

MAX_PROMPT_WORDS = 8
MAX_PROMPT_TOKENS = 60
"""The longer the list, the less Whisper makes of a word in it, and the more it errs elsewhere."""
MIN_PROMPTED_S = 2.0
"""In shorter audio a prompt does harm: out of 不对 comes a word of the prompt."""


def hint_words(hint: str) -> tuple[str, ...]:
    """Return the words of a hint."""
    return tuple(word for line in hint.splitlines() if (word := line.strip()))


def prompt_of(words: Iterable[str], language: str, count_tokens: Callable[[str], int]) -> str:
    """Return as many of the words as a prompt has room for, the first ones first; "" if there are none."""
    comma = "、" if language == "zh" else ", "
    prompt = ""
    for word in itertools.islice(words, MAX_PROMPT_WORDS):
        longer = f"{prompt}{comma}{word}" if prompt else word
        if count_tokens(longer) > MAX_PROMPT_TOKENS:
            break
        prompt = longer
    return prompt


def only_hinted(text: str, words: Iterable[str]) -> bool:
    """Tell whether there is nothing in a text but words of the hint."""
    rest = skeleton(text)
    if not rest:
        return False
    for word in sorted(map(skeleton, words), key=len, reverse=True):
        rest = rest.replace(word, "") if word else rest
    return not rest
