"""Times of day in Mandarin: 下午三点半, 差一刻四点, 十五点二十, 半小时后."""

from __future__ import annotations

import re

from voicebot.dialogue.entities.clock import PartSpan, TimeSpan, after, in_part, without_part
from voicebot.dialogue.entities.entity import EntityKind
from voicebot.dialogue.entities.numerals_zh import SMALL, read_small
from voicebot.dialogue.entities.said import Said

_PARTS = (
    (r"凌晨|清早|拂晓", "dawn"),
    (
        r"上午|早上|早晨|清晨|午前|一大早|大清早|一早|(?<=[明今昨后天])早(?!一?[点些])|(?<=[天号六日一二三四五])早(?=[零一二三四五六七八九十0-9])(?!一[点些])",
        "morning",
    ),
    (r"中午|正午(?=[零一二三四五六七八九十0-9])|晌午", "noon"),
    (r"下午|午后|傍晚(?=[三四]点)", "afternoon"),
    (
        r"晚上|傍晚|夜晚|晚间|夜里|(?<=[明今昨当后])晚(?!一?[点些])|(?<=[天号六日一二三四五])晚(?=[零一二三四五六七八九十0-9])(?!一[点些])",
        "evening",
    ),
    (r"半夜|深夜|大半夜|午夜(?=[零一二三四五六七八九十0-9])", "night"),
)
_PART = re.compile("|".join(f"(?P<{name}>{words})" for words, name in _PARTS))
# 刻 as it is heard, too: a recogniser writes 差1克4点.
_QUARTER = "[一1][刻克课]"
_CLOCK = re.compile(
    rf"(?P<to>差(?P<to_minutes>{_QUARTER}钟?|{SMALL}分钟?)(?:钟)?(?:到)?(?P<to_hour>{SMALL})点(?:钟|整)?)"
    rf"|(?P<minus_hour>{SMALL})点(?:钟)?(?:差|欠|还差)(?P<minus>{_QUARTER}|{SMALL}分?)"
    r"|(?<![0-9:./])(?P<h24>[01]?[0-9]|2[0-4]):(?P<m24>[0-5][0-9])(?::[0-5][0-9])?(?![0-9:])(?P<half> ?[ap]\.?m\b\.?)?"
    r"|(?<![0-9:./])(?P<h12>1[0-2]|[1-9]) ?(?P<half12>[ap]\.?m\b\.?)"
    r"|(?<![0-9:./])(?P<dot_hour>2[0-3]|1[0-9]|0?[1-9])\.(?P<dot_minute>[0-5][0-9])(?![0-9.%元块万])"
    rf"|(?<![周期拜])(?P<hour>{SMALL})(?:点(?:钟|整)?|(?<=[0-9一二三四五六七八九十])时(?!间|候|段|代|刻|髦|尚|不))"
    rf"(?P<minute>半|[一三13][刻克课]|过?(?:{SMALL})分钟?|过?(?:[二三四五]?十[一二三四五六七八九]?|零[一二三四五六七八九]"
    r"|[0-5][0-9](?![0-9]))(?![分万千百]))?"
)
_EXACT = re.compile(r"(?P<noon>正午)|(?P<midnight>午夜|零点整|子夜)")
_AFTER = re.compile(
    rf"(?:再?过)?(?:(?P<half>半)个?(?:小时|钟头)|(?P<quarter>[一三两二])刻钟"
    rf"|(?P<hours>{SMALL})个?(?P<and_half>半)?(?:小时|钟头)(?P<half_more>半)?|(?P<minutes>{SMALL})分钟)(?P<later>之后"
    r"|以后|过后|后)"
)
# What makes the 点 of a bare 一点 or 三点 something else than an hour.
_POINTS = re.compile(
    r"[个条]?(?:建议|问题|意见|要求|原因|内容|疑问|想法|事|儿|也|都(?!行|可以|有空)|不(?!行|可以|方便)|点|水)"
)
_COUNTS_POINTS = re.compile(
    r"(?:这|那|哪|说|第|提|讲|几|百分之.{0,6}|分之.?|快|早|晚|大|小|多|少|高|低|慢|好|近|远|便宜|[0-9])$"
)
_THEN = re.compile(r"(?:^|[,。!? ]|[嗯呃额好行哦噢吧啊])那$")
_ENDS = re.compile(r"(?:$|[,。!?、 吧呢啊可行好左以之到见]|前|后)")
_BEFORE_ONE = re.compile(r"(?:^|[到在是约改就那定,。 、嗯呃]|吧)$")
_AFTER_ONE = _ENDS
_RANGE = re.compile(r"(?:钟|整)?(?:到|至|~|-|—|和)")
_GAP = re.compile(r"[的,、 ]{0,2}(?:大概|大约|差不多|就|在|是|吧)?[,、 ]?(?:差)?")


def find_parts(said: Said) -> list[PartSpan]:
    """Return the parts of the day that are named."""
    return [PartSpan(match.start(), match.end(), str(match.lastgroup)) for match in _PART.finditer(said.text)]


