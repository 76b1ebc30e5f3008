"""What words end with, and the digits in them; from what a recogniser writes, Mandarin and English."""

from __future__ import annotations

import re

_DIGIT = {
    **dict.fromkeys("0123456789", 1),
    **dict.fromkeys("０１２３４５６７８９", 1),
    **dict.fromkeys("零〇一二三四五六七八九幺两", 1),
}
_EN_DIGITS = re.compile(
    r"\b(?:(?P<times>double|triple)\s+)?"
    r"(?:(?P<run>[0-9]+)|zero|oh|o|one|two|three|four|five|six|seven|eight|nine)\b"
)
_TIMES = {"double": 2, "triple": 3}
_JOINTS = re.compile(r"[\s\-\u2013\u2014.,\uff0c\u3001\u3002]+")
# What may stand around dictated digits without being anything else.
_AROUND_ZH = re.compile(
    "嗯|呃|额|啊|哦|那个|这个|就是|好的?|对|我的?|您记一下|手机|电话|号码|尾号|编号|卡号|工号|密码|验证码|号|是|的|吧|呢|了"
)
_AROUND_EN = re.compile(
    r"\b(?:um|uh|er|ok(?:ay)?|so|well|yes|yeah|sure|it's|it|is|my|the|number|phone|mobile|account|order|code|and|that's)\b"
)
_STRIPPED = " \t\r\n.,;:!?\uff0c\u3002\uff01\uff1f\uff1b\uff1a\u3001\u2026\"'\u201c\u201d~\uff5e-\u2014"
_TRAILING_OFF = re.compile(r"(?:\.{2,}|\u2026+|[,\uff0c\u3001\-\u2014]+)\s*$")
_ASKED = re.compile(r"[?\uff1f]\s*$")


def plain(text: str) -> str:
    """Return words in lower case, without what stands around them."""
    return text.strip(_STRIPPED).lower()


def trails_off(text: str) -> bool:
    """Tell whether the recogniser wrote that the sentence is not over: a comma, or dots, at its end."""
    return bool(_TRAILING_OFF.search(text.rstrip()))


def asks(text: str) -> bool:
    """Tell whether the recogniser wrote a question mark at the end."""
    return bool(_ASKED.search(text.rstrip()))


def count_digits(text: str, language: str) -> int:
    """Return how many digits were dictated in a text, whether they are written as figures or as words."""
    folded = text.lower()
    if language == "zh":
        return sum(_DIGIT.get(character, 0) for character in folded)
    return sum(
        (len(found["run"]) if found["run"] else 1) * _TIMES.get(found["times"] or "", 1)
        for found in _EN_DIGITS.finditer(folded)
    )


def figures_of(text: str) -> str:
    """Return the digits of a text that are written as figures."""
    return "".join(re.findall(r"[0-9]", text))


def is_dictation(text: str, language: str) -> bool:
    """Tell whether a text is digits, and nothing besides but what one says around them."""
    rest = text.lower()
    if language == "zh":
        rest = _AROUND_ZH.sub("", "".join(each for each in rest if each not in _DIGIT))
    else:
        rest = _AROUND_EN.sub("", _EN_DIGITS.sub("", rest))
    return count_digits(text, language) > 0 and not _JOINTS.sub("", plain(rest))
