"""Times of day in English: "half past three", "quarter to four", "3:30 p.m.", "three thirty", "in half an hour"."""

from __future__ import annotations

import re
from dataclasses import replace

from voicebot.dialogue.entities.clock import PartSpan, TimeSpan, after, in_part, without_part
from voicebot.dialogue.entities.entity import EntityKind
from voicebot.dialogue.entities.numerals_en import DIGIT_WORDS, TEENS, TENS
from voicebot.dialogue.entities.said import Said


def _minute_words() -> dict[str, int]:
    ones = {word: value for word, value in DIGIT_WORDS.items() if value}
    values = {f"{zero} {word}": value for zero in ("oh", "o", "zero") for word, value in ones.items()} | TEENS
    for tens, value in TENS.items():
        values[tens] = value
        values |= {f"{tens}{joint}{word}": value + one for joint in (" ", "-") for word, one in ones.items()}
    return {word: value for word, value in values.items() if value < 60}


_MINUTES = _minute_words()
_ALL_WORDS = _MINUTES | DIGIT_WORDS
_HOURS = {word: value for word, value in _ALL_WORDS.items() if 1 <= value <= 12 and " " not in word}
_LONGEST_FIRST = sorted(_MINUTES, key=len, reverse=True)
_COUNTS = "|".join(sorted(_ALL_WORDS, key=len, reverse=True))
_HOUR = rf"(?:{'|'.join(_HOURS)}|1[0-2]|0?[1-9](?![0-9]))"
_MINUTE = rf"(?:{'|'.join(_LONGEST_FIRST)}|[0-5][0-9])"
_HALF = (
    r"[ap]\.? ?m\b\.?|in the (?:morning|afternoon|evening)|at night|o'? ?clock(?: [ap]\.? ?m\b\.?| in the (?:morning"
    r"|afternoon|evening)| at night)?"
)
_NOT_COUNTED = (
    r"(?!'?s?\b ?(?:dollars?|bucks|cents?|percent|per cent|%|people|persons|guests|adults|days?|weeks?|months?|years?"
    r"|hours?"
    r"|minutes?|mins?|seconds?|times|nights?|of|hundred|thousand|million|point|more|and a half|[$€£]|[.:,/-][0-9]))"
)
_CLOCK = re.compile(
    rf"\b(?P<few>(?:a )?quarter|half|(?:five|ten|twenty|twenty[ -]five|5|10|20|25)(?: minutes)?|(?:{_COUNTS}"
    r"|[1-5]?[0-9]) minutes?)"
    rf" (?P<way>past|after|to|of|before|till) (?P<past_hour>{_HOUR})\b(?:,? ?(?P<past_half>{_HALF}))?"
    rf"|(?<!and )(?<!and a )(?P<british>(?:at|by|around|about|until|till|for|from|after|before|make it) )?"
    rf"\bhalf (?P<half_hour>{_HOUR})\b(?:,? ?(?P<half_half>{_HALF}))?{_NOT_COUNTED}"
    r"|(?<![0-9:./$€£-])\b(?P<packed>(?:1[0-2]|[1-9])[0-5][0-9]) ?(?P<packed_half>[ap]\.? ?m\b\.?)"
    r"|(?<![0-9:./$€£-])\b(?P<h24>[01]?[0-9]|2[0-4])[:.](?P<m24>[0-5][0-9])(?![0-9:%]"
    rf"|\.[0-9])(?:,? ?(?P<half24>{_HALF}))?"
    r"|\b(?:(?P<minute_word>at|by|around|about|from"
    rf"|until) )?(?P<hour>{_HOUR})(?: |(?<=[a-z])-)(?P<minute>{_MINUTE})\b(?:,? ?(?P<half>{_HALF}))?{_NOT_COUNTED}"
    rf"|(?<![0-9$€£.:/-])\b(?P<sharp>{_HOUR}),? ?(?P<sharp_half>{_HALF})"
    rf"|\b(?:(?:at|by|around|about|until|till|make it) )?(?P<soon>{_HOUR})(?= (?:tonight|this (?:morning|afternoon"
    r"|evening)))"
    rf"|\b(?:at|by|around|about|until|till|make it) (?P<at_hour>{_HOUR})\b(?:,? ?(?P<at_half>{_HALF}))?{_NOT_COUNTED}"
)
_RANGE = re.compile(
    rf"\b(?P<word>between |from )?(?P<first>{_HOUR})(?: ?(?P<first_half>{_HALF}))? ?(?:to|and|till|until"
    rf"|-) ?(?P<last>{_HOUR})\b(?:,? ?(?P<half>{_HALF}))?{_NOT_COUNTED}"
)
_TENS_BEFORE = re.compile(rf"(?:{'|'.join(TENS)}|hundred|thousand)[ -]$")
# So many digits in a row are no time: "nine oh two" in a telephone number.
_DICTATED = 5
_ALONE = re.compile(
    rf"\W*(?:(?:um|uh|well|maybe|let's say|about|around|at|make it|how about) )*(?P<hour>{_HOUR})\W*(?:please"
    r"|then)?\W*$"
)
_PART = re.compile(
    r"\b(?:(?P<dawn>early hours)|(?P<morning>morning)|(?P<noon>lunch ?time)|(?P<afternoon>afternoon)"
    r"|(?P<evening>evening|tonight)|(?P<night>at night|middle of the night))\b"
)
_GREETING = re.compile(r"\bgood (?:morning|afternoon|evening)\b")
_EXACT = re.compile(r"\b(?:at )?(?:(?P<noon>noon|midday)|midnight)\b")
_AFTER = re.compile(
    rf"\b(?:(?P<within>in )(?:about |around )?)?(?P<count>half an?|an?|{_COUNTS}|[0-9]{{1,3}})(?P<more> and a half)? ?"
    r"(?P<unit>hour|minute|min)s?(?P<half_more> and a half)?(?P<later> from now| later)?\b"
)


