"""How values are said back in Mandarin."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import cn2an  # type: ignore[import-untyped]

from voicebot.dialogue.entities.values import MOST, plain

_DIGITS = "零幺二三四五六七八九"
_YEAR_DIGITS = "零一二三四五六七八九"
_TWO = re.compile(r"二(?=[千万亿])|(?<!十)二(?=百)")
CURRENCIES = {"CNY": "块", "USD": "美元", "EUR": "欧元", "GBP": "英镑", "HKD": "港币", "JPY": "日元"}
DAYPARTS = {
    "dawn": "凌晨",
    "morning": "上午",
    "noon": "中午",
    "afternoon": "下午",
    "evening": "晚上",
    "night": "半夜",
}


def number(value: Decimal) -> str:
    """Return a number in words."""
    if abs(value) >= MOST:
        return plain(value)
    whole, _, fraction = plain(abs(value)).partition(".")
    words = counted(int(whole)) if whole != "2" else "二"
    if fraction:
        words += "点" + "".join(_YEAR_DIGITS[int(digit)] for digit in fraction)
    return ("负" if value < 0 else "") + words


def counted(value: int) -> str:
    """Return a whole number as it stands before a measure word: 两, 十二, 两百二十."""
    return _COUNTED[value] if value < len(_COUNTED) else _counted(value)


def _counted(value: int) -> str:
    if value == 2:
        return "两"
    words = _TWO.sub("两", str(cn2an.an2cn(str(value), "low")))
    return words[1:] if words.startswith("一十") else words


# cn2an takes its time, and nearly all that is said back is small.
_COUNTED = tuple(map(_counted, range(100)))


def digits(text: str) -> str:
    """Return digits one by one, with 幺; other characters as they are."""
    return "".join(_DIGITS[int(each)] if each in "0123456789" else each for each in text)


def phone(text: str) -> str:
    """Return a phone number in the groups it is said in."""
    number, _, extension = text.partition(";ext=")
    groups = [number[:3], number[3:7], number[7:]]
    if number.startswith("+"):
        groups = ["加" + number[1:]]
    elif number.startswith("0") and not number.startswith(("01", "02")):
        groups = [number[:4], number[4:8], number[8:]]
    words = "，".join(digits(group) for group in groups if group)
    return f"{words}，转{digits(extension)}" if extension else words


def money(amount: Decimal, currency: str) -> str:
    """Return an amount: 一百二十八块五毛, 十二点五美元."""
    unit = CURRENCIES.get(currency, currency)
    if currency != "CNY" or amount >= MOST:
        return number_before(amount) + unit
    fen = int(amount * 100)
    yuan, rest = divmod(fen, 100)
    words = f"{counted(yuan)}块" if yuan or not rest else ""
    if rest // 10:
        words += f"{counted(rest // 10)}毛"
    elif rest and words:
        words += "零"
    return words + (f"{counted(rest % 10)}分" if rest % 10 else "") + ("" if fen >= 10 or not fen else "钱")


def number_before(value: Decimal) -> str:
    """Return a number as it stands before a measure word."""
    return "两" if value == 2 else number(value)


def day(value: date, today: date) -> str:
    """Return a date: 十一月二十二号; with its year where that is not the one to be expected."""
    words = f"{month(value.month)}{ordinal_part(value.day)}号"
    if value.year == today.year or 0 <= (value - today).days < 300:
        return words
    return "".join(_YEAR_DIGITS[int(each)] for each in f"{value.year:04}") + "年" + words


def month(value: int) -> str:
    """Return the name of a month."""
    return f"{ordinal_part(value)}月"


def ordinal_part(value: int) -> str:
    """Return a number where 二 is not 两."""
    return "二" if value == 2 else counted(value)


def time_of_day(hour: int, minute: int) -> str:
    """Return a time: 下午三点半, 中午十二点, 晚上八点零五分."""
    part = DAYPARTS[daypart_of(hour)]
    clock = counted(hour if hour <= 12 else hour - 12) if hour else "十二"
    return part + clock + "点" + _minutes(minute)


def daypart_of(hour: int) -> str:
    """Return the part of day an hour is in."""
    if hour == 0:
        return "night"
    for before, name in ((6, "dawn"), (11, "morning"), (13, "noon"), (18, "afternoon")):
        if hour < before:
            return name
    return "evening"


def _minutes(minute: int) -> str:
    if not minute:
        return ""
    if minute == 30:
        return "半"
    return ("零" if minute < 10 else "") + ordinal_part(minute) + "分"
