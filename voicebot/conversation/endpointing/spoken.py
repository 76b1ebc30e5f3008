"""What words end with, and the digits in them; from what a recogniser writes, Mandarin and English."""

from __future__ import annotations

import re

_FIGURES = "0123456789"
_ZH_DIGITS = {
    **dict(zip("\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19", _FIGURES, strict=True)),
    **dict(zip("零一二三四五六七八九", _FIGURES, strict=True)),
    **dict(zip(_FIGURES, _FIGURES, strict=True)),
    **{"〇": "0", "幺": "1", "两": "2"},
}
_EN_WORDS = dict(
    zip(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), _FIGURES, strict=True)
) | {"oh": "0", "o": "0"}
_EN_DIGITS = re.compile(rf"\b(?:(?P<times>double|triple)\s+)?(?P<digits>[0-9]+|{'|'.join(_EN_WORDS)})\b")
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
CLAUSES = re.compile(r"[,;\uff0c\uff1b\u3002]\s*")
"""What stands between the clauses of a sentence."""
_WORD = re.compile(r"[\u4e00-\u9fff]{1,3}|[a-z']+")
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


def is_word(words: str) -> bool:
    """Tell whether plain words are a single one: up to three Han characters, or letters without a blank."""
    return bool(_WORD.fullmatch(words))


def digits_of(text: str, language: str) -> str:
    """Return the digits that were dictated in a text, whether they are written as figures or as words."""
    folded = text.lower()
    if language == "zh":
        return "".join(_ZH_DIGITS.get(character, "") for character in folded)
    return "".join(
        _EN_WORDS.get(found["digits"], found["digits"]) * _TIMES.get(found["times"] or "", 1)
        for found in _EN_DIGITS.finditer(folded)
    )


def is_dictation(text: str, language: str) -> bool:
    """Tell whether a text is digits, and nothing besides but what one says around them."""
    rest = text.lower()
    if language == "zh":
        rest = _AROUND_ZH.sub("", "".join(each for each in rest if each not in _ZH_DIGITS))
    else:
        rest = _AROUND_EN.sub("", _EN_DIGITS.sub("", rest))
    return bool(digits_of(text, language)) and not _JOINTS.sub("", plain(rest))