def find_parts(said: Said) -> list[PartSpan]:
    """Return the parts of the day that are named; a greeting names none."""
    greeted = [match.span() for match in _GREETING.finditer(said.text)]
    return [
        PartSpan(match.start(), match.end(), str(match.lastgroup))
        for match in _PART.finditer(said.text)
        if not any(start <= match.start() < end for start, end in greeted)
    ]


def find_times(said: Said, parts: list[PartSpan]) -> list[TimeSpan]:
    """Return times of day; a lone part of the day counts for all that have none."""
    times = _from_now(said)
    dictated = [run for run in said.runs if run.items >= _DICTATED]
    found = (_ranges(said.text), _clocks(said.text, EntityKind.TIME in said.asked), _named(said.text))
    for several in found:
        for time in several:
            inside = any(run.start <= time.start and time.end <= run.end for run in dictated)
            if not inside and not any(_overlap(time, other) for other in times):
                times.append(time)
    if not times and EntityKind.TIME in said.asked and (match := _ALONE.match(said.text)):
        times = _spans(without_part(*match.span("hour"), _number(match["hour"]), 0))
    if len(parts) == 1:
        times = [in_part(time, parts[0].name) for time in times]
    return sorted(times, key=lambda time: time.start)


def _overlap(one: TimeSpan, other: TimeSpan) -> bool:
    return one.start < other.end and other.start < one.end


def _spans(time: TimeSpan | None) -> list[TimeSpan]:
    return [] if time is None else [time]


def _number(words: str) -> int:
    return int(words) if words.isdecimal() else _ALL_WORDS.get(words, -1)


def _in_half(time: TimeSpan | None, half: str | None) -> list[TimeSpan]:
    """Return a time in the half of the day that was said after it: a.m., in the afternoon; o'clock says none."""
    if time is None:
        return []
    half = re.sub(r"^o'? ?clock ?", "", half or "")
    if not half:
        return [time]
    if half.startswith(("a", "p")) and not half.startswith("at"):
        return [in_part(time, half[0] + "m")]
    return [in_part(time, "night" if half.startswith("at") else half.rsplit(" ", 1)[1])]


