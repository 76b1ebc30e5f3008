"""Telephone numbers: whole ones only, a number with a digit missing is digits and no telephone number."""

from __future__ import annotations

import re
from dataclasses import replace

from voicebot.dialogue.entities import spoken_en, spoken_zh
from voicebot.dialogue.entities.entity import EntityKind, Found
from voicebot.dialogue.entities.runs import Run, find_runs
from voicebot.dialogue.entities.said import Said

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0(?:10|2[0-9])[2-9][0-9]{7}|0[3-9][0-9]{2}[2-9][0-9]{6,7}")
_SERVICE = re.compile(r"[48]00[0-9]{7}")
_COUNTRY = re.compile(r"(?:00)?86")
_FEWEST, _MOST = 7, 15
"""ITU-T E.164 has at most 15 digits."""
_ZH_EXTENSION = re.compile(r"[ ,、]?(?:转|转接|分机号?是?|转分机)[ ,、]?$")
_EN_EXTENSION = re.compile(r"[ ,.]*(?:extension|ext\.?|x)[ .]*$")
_PLUS = re.compile(r"(?:\+|\bplus|加) ?$")
_OTHER_NUMBER = re.compile(
    r"(?:订单|单号|卡号|账号|身份证|编号|验证码|密码|流水号|运单)[^,。]{0,6}$"
    r"|\b(?:order|account|card|reference|booking|tracking|invoice|serial|passport|policy|confirmation|code"
    r"|id)\b[^,.]{0,12}$"
)
_PLAIN, _LIKELY, _MISHEARD, _GUESSED = 0.95, 0.85, 0.7, 0.6
# Words that a recogniser writes for 幺 among digits.
_HEARD_ONE = re.compile(r"[要腰邀妖药摇](?=[ ,]?[零一二三四五六七八九幺要0-9])")


def find_phones(said: Said) -> list[Found]:
    """Return telephone numbers; an extension is kept as in RFC 3966, ";ext="."""
    found = _in_runs(said, said.runs)
    if found or not said.mandarin:
        return found
    heard = _HEARD_ONE.sub("幺", said.text)
    if heard == said.text:
        return []
    return [
        replace(each, confidence=_MISHEARD)
        for each in _in_runs(said, find_runs(heard, mandarin=True))
        if _MOBILE.fullmatch(each.value)
    ]


def _in_runs(said: Said, runs: list[Run]) -> list[Found]:
    found: list[Found] = []
    for place, run in enumerate(runs):
        following = runs[place + 1] if place + 1 < len(runs) else None
        whole = _phone(said, run.digits, _plus(said, run.start))
        if whole:
            extension = _extension(said, run, following)
            found.append(_found(said, run, whole, extension, following))
        elif len(run.groups) > 1:
            found += _several(said, run)
    return found


def _plus(said: Said, start: int) -> str:
    match = _PLUS.search(said.text[:start])
    return match[0] if match else ""


def _found(said: Said, run: Run, phone: tuple[str, float], extension: str, following: Run | None) -> Found:
    value, confidence = phone
    if _OTHER_NUMBER.search(said.text[max(0, run.start - 20) : run.start]):
        confidence = _GUESSED - 0.2
    end = run.end
    if extension and following is not None:
        value, end = f"{value};ext={extension}", following.end
    start = run.start - len(_plus(said, run.start))
    return Found(EntityKind.PHONE, start, end, value, _spoken(said, value), confidence)


def _spoken(said: Said, value: str) -> str:
    return spoken_zh.phone(value) if said.mandarin else spoken_en.phone(value)


def _extension(said: Said, run: Run, following: Run | None) -> str:
    if following is None or not 1 <= len(following.digits) <= 6:
        return ""
    between = said.text[run.end : following.start]
    pattern = _ZH_EXTENSION if said.mandarin else _EN_EXTENSION
    return following.digits if len(between) < 14 and pattern.fullmatch(between) else ""


def _phone(said: Said, digits: str, plus: str) -> tuple[str, float] | None:
    """Return the number and how sure it is one."""
    if not _FEWEST <= len(digits) <= _MOST + 2:
        return None
    country = _COUNTRY.match(digits)
    national = digits[country.end() :] if country else digits
    if (not plus and _MOBILE.fullmatch(digits)) or (country and _MOBILE.fullmatch(national)):
        return (national if country else digits), _PLAIN
    if plus and country and _LANDLINE.fullmatch("0" + national):
        return "0" + national, _PLAIN
    if plus and len(digits) <= _MOST:
        return "+" + digits, _PLAIN
    if said.mandarin:
        if _LANDLINE.fullmatch(digits):
            return digits, _PLAIN
        return (digits, 0.9) if _SERVICE.fullmatch(digits) else None
    if len(digits) > _MOST:
        return None
    ordinary = len(digits) == 10 or (len(digits) == 11 and digits[0] in "01")
    return digits, _LIKELY if ordinary else _GUESSED


def _several(said: Said, run: Run) -> list[Found]:
    """Return the numbers of a run where every group of it belongs to one: two numbers, one after the other."""
    found, at = [], 0
    while at < len(run.groups):
        for end in range(at + 1, len(run.groups) + 1):
            phone = _phone(said, "".join(run.groups[at:end]), "")
            if phone is not None and phone[1] >= _LIKELY:
                break
        else:
            return []
        span = run.cuts[at][0], run.cuts[end - 1][1]
        found.append(Found(EntityKind.PHONE, *span, phone[0], _spoken(said, phone[0]), phone[1]))
        at = end
    return found
