"""Which calls a scenario makes: cases dealt out to calls, and the steps of each call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from voicebot.bench.mixing import Rendered
from voicebot.caller.script import Script, Step

ANSWER_QUIET_MS = 1000  # a bot that was cut short by its own haste may speak again after this long, but not later
PATIENCE_S = 20.0
SPREAD_MS = 700  # callers do not speak in chorus

OPENINGS = {"zh": "zh/word_现在.wav", "en": "en/azure_weather.wav"}
"""Clips that have a bot begin its long speech."""

Target = Callable[[str], str]
"""SIP address of a line by its name."""


@dataclass(frozen=True, slots=True)
class EchoPath:
    """What comes back of the bot's own voice.

    Attributes:
        level_db: relative to what the caller hears.
        delay_ms: how late.
    """

    level_db: float
    delay_ms: int


def calls_of(name: str, cases: Sequence[Rendered], target: Target, most: int, speech: Path) -> list[Script]:
    """Deal cases out to calls: one language, bot and way of speaking in each call, ``most`` cases at most.

    Args:
        name: leads the calls' names.
        cases: what is to be said.
        target: address of a line.
        most: cases in one call.
        speech: folder of recorded speech.
    """
    scripts: list[Script] = []
    for line, own in _by_line(cases).items():
        for number, start in enumerate(range(0, len(own), most)):
            scripts.append(call_of(f"{name}-{line}-{number}", own[start : start + most], target(line), speech))
    return scripts


def call_of(name: str, cases: Sequence[Rendered], target: str, speech: Path, echo: EchoPath | None = None) -> Script:
    """Return one call in which a caller says some cases, all to one bot."""
    answering = all(item.case.expect == "answer" for item in cases)
    steps = _answers(cases) if answering else _talking_over(cases, speech / OPENINGS[cases[0].case.language])
    return Script(
        name, target, tuple(steps), quiet_ms=ANSWER_QUIET_MS if answering else 700, patience_s=PATIENCE_S,
        echo_db=echo.level_db if echo else None, echo_delay_ms=echo.delay_ms if echo else 0,
    )  # fmt: skip


def side_by_side(scripts: Iterable[Script], calls: int) -> list[list[Script]]:
    """Group calls that run at the same time, their beginnings spread."""
    waiting = list(scripts)
    groups = []
    for start in range(0, len(waiting), calls):
        group = waiting[start : start + calls]
        groups.append([_starting(script, number * SPREAD_MS) for number, script in enumerate(group)])
    return groups


def mixed(cases: Sequence[Rendered], calm: int = 4) -> list[Rendered]:
    """Order cases so that after every ``calm`` of those the bot talks through there is one that stops it.

    A stop starts the bot's long speech anew, so that it does not come to its end.
    """
    through = [item for item in cases if item.case.expect == "go_on"]
    stops = [item for item in cases if item.case.expect == "stop"]
    if not through or not stops:
        return [*through, *stops]
    share = max(1, min(calm, -(-len(through) // len(stops))))
    groups = [through[start : start + share] for start in range(0, len(through), share)]
    ordered = []
    for group, stop in zip_longest(groups, stops):
        ordered += [*(group or []), *([stop] if stop is not None else [])]
    return ordered


def _by_line(cases: Sequence[Rendered]) -> dict[str, list[Rendered]]:
    lines: dict[str, list[Rendered]] = {}
    for item in cases:
        lines.setdefault(f"{item.case.language}_{item.case.bot}", []).append(item)
    return lines


def _answers(cases: Sequence[Rendered]) -> list[Step]:
    return [*(Step("say", str(item.file)) for item in cases), Step("listen")]


def _talking_over(cases: Sequence[Rendered], opening: Path) -> list[Step]:
    """The first words start the bot's long speech; what follows is said over it."""
    steps = [Step("say", str(opening))]
    steps += [Step("interrupt", str(item.file), after_ms=item.case.after_ms) for item in cases]
    return [*steps, Step("wait", after_ms=2500)]


def _starting(script: Script, after_ms: int) -> Script:
    return replace(script, start_after_ms=after_ms)