def _clocks(text: str, asked: bool) -> list[TimeSpan]:
    times = []
    for match in _CLOCK.finditer(text):
        if match["half_hour"] and not (asked or match["british"] or match["half_half"]):
            continue
        if not (match["hour"] and _TENS_BEFORE.search(text[: match.start()])):
            times += _clock(match)
    return times


def _clock(match: re.Match[str]) -> list[TimeSpan]:
    start, end = match.span()
    if match["few"]:
        return _in_half(_past_or_to(match), match["past_half"])
    if match["half_hour"]:  # half past, as the British say it
        start = match.end("british") if match["british"] else start
        return _in_half(without_part(start, end, _number(match["half_hour"]), 30), match["half_half"])
    if match["packed"]:  # a recogniser writes 330PM
        hour, minute = divmod(int(match["packed"]), 100)
        return _in_half(without_part(start, end, hour, minute), match["packed_half"])
    if match["h24"]:
        return _in_half(without_part(start, end, int(match["h24"]), int(match["m24"])), match["half24"])
    if match["sharp"]:
        return _in_half(without_part(start, end, _number(match["sharp"]), 0), match["sharp_half"])
    if match["soon"]:
        return _spans(without_part(match.start("soon"), end, _number(match["soon"]), 0))
    if match["at_hour"]:
        return _in_half(without_part(match.start("at_hour"), end, _number(match["at_hour"]), 0), match["at_half"])
    start = match.start("hour")
    times = _in_half(without_part(start, end, _number(match["hour"]), _number(match["minute"])), match["half"])
    if match["half"] or match["minute_word"]:
        return times
    return [replace(time, confidence=0.6) for time in times]  # "three thirty" may be a number


def _past_or_to(match: re.Match[str]) -> TimeSpan | None:
    few = match["few"].removesuffix("s").removesuffix(" minute").removeprefix("a ")
    minutes = {"quarter": 15, "half": 30}.get(few, -1)
    minutes = _number(few) if minutes < 0 else minutes
    hour = _number(match["past_hour"])
    if match["way"] in ("past", "after"):
        return without_part(match.start(), match.end(), hour, minutes)
    if minutes == 30 or not 0 < minutes < 60:
        return None
    return without_part(match.start(), match.end(), 12 if hour == 1 else hour - 1, 60 - minutes)


def _ranges(text: str) -> list[TimeSpan]:
    """Return both ends of "between two and three", "2 to 3 pm"; what is said of the last counts for the first."""
    times = []
    for match in _RANGE.finditer(text):
        half = match["half"]
        if not match["word"] and not half:
            continue
        last = _in_half(without_part(*match.span("last"), _number(match["last"]), 0), half)
        first = _in_half(without_part(*match.span("first"), _number(match["first"]), 0), match["first_half"] or half)
        if first and last:
            end = match.end("half") if half else match.end("last")
            times += [first[0], replace(last[0], end=end, range_end=True)]
    return times


def _from_now(said: Said) -> list[TimeSpan]:
    times = []
    for match in _AFTER.finditer(said.text):
        if not (match["within"] or match["later"]):
            continue
        words = match["count"]
        hours = match["unit"] == "hour"
        minutes = (
            30 if words.startswith("half") else (1 if words in ("a", "an") else _number(words)) * (60 if hours else 1)
        )
        if hours and not words.startswith("half") and (match["more"] or match["half_more"]):
            minutes += 30
        times += _spans(after(said.now, match.start(), match.end(), minutes))
    return times


def _named(text: str) -> list[TimeSpan]:
    return [
        TimeSpan(match.start(), match.end(), 12 if match["noon"] else 0, 0, 0.9, next_day=not match["noon"])
        for match in _EXACT.finditer(text)
    ]
