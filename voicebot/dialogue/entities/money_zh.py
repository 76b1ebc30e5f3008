"""Amounts of money in Mandarin: 一百二十八块五, 三块零五分, 五毛, 人民币两千, 128.5元."""

from __future__ import annotations

import re
from decimal import Decimal

from voicebot.dialogue.entities.entity import EntityKind, Found
from voicebot.dialogue.entities.numbers_zh import find_numbers
from voicebot.dialogue.entities.numerals_zh import NUMERAL, read, read_small
from voicebot.dialogue.entities.said import Said
from voicebot.dialogue.entities.spoken_zh import money
from voicebot.dialogue.entities.values import MOST, cents

_CURRENCIES = {"美元": "USD", "美金": "USD", "欧元": "EUR", "英镑": "GBP", "港币": "HKD", "港元": "HKD", "日元": "JPY"}
_CURRENCIES |= {"$": "USD", "€": "EUR", "£": "GBP", "人民币": "CNY", "rmb": "CNY", "¥": "CNY", "元": "CNY", "块": "CNY"}
_FOREIGN = "美元|美金|欧元|英镑|港币|港元|日元"
_DIGIT = "[一二两三四五六七八九0-9]"
_PATTERN = re.compile(
    r"(?P<before>(?:人民币|rmb"
    rf"|[¥$€£])[ ]?)?(?<![几0-9.])(?P<amount>{NUMERAL})(?P<about>[多来余几])?(?P<big>[万亿])?(?:[ ]?"
    rf"(?P<unit>块(?![儿去来走都])|元(?![旦宵素])|圆(?!形|的|圈)|{_FOREIGN}|人民币|rmb)"
    rf"(?:(?P<mao>{_DIGIT})[毛角](?:(?P<fen>{_DIGIT})分?)?|零(?P<only_fen>{_DIGIT})分?"
    rf"|(?P<more>{_DIGIT})(?![0-9十百千万个]|[天月号点])|(?P<half>半)|(?P<heard>[酒久屋舞])(?=$|[,。、!?]))?(?:钱(?!包))?)?"
)
_SMALL_CHANGE = re.compile(
    rf"(?<![块元0-9十百千万叫])(?P<mao>{_DIGIT})[毛角](?:(?P<fen>{_DIGIT})分?)?(?:钱)?(?!不拔|一样)"
    rf"|(?<![毛角0-9])(?P<only_fen>{_DIGIT})分钱"
)
_NO_AMOUNT = re.compile(r"(?:[几这那哪第整一]|我们|咱们|他们)$")
_ROUGHLY = re.compile(r"[一二两三四五六七八][二两三四五六七八九][十百千万]?")
# What a recogniser writes for the last digit of an amount: 99块酒.
_HEARD = {"酒": Decimal("0.9"), "久": Decimal("0.9"), "屋": Decimal("0.5"), "舞": Decimal("0.5")}
_PLAIN, _ROUGH, _BARE = 0.95, 0.5, 0.6


def find_amounts(said: Said) -> list[Found]:
    """Return amounts; a bare number is one only where money was asked for."""
    text = said.hidden
    found = []
    for match in _PATTERN.finditer(text):
        if match["unit"] or match["before"]:
            found += _amount(text, match)
    for match in _SMALL_CHANGE.finditer(text):
        if not any(match.start() < other.end and other.start < match.end() for other in found):
            amount = Decimal(_digit(match["mao"])) / 10 + Decimal(_digit(match["fen"] or match["only_fen"])) / 100
            found.append(_found(*match.span(), amount, "CNY", _PLAIN))
    if not found and EntityKind.MONEY in said.asked:
        return _bare(said)
    return found


def _amount(text: str, match: re.Match[str]) -> list[Found]:
    numeral = read(match["amount"])
    if numeral is None or numeral.value < 0 or match["about"] == "几" or _ROUGHLY.match(match["amount"]):
        return []
    if match["unit"] in ("块", "元") and _NO_AMOUNT.search(text[: match.start()]):
        return []
    if (
        match["amount"] == "一"
        and match["unit"] == "块"
        and match.end() == match.end("unit")
        and not _at_end(text, match)
    ):
        return []  # 一块 is also: together, or a piece
    scale = {"万": 10_000, "亿": 100_000_000}.get(match["big"] or "", 1)
    amount = numeral.value * scale + _change(match)
    sign = (match["before"] or "").strip()
    currency = _CURRENCIES.get(match["unit"] or "", "")
    if currency in ("", "CNY") and sign:
        currency = _CURRENCIES[sign]
    return [_found(*match.span(), amount, currency or "CNY", _ROUGH if match["about"] or match["heard"] else _PLAIN)]


def _at_end(text: str, match: re.Match[str]) -> bool:
    return re.match(r"$|[,。、!?吧啊呢的]", text[match.end() :]) is not None


def _change(match: re.Match[str]) -> Decimal:
    if match["half"]:
        return Decimal("0.5")
    if match["heard"]:
        return _HEARD[match["heard"]]
    tenths = Decimal(_digit(match["mao"] or match["more"]))
    return tenths / 10 + Decimal(_digit(match["fen"] or match["only_fen"])) / 100


def _digit(word: str | None) -> int:
    return max(0, read_small(word)) if word else 0


def _found(start: int, end: int, amount: Decimal, currency: str, confidence: float) -> Found:
    if amount >= MOST:
        return Found(EntityKind.MONEY, start, end, "", "", 0.0)
    return Found(EntityKind.MONEY, start, end, f"{currency} {cents(amount)}", money(amount, currency), confidence)


def _bare(said: Said) -> list[Found]:
    return [
        _found(number.start, number.end, Decimal(number.value), said.currency, min(_BARE, number.confidence))
        for number in find_numbers(said)
        if Decimal(number.value) >= 0 and said.text[number.end : number.end + 1] not in tuple("块毛角元")
    ]
