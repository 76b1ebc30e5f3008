"""Dictated digits, and codes of letters and digits such as order numbers."""

from __future__ import annotations

import re

from voicebot.dialogue.entities import spoken_en, spoken_zh
from voicebot.dialogue.entities.entity import EntityKind, Found
from voicebot.dialogue.entities.runs import Run
from voicebot.dialogue.entities.said import Said

_PLAIN, _ALONE, _MIXED = 0.95, 0.9, 0.7
_LONGEST_DIGITS = 64
_ZH_UNIT = re.compile(r"[十百千万亿]|点|[年月日号块元毛角分岁%个位人天小周星件张次楼层秒:/]|几|折|成|多")
_EN_UNIT = re.compile(
    r" ?(?:%|in the (?:morning|afternoon|evening)|[ap]\.?m\b|o'?clock|dollars?|bucks|cents|percent|hundred|thousand"
    r"|million|point|people|minutes?|hours?|days?|weeks?|months?|years?|st\b|nd\b|rd\b|th\b)|[:/][0-9]"
)
_ZH_LEFT = re.compile(r"(?:^|[,。、!?;: 是码号为按输选尾位嗯呃啊吧,]|就|报)$")
_ZH_RIGHT = re.compile(r"(?:$|[,。、!?;: 吧啊呢哦呀嘛的了])")
_ATTACHED = re.compile(r"(?:[a-z]|[0-9][.:/]|[$€£¥点]|分之|第|周|星期|礼拜|[十百千万亿几])$")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
_MONEY_BEFORE = re.compile(r"[$€£¥] ?$")
_FILLERS = re.compile(r"(?:[\s,。、.!?]|嗯|呃|啊|是|就|吧|的|\b(?:um|uh|it's|it is|is|please)\b)*")
_ZH_CODE = re.compile(r"(?<![a-z])[a-z](?:[ \-,]?[a-z]){0,4}[ \-,]{0,2}$")
_EN_CODE = re.compile(r"(?<![a-z'])(?:[a-z](?: (?:as in|for|like) [a-z]+)?[ \-,.]{1,2}){1,5}$|(?<![a-z'])[a-z]{1,3}-?$")
_EN_CAPITALS = re.compile(r"\b[A-Z]{1,5} $")
_LETTERS = re.compile(r"(?<![a-z])([a-z])(?: (?:as in|for|like) [a-z]+)?(?![a-z])|([a-z]{2,4})")


def find_digits(said: Said) -> list[Found]:
    """Return digits said one by one; quantities, times and amounts are none."""
    found = []
    for run in said.runs:
        confidence = _confidence(said, run)
        if confidence:
            value = run.digits
            found.append(Found(EntityKind.DIGITS, run.start, run.end, value, spoken_digits(said, value), confidence))
    return found


def spoken_digits(said: Said, digits: str) -> str:
    """Return digits one by one in the language of the utterance."""
    return spoken_zh.digits(digits) if said.mandarin else spoken_en.digits(digits)


def find_codes(said: Said) -> list[Found]:
    """Return letters with two digits or more after them: A一二三, "a b one two three", A-1024."""
    found = []
    for run in said.runs:
        before = said.text[: run.start]
        match = (_ZH_CODE if said.mandarin else _EN_CODE).search(before)
        match = match or _capitals(said, run)
        if match is None or len(run.digits) < 2 or len(run.digits) > _LONGEST_DIGITS:
            continue
        letters = "".join(one or several for one, several in _LETTERS.findall(match[0].lower())).upper()
        if not letters or (
            not said.mandarin and match[0].strip().lower() in ("a", "i", "o") and (len(run.digits) < 3 or run.numbers)
        ):
            continue
        if _is_quantity(said, run):
            continue
        value = letters + run.digits
        spoken = " ".join(letters) + " " + spoken_digits(said, run.digits)
        confidence = _MIXED if run.numbers or (letters in ("A", "I", "O") and not said.mandarin) else 0.9
        found.append(Found(EntityKind.CODE, match.start(), run.end, value, spoken, confidence))
    return found


def _capitals(said: Said, run: Run) -> re.Match[str] | None:
    """Return capitals before a run: AB 1234. Where all is in capitals they tell nothing."""
    if said.mandarin or run.numbers or said.raw.isupper():
        return None
    return _EN_CAPITALS.search(said.raw[: run.start])


def _is_quantity(said: Said, run: Run) -> bool:
    after = said.text[run.end : run.end + 12]
    if len(run.digits) > 5:
        return False
    return bool(_ZH_UNIT.match(after) if said.mandarin else _EN_UNIT.match(after))


def _confidence(said: Said, run: Run) -> float:
    text = said.text[run.start : run.end]
    before, after = said.text[: run.start], said.text[run.end :]
    if len(run.digits) > _LONGEST_DIGITS or _THOUSANDS.fullmatch(text) or re.fullmatch(r"[0-9]+\.[0-9]{1,2}", text):
        return 0.0
    if (
        _ATTACHED.search(before)
        or _is_quantity(said, run)
        or re.fullmatch(r"[12][0-9]{3}[-/.][0-9]{1,2}[-/.][0-9]{1,2}", text)
    ):
        return 0.0
    if re.match(r"[a-z]", after) or (said.mandarin and after[:1] and after[0] in "十百千万亿"):
        return 0.0
    if said.mandarin and not run.arabic and "\0" in said.hidden[run.start : run.end]:
        return 0.0
    alone = _FILLERS.fullmatch(before) and _FILLERS.fullmatch(after)
    if alone and not run.numbers and text not in ("oh", "o"):
        return _ALONE if len(run.digits) < 3 else _PLAIN
    return _among_words(said, run, text, before, after)


def _among_words(said: Said, run: Run, text: str, before: str, after: str) -> float:
    if not said.mandarin:
        if run.numbers:
            return _MIXED if run.items >= 3 else 0.0
        return (
            _PLAIN if len(run.digits) >= 3 else _MIXED if run.items > 1 or (run.arabic and len(run.digits) > 1) else 0.0
        )
    if len(run.digits) < 2:
        return 0.0
    if run.arabic:
        return _PLAIN if len(run.digits) >= 3 else _MIXED
    if any(each in text for each in "洞拐勾") and len(run.digits) < 3:
        return 0.0
    if len(run.digits) < 4 and not (_ZH_LEFT.search(before) and _ZH_RIGHT.match(after)):
        return 0.0
    return _PLAIN if len(run.digits) >= 3 else _MIXED
