"""Mandarin words for digits, amounts, times and money: the parts that the rules of ``mandarin_numbers`` are made of."""

from __future__ import annotations

import re

import cn2an  # type: ignore[import-untyped]

_DIGITS = "零一二三四五六七八九"
_PHONE_DIGITS = "零幺二三四五六七八九"
_MAX_CARDINAL_DIGITS = 16
_MAX_CENTS_DIGITS = 2
_GROUP_DIGITS = 4
_IDENTITY_CARD_GROUPS = (6, 4, 4, 4)
# 两 before 千, 万 and 亿, and before 百 where a number begins; 二 stays in 十二万 and in 一千二百.
_LIANG = re.compile(r"^二(?=[百千万亿])|(?<![十百千])二(?=千)|(?<=[万亿零])二(?=[千万])")


def digit_by_digit(digits: str, one: str = "幺") -> str:
    """Read digits one after the other; anything else in the string is dropped."""
    names = _PHONE_DIGITS if one == "幺" else _DIGITS
    return "".join(names[int(digit)] for digit in digits if "0" <= digit <= "9")


def code(digits: str) -> str:
    """Read a number that names something: digit by digit, from eight digits on with a pause after every four.

    The 18 digits of an identity card are grouped as they are printed: place, year, day, the rest.
    """
    if len(digits) == sum(_IDENTITY_CARD_GROUPS):
        sizes: tuple[int, ...] = _IDENTITY_CARD_GROUPS
    elif len(digits) >= 2 * _GROUP_DIGITS:
        sizes = (_GROUP_DIGITS,) * (len(digits) // _GROUP_DIGITS)
    else:
        return digit_by_digit(digits)
    parts, at = [], 0
    for size in sizes:
        parts.append(digits[at : at + size])
        at += size
    # One or two digits do not stand alone.
    if len(digits) - at > 2:
        parts.append(digits[at:])
    else:
        parts[-1] += digits[at:]
    return "，".join(digit_by_digit(part) for part in parts)


def cardinal(number: str) -> str:
    """Read an amount: "1,050" is 一千零五十, "3.50" is 三点五零, "2000" is 两千."""
    whole, _, fraction = number.replace(",", "").partition(".")
    if len(whole) > _MAX_CARDINAL_DIGITS:
        spoken = digit_by_digit(whole, one="一")
    else:
        spoken = _LIANG.sub("两", str(cn2an.an2cn(str(int(whole or "0")), "low")))
    return spoken + ("点" + digit_by_digit(fraction, one="一") if fraction else "")


def amount(number: str) -> str:
    """Read an amount of something: as ``cardinal``, but 2 is 两."""
    return "两" if number == "2" else cardinal(number)


def year(digits: str) -> str:
    """Read a year: digit by digit with 一 for 1."""
    return digit_by_digit(digits, one="一")


def padded(number: int) -> str:
    """Read minutes or seconds: 5 is 零五."""
    return ("零" if 0 < number < 10 else "") + cardinal(str(number))


def clock(hour: int, minute: int, second: int | None = None) -> str:
    """Read a time of day: 15, 30 is 十五点半."""
    spoken = ("两" if hour == 2 else cardinal(str(hour))) + "点"
    if second is not None:
        return spoken + padded(minute) + "分" + padded(second) + "秒"
    if minute == 0:
        return spoken
    return spoken + ("半" if minute == 30 else padded(minute) + "分")


def half_day_clock(hour: int, minute: int, half: str) -> str:
    """Read a time of a twelve-hour clock; ``half`` is "a" or "p"."""
    if half == "a":
        part = "凌晨" if hour == 12 or hour < 6 else "上午"
        return part + clock(0 if hour == 12 else hour, minute)
    part = "中午" if hour == 12 else "下午" if hour < 6 else "晚上"
    return part + clock(hour, minute)


def money(number: str, currency: str) -> str:
    """元 with 角 and 分 where there are two decimals at most, else a plain decimal number."""
    whole, _, cents = number.replace(",", "").partition(".")
    if currency != "元" or not cents or len(cents) > _MAX_CENTS_DIGITS:
        # 12.50 dollars are 十二点五美元.
        return amount(f"{whole}.{cents}".rstrip("0").rstrip(".") if cents else whole) + currency
    jiao, fen = int(cents[0]), int((cents + "0")[1])
    spoken = amount(whole) + "元" if int(whole) or not (jiao or fen) else ""
    if jiao:
        spoken += _DIGITS[jiao] + "角"
    elif fen and spoken:
        spoken += "零"
    return spoken + (_DIGITS[fen] + "分" if fen else "")
