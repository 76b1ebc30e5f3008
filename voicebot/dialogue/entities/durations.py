"""Lengths of time: 一个半小时, 三天, "two and a half hours"."""

from __future__ import annotations

import re
from decimal import Decimal

from voicebot.dialogue.entities.entity import EntityKind, Found
from voicebot.dialogue.entities.numerals_en import find_numerals
from voicebot.dialogue.entities.numerals_zh import read
from voicebot.dialogue.entities.said import Said

_COUNT = r"(?:[0-9]+(?:\.[0-9]+)?|[零一二两三四五六七八九十百]{1,5}(?:点[零一二三四五六七八九])?)"
_ZH = re.compile(
    rf"(?<![几第零一二三四五六七八九十百0-9.月年:])(?:(?P<count>{_COUNT})(?P<about>[多来])?"
    r"(?:个(?P<and_half>半)?(?P<counted>小时|钟头|星期|礼拜|月)|(?P<unit>小时|钟头|星期|礼拜|天|周|年|分钟|刻钟|秒钟?"
    r"|晚))"
    rf"(?P<half>半(?![个夜天]))?(?:零?(?P<minutes>{_COUNT})分钟?)?"
    r"|半(?P<half_unit>个?(?:小时|钟头|月)|年|天|分钟))"
    r"(?!后|以后|之后|过后|前|以前|之前|[级纪轻]|头|到晚|两头|[岁]|[一二三四五六日末])"
)
_ROUGHLY = re.compile(r"[一二两三四五六七八][二两三四五六七八九]")
_EN = re.compile(
    r"[ -](?P<unit>second(?=s)|minute|min|hour|day|night|week|month|year)s?\b(?P<half> and a half)?"
    r"(?:,? (?:and )?(?P<minutes>[a-z0-9 -]{1,20}?) min(?:ute)?s?\b)?(?! (?:ago|later|from|old|time))(?!'| after)"
)
_EN_FEW = re.compile(
    r"\bhalf an? (?P<half_unit>hour|day|year|minute|month)\b(?! (?:ago|later|from))"
    r"|\b(?P<one>an?|one) (?P<unit>hour|day|week|month|year)(?P<half> and a half)?\b(?! (?:ago|later|from|or))"
)
_BEFORE_EN = re.compile(r"\b(?:in|in about|in around|within) (?:about )?$|\b(?:every|per|times|once|twice|the|one) $")
_MINUTES = {
    "分钟": 1,
    "刻钟": 15,
    "小时": 60,
    "钟头": 60,
    "天": 1440,
    "晚": 1440,
    "周": 10080,
    "星期": 10080,
    "礼拜": 10080,
}
_MINUTES |= {"minute": 1, "min": 1, "hour": 60, "day": 1440, "night": 1440, "week": 10080}
_MONTHS = {"月": 1, "年": 12, "month": 1, "year": 12}
_PLAIN, _ROUGH = 0.95, 0.5
# A hundred years in minutes.
_MOST = 52_560_000


def find_durations(said: Said) -> list[Found]:
    """Return lengths of time; what lies that far ahead or back (三天后) is a day and no length."""
    return _mandarin(said.text) if said.mandarin else _english(said)


def _mandarin(text: str) -> list[Found]:
    found = []
    for match in _ZH.finditer(text):
        half_unit = match["half_unit"]
        unit = (half_unit or match["counted"] or match["unit"]).removeprefix("个").replace("秒钟", "秒")
        if match["count"] and _ROUGHLY.fullmatch(match["count"]):
            continue
        numeral = read(match["count"]) if match["count"] else None
        if numeral is None and not half_unit:
            continue
        count = numeral.value if numeral is not None else Decimal(0)
        if half_unit or match["and_half"] or match["half"]:
            count += Decimal("0.5")
        extra = read(match["minutes"]) if match["minutes"] else None
        value = _iso(count, unit, extra.value if extra is not None else Decimal(0))
        if value:
            rough = match["about"] or half_unit == "天"
            found.append(Found(EntityKind.DURATION, *match.span(), value, match[0], _ROUGH if rough else _PLAIN))
    return found


def _english(said: Said) -> list[Found]:
    text, found = said.text, []
    for numeral in said.numerals_en:
        match = _EN.match(text, numeral.end)
        if match is None or numeral.pair is not None or _ahead(text, numeral.start):
            continue
        extra = [each.value for each in find_numerals(match["minutes"] or "")]
        if match["minutes"] and len(extra) != 1:
            continue
        count = numeral.value + (Decimal("0.5") if match["half"] else 0)
        value = _iso(count, match["unit"], extra[0] if extra else Decimal(0))
        if value:
            confidence = _PLAIN if numeral.confidence >= 0.7 else _ROUGH
            end = match.end()
            found.append(Found(EntityKind.DURATION, numeral.start, end, value, text[numeral.start : end], confidence))
    for match in _EN_FEW.finditer(text):
        if _ahead(text, match.start()) or any(match.start() < each.end and each.start < match.end() for each in found):
            continue
        count = Decimal("0.5") if match["half_unit"] else Decimal("1.5") if match["half"] else Decimal(1)
        value = _iso(count, match["half_unit"] or match["unit"], Decimal(0))
        found.append(Found(EntityKind.DURATION, *match.span(), value, match[0], 0.9))
    return found


def _ahead(text: str, start: int) -> bool:
    return _BEFORE_EN.search(text[max(0, start - 20) : start]) is not None


def _iso(count: Decimal, unit: str, extra_minutes: Decimal) -> str:
    """Return an ISO 8601 duration, "" where it is nothing or longer than a life."""
    if unit in ("秒", "second"):
        return f"PT{int(count)}S" if 0 < count < _MOST else ""
    if unit in _MONTHS:
        months = count * _MONTHS[unit]
        years, rest = divmod(int(months), 12)
        days = 15 if months != int(months) else 0
        text = "".join(f"{number}{symbol}" for number, symbol in ((years, "Y"), (rest, "M"), (days, "D")) if number)
        return f"P{text}" if text and months < _MOST // 43_200 else ""
    minutes = int(count * _MINUTES[unit] + extra_minutes)
    if not 0 < minutes < _MOST:
        return ""
    if unit in ("周", "星期", "礼拜", "week") and minutes % 10080 == 0:
        return f"P{minutes // 10080}W"
    hours, minutes = divmod(minutes, 60)
    days, hours = (
        divmod(hours, 24) if unit not in ("小时", "钟头", "hour", "分钟", "minute", "min", "刻钟") else (0, hours)
    )
    clock = "".join(f"{number}{symbol}" for number, symbol in ((hours, "H"), (minutes, "M")) if number)
    return "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
