"""Days that are named only to put something off: 过两天再说吧, "next week, we'll see". They settle no day."""

from __future__ import annotations

import re

_AFTER_ZH = re.compile(
    r"[,、 ]?(?:的|的时候|左右|凌晨|早上|上午|中午|下午|晚上)*(?:吧|呢)?[,、 ]?"
    r"(?:等?到时候|看看|看情况|我们?|咱们?|也|就)*"
    r"(?:再(?:说(?!一[遍次下])|看(?=看|情况|吧|呢|啊|了|$|[,。!])|定|议|讲|商量|考虑|决定|想)|(?<=到时候)(?:看|说|定))"
)
_AFTER_EN = re.compile(
    r"(?: (?:morning|afternoon|evening|or so|maybe|perhaps))*,? ?(?:but |and |then )?"
    r"(?:we'll|i'll|we will|i will|let's|let me) (?:have to )?(?:see|decide|think|talk about it|discuss it)\b"
)
_BEFORE_EN = re.compile(r"\b(?:decide|discuss (?:it|that|this)|(?:talk|think) about (?:it|that|this)) (?:on |in )?$")


def is_put_off(text: str, start: int, end: int, mandarin: bool) -> bool:
    """Tell whether the words around a day say that no day is settled.

    Args:
        text: the folded utterance.
        start, end: place of the day in it.
        mandarin: it is in Mandarin, else in English.
    """
    if mandarin:
        return _AFTER_ZH.match(text, end) is not None
    return _AFTER_EN.match(text, end) is not None or _BEFORE_EN.search(text[:start]) is not None
