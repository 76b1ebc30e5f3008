"""The figures of understanding as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from voicebot.bench.figures import table
from voicebot.dialogue.decision import Decision, Kind
from voicebot.evaluation.labels import Outcome
from voicebot.evaluation.understanding import ENGINE, Sheet

CLEAN, TELEPHONE, NOISY = "as written", "telephone", "telephone, noise"
"""How turns reach the bot: the very words, or what the recogniser makes of them on a quiet or a noisy line."""
GOAL_RIGHT, GOAL_RIGHT_HEARD = 0.90, 0.80
"""Least share of right decisions on the very words, and after recognition."""
GOAL_WRONG = 0.03
"""Largest share of decisions that were acted on and wrong."""


def report(sheets: Sequence[Sheet], notes: Sequence[str] = ()) -> str:
    """Return the figures of all sheets, notes on them, then the engine's by kind of turn for each bot and set."""
    blocks = [table(_HEAD, [_row(sheet) for sheet in sheets]), *notes]
    for bot, turn_set in dict.fromkeys((sheet.bot, sheet.turn_set) for sheet in sheets):
        own = [sheet for sheet in sheets if (sheet.bot, sheet.turn_set, sheet.by) == (bot, turn_set, ENGINE)]
        blocks += [f"Right decisions by kind of turn, {bot}, {turn_set} turns:", _kinds(own)]
        blocks += [_times(sheet) for sheet in own if sheet.times()[1]]
    return "\n\n".join(blocks)


def details(sheet: Sheet) -> str:
    """Return one line for each turn that was not decided rightly."""
    lines = [f"{sheet.bot}, {sheet.turn_set} turns, {sheet.condition}, {sheet.by}:"]
    for result in sheet.results:
        if result.outcome is not Outcome.RIGHT:
            turn = result.turn
            lines.append(
                f"  {result.outcome.value:6} {turn.id} at {turn.node}: {turn.said}\n"
                f"         expected {' or '.join(turn.expect)}; got {describe(result.decision)}"
            )
    return "\n".join(lines)


def describe(decision: Decision) -> str:
    """Return a decision in a few words."""
    if decision.kind is Kind.FALLBACK:
        return "the fallback"
    way = f" to {decision.goto}" if decision.goto else ""
    method = f" by {decision.method.value}" if decision.method is not None else ""
    return f"{decision.kind.value} {decision.name}{way}{method}, score {decision.score:.2f}"


_HEAD = (
    *("bot", "turns", "heard", "misheard", "decided by"),
    *("number", "right", "wrong", "asked again", "goals reached"),
)


def _row(sheet: Sheet) -> list[str]:
    by = sheet.by if sheet.threshold is None else f"{sheet.by} from {sheet.threshold:.2f}"
    shares = [f"{100 * sheet.share(outcome):.1f} %" for outcome in (Outcome.RIGHT, Outcome.WRONG, Outcome.MISSED)]
    misheard = "" if sheet.error_rate is None else f"{100 * sheet.error_rate:.1f} %"
    what = [sheet.bot, sheet.turn_set, sheet.condition, misheard, by]
    return [*what, str(len(sheet.results)), *shares, _goals(sheet)]


def _goals(sheet: Sheet) -> str:
    right = sheet.share(Outcome.RIGHT) >= (GOAL_RIGHT if sheet.condition == CLEAN else GOAL_RIGHT_HEARD)
    wrong = sheet.share(Outcome.WRONG) <= GOAL_WRONG
    return {(True, True): "both", (True, False): "right", (False, True): "wrong", (False, False): "none"}[right, wrong]


def _kinds(sheets: Sequence[Sheet]) -> str:
    head = [
        "kind",
        "turns",
        *(f"{sheet.condition}: right" for sheet in sheets),
        *(f"{s.condition}: wrong" for s in sheets),
    ]
    counted = [sheet.by_kind() for sheet in sheets]
    rows = []
    for kind in counted[0]:
        cells = [kinds.get(kind, Counter[Outcome]()) for kinds in counted]
        right = [str(cell[Outcome.RIGHT]) for cell in cells]
        rows.append([kind, str(cells[0].total()), *right, *(str(cell[Outcome.WRONG]) for cell in cells)])
    return table(head, rows)


def _times(sheet: Sheet) -> str:
    right, read = sheet.times()
    what = f"{sheet.bot}, {sheet.turn_set} turns, {sheet.condition}"
    return f"{what}: {right} of {read} dates and times found as they are meant."