def find_times(said: Said, parts: list[PartSpan]) -> list[TimeSpan]:
    """Return times of day; a part of the day counts for the time after it, a lone one for all."""
    times: list[TimeSpan] = [*_from_now(said), *_named(said)]
    begun: str | None = None
    previous_end = -1
    for match in _CLOCK.finditer(said.text):
        if any(time.start < match.end() and match.start() < time.end for time in times):
            continue
        part = _part_before(said.text, parts, match.start())
        time = _time(said, match, part is not None)
        if time is None:
            continue
        follows = previous_end >= 0 and _RANGE.fullmatch(said.text, previous_end, match.start()) is not None
        begun = part.name if part is not None else begun if follows else None
        if begun is None and len(parts) == 1:
            begun = parts[0].name
        if begun is not None:
            start = part.start if part is not None else time.start
            time = in_part(TimeSpan(start, time.end, time.hour, time.minute, time.confidence, time.open_half), begun)
        times.append(TimeSpan(*_fields(time), range_end=follows) if follows else time)
        previous_end = match.end()
    return times


def _fields(time: TimeSpan) -> tuple[int, int, int, int, float, bool, bool, None]:
    return time.start, time.end, time.hour, time.minute, time.confidence, time.open_half, time.next_day, None


def _part_before(text: str, parts: list[PartSpan], start: int) -> PartSpan | None:
    return next((part for part in parts if part.end <= start and _GAP.fullmatch(text, part.end, start)), None)


def _time(said: Said, match: re.Match[str], has_part: bool) -> TimeSpan | None:
    text = said.text
    start, end = match.span()
    if match["to"]:
        return _minus(start, end, match["to_hour"], match["to_minutes"])
    if match["minus_hour"]:
        return _minus(start, end, match["minus_hour"], match["minus"])
    if match["h24"] or match["h12"]:
        time = without_part(start, end, int(match["h24"] or match["h12"]), int(match["m24"] or 0))
        half = match["half"] or match["half12"]
        if time is not None and half:
            return in_part(time, "pm" if "p" in half else "am")
        return time
    if match["dot_hour"]:  # a recogniser writes 下午5.20
        return without_part(start, end, int(match["dot_hour"]), int(match["dot_minute"])) if has_part else None
    if not match["minute"] and not has_part and not _is_hour(said, match):
        return None
    minute = _minute(match["minute"] or "")
    if minute < 0 or _decimal(text, match):
        return None
    return without_part(start, end, read_small(match["hour"]), minute)


def _decimal(text: str, match: re.Match[str]) -> bool:
    """Tell whether it is a number: 三点五."""
    return not match["minute"] and re.match(r"[零一二三四五六七八九0-9]", text[match.end() :]) is not None


def _is_hour(said: Said, match: re.Match[str]) -> bool:
    """Tell whether a bare 三点 is an hour: not 三点建议, and 一点 only where nothing else is possible.

    那八点 counts eight points, or says "eight then" where a time was asked for.
    """
    text = said.text
    if text[match.end() - 1] != "点":
        return True
    before, after_it = text[: match.start()], text[match.end() :]
    if EntityKind.TIME in said.asked and _THEN.search(before) and _ENDS.match(after_it):
        return True
    if _COUNTS_POINTS.search(before) or _POINTS.match(after_it):
        return False
    if match["hour"] != "一":
        return True
    return bool(_BEFORE_ONE.search(before) and _AFTER_ONE.match(after_it))


def _minute(words: str) -> int:
    if not words:
        return 0
    if words == "半":
        return 30
    if words[-1] in "刻克课":
        return {"一": 15, "1": 15, "三": 45, "3": 45}.get(words[0], -1)
    return read_small(words.lstrip("过").removesuffix("钟").removesuffix("分"))


def _minus(start: int, end: int, hour_words: str, minute_words: str) -> TimeSpan | None:
    """Return so many minutes before an hour."""
    words = minute_words.removesuffix("钟").removesuffix("分")
    hour, minutes = read_small(hour_words), 15 if words[-1] in "刻克课" else read_small(words)
    if not 1 <= hour <= 24 or not 0 < minutes < 60:
        return None
    return without_part(start, end, 12 if hour == 1 else hour - 1, 60 - minutes)


def _from_now(said: Said) -> list[TimeSpan]:
    times = []
    for match in _AFTER.finditer(said.text):
        if match["half"]:
            minutes = 30
        elif match["quarter"]:
            minutes = 15 * read_small(match["quarter"])
        elif match["minutes"]:
            minutes = read_small(match["minutes"])
        else:
            minutes = 60 * read_small(match["hours"]) + (30 if match["and_half"] or match["half_more"] else 0)
        time = after(said.now, match.start(), match.end(), minutes) if minutes > 0 else None
        if time is not None:
            times.append(time)
    return times


def _named(said: Said) -> list[TimeSpan]:
    return [
        TimeSpan(match.start(), match.end(), 12 if match["noon"] else 0, 0, 0.9, next_day=not match["noon"])
        for match in _EXACT.finditer(said.text)
        if not _CLOCK.match(said.text, match.end())
    ]
