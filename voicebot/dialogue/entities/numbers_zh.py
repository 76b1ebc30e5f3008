"""Numbers, ordinals and percentages in Mandarin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from voicebot.dialogue.entities.entity import EntityKind, Found
from voicebot.dialogue.entities.numerals_zh import NUMERAL, Numeral, read, read_small
from voicebot.dialogue.entities.said import Said
from voicebot.dialogue.entities.spoken_zh import number
from voicebot.dialogue.entities.values import MOST, plain

APPROXIMATE = 0.5
"""Confidence of 一百来块 and 两千多: about that."""
_NUMERAL = re.compile(NUMERAL)
_PERCENT = re.compile(
    rf"百分之(?P<words>百|{NUMERAL})|(?P<sign>[0-9]+(?:\.[0-9]+)?) ?%"
    r"|(?P<tenths>[一二三四五六七八九])成(?![功为了本立人熟交语长就天绩都])|(?P<all>百分百)"
)
_ORDINAL = re.compile(r"第(?P<words>[0-9]{1,4}|[零一二三四五六七八九十百千]{1,6})(?!时间|者)")
_MEASURE = (
    r"[个位人名口只条张件台部辆间层楼套份样次遍趟天夜晚周月年岁块元毛角分秒米斤克吨里升瓶杯碗盒箱袋包双对本页号桌号室级届站群头匹棵把支枝根片顿家栋期局场门项"
    r"句字倍桶卷排座成度]|公[斤里分]|小时|分钟|星期|礼拜|平(?:米|方)?|千[克米瓦]|厘米|毫[米升]|兆|[gmkt](?![a-z])"
)
_COUNTED = re.compile(_MEASURE)
_OPEN_LEFT = re.compile(r"(?:^|[,。、!?;: ]|[是要选按到约加共就为买订来有嗯呃啊哦用给拿]|大概|大约|差不多)$")
_OPEN_RIGHT = re.compile(r"(?:$|[,。、!?;: 吧啊呢哦呀嘛的了])")
_NEITHER = re.compile(r"(?:分之|[几/]|[0-9a-z][-_.:]?|:)$")
_SKIP_AFTER = re.compile(r"几|分之|/[0-9]|:[0-9]|[a-z_]|-[0-9]|多年来")
_ABOUT = re.compile(r"[多来余](?![自到说吧了问看取])")
_ROUGHLY = re.compile(r"(?:一|两|三|四|五|六|七|八)(?:二|两|三|四|五|六|七|八|九)$")
_HALF = re.compile(
    r"(?:(?P<whole>[一两二三四五六七八九十0-9]{1,3})(?P<measure>[个块斤米年份])半(?!小时|个|月|天|夜|路)|(?:一半)"
    r"|(?<![一两三四五六七八九十零0-9点月周年个大夜多前后])半(?=[个斤份碗块杯]|$)(?!个?(?:小时|钟头|月|天|年)))"
)
_PAIR_WORDS = re.compile(r"(?P<two>俩)|(?P<three>仨)")


def find_percents(said: Said) -> list[Found]:
    """Return percentages: 百分之三十, 30%, 三成."""
    found = []
    for match in _PERCENT.finditer(said.text):
        if match["sign"]:
            value: Decimal | None = Decimal(match["sign"])
        elif match["tenths"]:
            value = Decimal(10 * read_small(match["tenths"]))
        elif match["all"] or match["words"] == "百":
            value = Decimal(100)
        else:
            numeral = read(match["words"])
            value = numeral.value if numeral else None
        if value is not None and abs(value) < MOST:
            confidence = 0.7 if match["tenths"] else 0.95
            spoken = "百分之" + number(value)
            found.append(Found(EntityKind.PERCENT, *match.span(), plain(value) + "%", spoken, confidence))
    return found


def find_ordinals(said: Said) -> list[Found]:
    """Return ordinals: 第三个."""
    found = []
    for match in _ORDINAL.finditer(said.text):
        numeral = read(match["words"])
        if numeral is not None:
            spoken = "第" + number(numeral.value)
            found.append(Found(EntityKind.ORDINAL, *match.span(), plain(numeral.value), spoken, 0.95))
    return found


def find_numbers(said: Said) -> list[Found]:
    """Return numbers; approximate ones with less confidence, 十几 and 三四个 not at all."""
    text = said.hidden
    found = [*_halves(text)]
    for start, end, numeral in numerals(text):
        if any(start < other.end and other.start < end for other in found):
            continue
        confidence = _confidence(text, start, end, numeral)
        if confidence:
            value = plain(numeral.value)
            found.append(Found(EntityKind.NUMBER, start, end, value, number(numeral.value), confidence))
    for match in _PAIR_WORDS.finditer(text):
        value = "2" if match["two"] else "3"
        found.append(Found(EntityKind.NUMBER, *match.span(), value, "两个" if value == "2" else "三个", 0.7))
    return found


def numerals(text: str) -> Iterator[tuple[int, int, Numeral]]:
    """Yield the numerals of a folded text with their place."""
    for match in _NUMERAL.finditer(text):
        numeral = read(match[0])
        if numeral is not None and abs(numeral.value) < MOST:
            yield match.start(), match.end(), numeral


def _confidence(text: str, start: int, end: int, numeral: Numeral) -> float:
    before, after = text[:start], text[end : end + 8]
    words = text[start:end]
    if (
        before.endswith(("第", "几", "周", "星期", "礼拜", "百分之", "好"))
        or _NEITHER.search(before)
        or _SKIP_AFTER.match(after)
    ):
        return 0.0
    if _ROUGHLY.fullmatch(words) and (_COUNTED.match(after) or after[:1] in "十百千万亿") and after:
        return 0.0  # 三四个: three or four
    if len(words) == 1 and not words.isascii():
        return _single(before, words, after)
    if numeral.confidence < 0.8 and len(words) == 2 and not (_OPEN_LEFT.search(before) and _OPEN_RIGHT.match(after)):
        return 0.0
    if _ABOUT.match(after):
        return APPROXIMATE
    return round(0.95 * numeral.confidence, 2)


def _single(before: str, word: str, after: str) -> float:
    """Return the confidence of a numeral of one character: a count, or the whole of a clause."""
    if word in "百千万亿":
        return 0.0
    if _ABOUT.match(after) and word == "十":
        return APPROXIMATE
    if _COUNTED.match(after):
        alone = _OPEN_LEFT.search(before) and (_OPEN_RIGHT.match(after[1:]) or after[:1] in "人位")
        return 0.95 if word != "一" or alone else 0.5
    return 0.9 if _OPEN_LEFT.search(before) and _OPEN_RIGHT.match(after) else 0.0


def _halves(text: str) -> Iterator[Found]:
    """Yield 两个半, 半个, 一半 and a lone 半."""
    for match in _HALF.finditer(text):
        whole = read_small(match["whole"]) if match["whole"] else 0
        if whole >= 0:
            value = Decimal(whole) + Decimal("0.5")
            spoken = "一半" if not whole else f"{number(Decimal(whole)) if whole != 2 else '两'}{match['measure']}半"
            yield Found(EntityKind.NUMBER, *match.span(), plain(value), spoken, 0.8)
