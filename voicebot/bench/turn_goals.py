"""What the turn bench's figures should be, and whether they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from voicebot.bench.figures import table
from voicebot.bench.scenarios import ANSWERING, TALKING_OVER, Outcome
from voicebot.bench.trials import Trial
from voicebot.bench.turn import TurnFigures

GAP_P50_MS, GAP_P95_MS = 350.0, 700.0
CUT_OFF_PERCENT, NUMBER_CUT_OFF_PERCENT = 2.0, 3.0
STOP_P95_MS, SEMANTIC_STOP_P95_MS = 200.0, 500.0
FALSE_STOP_PERCENT, MISSED_PERCENT = 3.0, 3.0
LOAD_RATIO, CORE_S = 1.5, 1.0


@dataclass(frozen=True, slots=True)
class _Goal:
    name: str
    most: float
    measured: float | None
    unit: str = "ms"

    def row(self, peer: float | None) -> list[str]:
        """Return the goal as table cells."""
        reached = "" if self.measured is None else "yes" if self.measured <= self.most else "no"
        return [f"{self.name}, {self.unit}", f"{self.most:g}", _number(self.measured), reached, _number(peer)]


def goals(figures: TurnFigures) -> str:
    """Return the table of goals, with what the peer reached beside it; empty if nothing was measured."""
    ours = _goal_list(figures.outcomes)
    ours += _load_goals(figures)
    if figures.core is not None:
        ours.append(_Goal("ten minutes of conversation, decisions alone", CORE_S, figures.core.seconds, "s"))
    theirs: dict[str, float | None] = {}
    head = ["", "goal", "measured", "reached"]
    if figures.peer is not None:
        theirs = {goal.name: goal.measured for goal in _goal_list({o.name: o for o in figures.peer.outcomes})}
        head.append(figures.peer.name)
    measured = [goal for goal in ours if goal.measured is not None]
    if not measured:
        return ""
    rows = [goal.row(theirs.get(goal.name))[: len(head)] for goal in measured]
    return f"Goals (at most):\n\n{table(head, rows)}"


def _goal_list(outcomes: dict[str, Outcome]) -> list[_Goal]:
    answers = outcomes.get("answers")
    gaps = answers.gaps if answers else None
    waiting = _of(outcomes, ("answers", "pauses"), "answer")
    numbers = _of(outcomes, ("numbers",), "answer")
    voice = outcomes["barge-in"].stops if "barge-in" in outcomes else None
    semantic = outcomes["semantic"].stops if "semantic" in outcomes else None
    calm = _of(outcomes, TALKING_OVER, "go_on")
    stops = _of(outcomes, TALKING_OVER, "stop")
    return [
        _Goal("answer gap p50, finished answers", GAP_P50_MS, gaps.p50 if gaps else None),
        _Goal("answer gap p95, finished answers", GAP_P95_MS, gaps.p95 if gaps else None),
        _Goal("cut off, answers and sentences with pauses", CUT_OFF_PERCENT, _percent(waiting, _cut), "%"),
        _Goal("cut off, dictated numbers", NUMBER_CUT_OFF_PERCENT, _percent(numbers, _cut), "%"),
        _Goal("stop p95, any voice", STOP_P95_MS, voice.p95 if voice else None),
        _Goal("stop p95, words that mean something", SEMANTIC_STOP_P95_MS, semantic.p95 if semantic else None),
        _Goal("false stops: backchannels, noise, echo", FALSE_STOP_PERCENT, _percent(calm, _stopped), "%"),
        _Goal("missed interruptions", MISSED_PERCENT, _percent(stops, lambda trial: not _stopped(trial)), "%"),
    ]


def _load_goals(figures: TurnFigures) -> list[_Goal]:
    goals = []
    for name, loaded in figures.loaded.items():
        alone = figures.outcomes[name]
        label = f"{name} with {loaded.calls} calls, of one call's"
        one, many = (alone.gaps, loaded.gaps) if name in ANSWERING else (alone.stops, loaded.stops)
        if one is not None and many is not None:
            goals.append(_Goal(f"{label} p50", LOAD_RATIO, many.p50 / one.p50 if one.p50 else None, "times"))
            goals.append(_Goal(f"{label} p95", LOAD_RATIO, many.p95 / one.p95 if one.p95 else None, "times"))
    return goals


def _of(outcomes: dict[str, Outcome], names: Iterable[str], expect: str) -> list[Trial]:
    return [trial for name in names if name in outcomes for trial in outcomes[name].expecting(expect)]


def _percent(trials: Sequence[Trial], is_wrong: Callable[[Trial], bool]) -> float | None:
    return 100 * sum(is_wrong(trial) for trial in trials) / len(trials) if trials else None


def _cut(trial: Trial) -> bool:
    return trial.cut_off


def _stopped(trial: Trial) -> bool:
    return trial.stop_ms is not None


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 10 else f"{value:.0f}"
