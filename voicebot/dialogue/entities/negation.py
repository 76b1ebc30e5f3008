"""What the caller excludes or takes back: 三点不行, 不是明天, "not on Monday"; 三点，不对，四点."""

from __future__ import annotations

import re

# Before the stretch. 是不是明天 asks, and 不是不要明天 denies twice: they exclude nothing.
_ZH_BEFORE = re.compile(
    r"(?<!是)(?<!要)(?:不是|不要|别|并非|不想要?|不能|不用|不选|没说)(?:在|约|选|定|去|说|改到|安排在?)?$"
)
_ZH_AFTER = re.compile(
    r"(?:[块元个号]|的话|那天|这天|的时候|左右|以后|之前)?,?(?:我|我们)?(?:都|可能|恐怕|就|也|肯定|是)?"
    r"(?:不行|不可以|不方便|不太方便|不太行|不合适|没空|没有空|没时间|没有时间|来不了|去不了|不在|不要|有事"
    r"|不对)(?!吗|呢|的话)"
)
_EN_BEFORE = re.compile(
    r"\b(?:not|isn't|except|don't want|don't mean|didn't say|rather than|instead of)(?: (?:it|to|have"
    r"|come))*(?: (?:on|at|for|the|in|by))*$"
)
_EN_AFTER = re.compile(
    r"(?: (?:is|are|was))?,? ?(?:isn't|doesn't work|won't work|is no good|is not|not possible|(?:i )?can't"
    r"|i'm not available|i'm busy|i won't)\b"
)
_ZH_TAKEN_BACK = re.compile(
    r"[个位份张件块元号]?[吧呢啊嘛]?[,。、;!. ]*(?:呃|嗯|啊|哦|噢|唉|哎|那个|我|[,、 ])*(?:不对|不是|不不|不,|错了"
    r"|说错了|讲错了|搞错了|更正一下|改成|还是改|应该是|哦不|不好意思|等一下|不行)"
    r"(?:[了啊呀哦噢,。、 !.]|我说错了|说错了|错了|不是|不对|不好意思|重新说|我再说一遍|应该|还是|就|改|成|到|换|是"
    r"|的)*"
)
_EN_TAKEN_BACK = re.compile(
    r"[,.; !-]*(?:(?:uh|um|oh|er|well)[, ]*)*(?:no|sorry|wait|i mean|actually|correction|make that|or rather|rather"
    r"|scratch that|my mistake)\b"
    r"(?:[,.; !-]|no|sorry|wait|i meant?|actually|correction|make (?:that|it)|it's|that's|it is|let's say|my mistake"
    r"|rather|on|at|for|the)*"
)
_WINDOW = 24


def is_negated(text: str, start: int, end: int) -> bool:
    """Tell whether a stretch of a folded text is said not to be so."""
    before = text[max(0, start - _WINDOW) : start].rstrip(" ")
    after = text[end : end + _WINDOW]
    if _ZH_BEFORE.search(before) or _EN_BEFORE.search(before):
        return True
    return bool(_ZH_AFTER.match(after) or _EN_AFTER.match(after))


def is_taken_back(text: str, end: int, next_start: int) -> bool:
    """Tell whether what ends at a place is put right by what begins at the next one."""
    between = text[end:next_start]
    if len(between) > _WINDOW or not between:
        return False
    return bool(_ZH_TAKEN_BACK.fullmatch(between) or _EN_TAKEN_BACK.fullmatch(between))
