"""Runs of digits as they are dictated, with pauses, commas, 幺 and 洞拐两勾, "double five" and "oh"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from voicebot.dialogue.entities.numerals_en import DIGIT_WORDS, TEENS, TENS

_ZH_DIGITS = {digit: str(value) for value, digit in enumerate("零一二三四五六七八九")}
_ZH_DIGITS |= {"幺": "1", "两": "2", "洞": "0", "拐": "7", "勾": "9"} | {str(value): str(value) for value in range(10)}
_RADIO = "洞拐勾"
"""Digits of radio telephony: other words where no digits stand beside them."""
_TIMES = {"两": 2, "俩": 2, "三": 3, "四": 4, "2": 2, "3": 3, "4": 4}
_ZH_DIGIT = "[零一二三四五六七八九幺两洞拐勾0-9]"
_ZH_PAUSE = r"(?:[ ,、。.\-…]|嗯|呃|额|啊|然后|后面是|接着|再来?|杠)"
_ZH_RUN = re.compile(
    rf"(?:[两俩三四2-4]个{_ZH_DIGIT}|{_ZH_DIGIT})(?:{_ZH_PAUSE}{{0,4}}?(?:[两俩三四2-4]个{_ZH_DIGIT}(?![十百千万亿])"
    rf"|{_ZH_DIGIT}))*"
)
_ZH_ITEM = re.compile(
    rf"(?P<times>[两俩三四2-4])个(?P<repeated>{_ZH_DIGIT})|(?P<digit>{_ZH_DIGIT})|(?P<pause>.)", re.DOTALL
)
_EN_SINGLE = "|".join(DIGIT_WORDS)
_EN_ITEM = (
    rf"(?:double|triple) (?:{_EN_SINGLE}|oh|o|[0-9])(?![a-z])|(?:{'|'.join(TENS)})(?:[ -](?:{_EN_SINGLE}))?(?![a-z])"
    rf"|(?:{'|'.join(TEENS)})(?![a-z])|(?:{_EN_SINGLE}) hundred(?! (?:and|thousand|million))(?![a-z])|(?:{_EN_SINGLE}"
    r"|oh|o)(?![a-z'])|[0-9]+"
)
_EN_PAUSE = r"(?:[ ,.\-()]|\b(?:uh|um|then|and then|dash|space)\b)"
_EN_RUN = re.compile(rf"(?<![a-z0-9'])(?:{_EN_ITEM})(?:{_EN_PAUSE}{{0,4}}?(?:{_EN_ITEM}))*")
_EN_PART = re.compile(rf"({_EN_ITEM})|(.)", re.DOTALL)
_EN_DIGITS = DIGIT_WORDS | {"oh": 0, "o": 0}


@dataclass(frozen=True, slots=True)
class Run:
    """Digits in a row.

    Attributes:
        start, end: their place in the folded text.
        digits: all of them.
        groups: the same, cut where the caller or the recogniser paused with a comma.
        cuts: the place of each group.
        items: how many words or characters they are.
        numbers: some were said as "twelve" or "thirty".
        arabic: they are written in Arabic digits throughout.
    """

    start: int
    end: int
    digits: str
    groups: tuple[str, ...]
    cuts: tuple[tuple[int, int], ...]
    items: int
    numbers: bool
    arabic: bool


def find_runs(text: str, mandarin: bool) -> list[Run]:
    """Return the runs of digits of an utterance, short ones too."""
    pattern = _ZH_RUN if mandarin else _EN_RUN
    return [_run(match, mandarin) for match in pattern.finditer(text)]


def _run(match: re.Match[str], mandarin: bool) -> Run:
    start = match.start()
    groups, cuts, items, numbers, paused = [""], [[start, start]], 0, False, False
    for place, end, digits, plain in _items(mandarin, match[0]):
        if not digits:
            paused = paused or match[0][place:end] in ",、。"
            continue
        if paused and groups[-1]:
            groups.append("")
            cuts.append([start + place, start + place])
        paused = False
        groups[-1] += digits
        cuts[-1][1] = start + end
        items += 1
        numbers = numbers or not plain
    digits = "".join(groups)
    arabic = re.fullmatch(r"[0-9 ,.()\-]+", match[0]) is not None
    places = tuple((cut[0], cut[1]) for cut in cuts)
    return Run(start, match.end(), digits, tuple(groups), places, items, numbers, arabic)


def _items(mandarin: bool, text: str) -> list[tuple[int, int, str, bool]]:
    """Return place, digits ("" for a pause) and whether they were said one by one, for each item of a run."""
    if mandarin:
        return [(match.start(), match.end(), _zh_digits(match), True) for match in _ZH_ITEM.finditer(text)]
    items = []
    for match in _EN_PART.finditer(text):
        words = match[1] or ""
        items.append((match.start(), match.end(), _en_digits(words), not (words and _is_number(words))))
    return items


def _zh_digits(match: re.Match[str]) -> str:
    if match["repeated"]:
        return _ZH_DIGITS[match["repeated"]] * _TIMES[match["times"]]
    return _ZH_DIGITS[match["digit"]] if match["digit"] else ""


def _is_number(words: str) -> bool:
    first = re.split("[ -]", words)[0]
    return first in TEENS or first in TENS or words.endswith(" hundred")


def _en_digits(words: str) -> str:
    if not words or words.isdecimal():
        return words
    first, _, rest = words.replace("-", " ").partition(" ")
    if rest == "hundred":
        return f"{DIGIT_WORDS[first]}00"
    if first in ("double", "triple"):
        digit = rest if rest.isdecimal() else str(_EN_DIGITS[rest])
        return digit * (2 if first == "double" else 3)
    if first in TENS:
        return str(TENS[first] + DIGIT_WORDS.get(rest, 0))
    return str(_EN_DIGITS.get(first, TEENS.get(first, 0)))
