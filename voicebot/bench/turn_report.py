"""The figures of the turn bench as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.bench.figures import Summary, summarise, table
from voicebot.bench.scenarios import ANSWERING, FIXED, Outcome
from voicebot.bench.trials import Trial
from voicebot.bench.turn import TurnFigures
from voicebot.bench.turn_goals import goals

Cells = Sequence[str]


def report(figures: TurnFigures) -> str:
    """Return all tables with what each of them shows."""
    parts = [_answers(figures), _fixed(figures), _stops(figures), _false_stops(figures), _echoes(figures)]
    parts += [_stages(figures), _audio(figures), _misses(figures), goals(figures)]
    parts.append(figures.peer_failed and f"Nothing of the peer: {figures.peer_failed}")
    return "\n\n".join(part for part in parts if part)


# --- what waits for the caller


def _answers(figures: TurnFigures) -> str:
    rows = [
        row for name, outcome in _named(figures) if outcome.name in ANSWERING for row in _answer_rows(name, outcome)
    ]
    if not rows:
        return ""
    head = ["", "turns", "timed", "p50", "p95", "max", "cut off", "of them heard", "unanswered"]
    text = "Answer gap in ms: from the caller's last sound to the bot's first, on the caller's side."
    return f"{text}\n\n{table(head, rows)}"


def _answer_rows(name: str, outcome: Outcome) -> list[Cells]:
    kinds = _kinds(outcome, "answer")
    rows = [(f"{name}: {label}", trials) for label, trials in kinds.items()] if len(kinds) > 1 else []
    return [_answer_row(label, trials) for label, trials in [*rows, (f"{name}, all", outcome.expecting("answer"))]]


def _answer_row(label: str, trials: Sequence[Trial]) -> Cells:
    gaps = summarise(trial.timed_gap_ms for trial in trials if trial.timed_gap_ms is not None)
    cut_off = sum(trial.cut_off for trial in trials)
    return [
        label,
        str(len(trials)),
        *_cells(gaps),
        _share(cut_off, len(trials)),
        str(sum(trial.spoke_over for trial in trials)),
        str(sum(trial.unanswered for trial in trials)),
    ]


def _fixed(figures: TurnFigures) -> str:
    outcome = figures.outcomes.get(FIXED)
    if outcome is None or outcome.overheads is None:
        return ""
    cut_off = sum(trial.cut_off for trial in outcome.expecting("answer"))
    rows = [["answers with endpointing: fixed", *outcome.overheads.cells(), str(cut_off)]]
    if figures.floor_ms is not None:
        rows.append(["floor: an echo through both media ends", "", *[f"{figures.floor_ms:.0f}"] * 4, ""])
    text = "Turn overhead in ms: the answer gap less `identifyDuration`, where that alone ends a turn."
    return f"{text}\n\n{table(['', 'turns', 'min', 'p50', 'p95', 'max', 'cut off'], rows)}"


# --- what talks over the bot


def _stops(figures: TurnFigures) -> str:
    rows: list[Cells] = []
    for name, outcome in _named(figures):
        kinds = _kinds(outcome, "stop")
        rows += [_stop_row(f"{name}: {label}", trials) for label, trials in kinds.items()]
    if not rows:
        return ""
    text = "Stopping in ms: from the caller's first sound to the bot's silence, on the caller's side."
    return f"{text}\n\n{table(['', 'times', 'timed', 'p50', 'p95', 'max', 'missed'], rows)}"


def _stop_row(label: str, trials: Sequence[Trial]) -> Cells:
    stops = summarise(trial.timed_stop_ms for trial in trials if trial.timed_stop_ms is not None)
    missed = sum(trial.stop_ms is None for trial in trials)
    return [label, str(len(trials)), *_cells(stops), _share(missed, len(trials))]


def _false_stops(figures: TurnFigures) -> str:
    rows: list[Cells] = []
    for name, outcome in _named(figures):
        if outcome.name != "echo":
            rows += [_false_row(f"{name}: {label}", trials) for label, trials in _kinds(outcome, "go_on").items()]
    if not rows:
        return ""
    text = "False stops: the bot fell silent for what should not stop it."
    return f"{text}\n\n{table(['', 'times', 'false stops'], rows)}"


def _false_row(label: str, trials: Sequence[Trial]) -> Cells:
    return [label, str(len(trials)), _share(sum(trial.stop_ms is not None for trial in trials), len(trials))]


def _echoes(figures: TurnFigures) -> str:
    outcome = figures.outcomes.get("echo")
    if outcome is None:
        return ""
    levels = sorted({echo.level_db for echo in outcome.echoes.values()}, reverse=True)
    delays = sorted({echo.delay_ms for echo in outcome.echoes.values()})
    rows = [[f"{level:.0f} dB", *(_echo_cell(outcome, level, delay) for delay in delays)] for level in levels]
    text = (
        "False stops by the bot's own voice, of stretches of three seconds in which it came back (level by delay); "
        "a dash: not tried."
    )
    return f"{text}\n\n{table(['', *(f'{delay} ms' for delay in delays)], rows)}"


def _echo_cell(outcome: Outcome, level_db: float, delay_ms: int) -> str:
    calls = {name for name, echo in outcome.echoes.items() if echo.level_db == level_db and echo.delay_ms == delay_ms}
    trials = [trial for trial in outcome.expecting("go_on") if trial.call in calls]
    return f"{sum(trial.stop_ms is not None for trial in trials)} of {len(trials)}" if trials else "-"


# --- the rest


def _stages(figures: TurnFigures) -> str:
    rows: list[Cells] = []
    for name, outcome in figures.outcomes.items():
        if outcome.name in (*ANSWERING, FIXED):
            for label, values in outcome.stages_ms.items():
                found = summarise(values)
                if found is not None:
                    rows.append([f"{name}: {label}", *found.cells()])
    if not rows:
        return ""
    text = "Stages of an answer in ms, by the bot's own clock."
    return f"{text}\n\n{table(['', 'turns', 'min', 'p50', 'p95', 'max'], rows)}"


def _audio(figures: TurnFigures) -> str:
    rows = [
        [
            name,
            str(outcome.frames),
            str(outcome.late_frames),
            f"{1000 * outcome.late_frames / outcome.frames:.2f}",
            str(outcome.lost_packets),
        ]
        for name, outcome in _named(figures)
        if outcome.frames
    ]
    if not rows:
        return ""
    text = "The bot's playout, and the packets of it that the caller's side missed."
    return f"{text}\n\n{table(['', 'frames', 'late by > 10 ms', 'per 1000', 'packets lost'], rows)}"


def _misses(figures: TurnFigures) -> str:
    """Name what went wrong, so that it can be listened to."""
    lines = []
    for name, outcome in _named(figures):
        wrong = [trial for trial in outcome.valid if _is_wrong(trial)]
        if wrong:
            lines.append(f"* {name}: " + ", ".join(f"{trial.rendered.case.id} ({trial.call})" for trial in wrong))
        invalid = len(outcome.trials) - len(outcome.valid)
        if invalid or outcome.unreached:
            lines.append(f"* {name}: {invalid} not in the state that the case needs, {outcome.unreached} not reached")
    return "What went wrong, with the recordings of the calls:\n\n" + "\n".join(lines) if lines else ""


def _is_wrong(trial: Trial) -> bool:
    expect = trial.rendered.case.expect
    if expect == "answer":
        return trial.cut_off or trial.unanswered
    return (trial.stop_ms is None) == (expect == "stop")


# --- parts of all tables


def _named(figures: TurnFigures) -> list[tuple[str, Outcome]]:
    """Return all outcomes with the names they go by: ours, those under load, the peer's."""
    named = list(figures.outcomes.items())
    named += [(f"{name}, {outcome.calls} calls", outcome) for name, outcome in figures.loaded.items()]
    if figures.peer is not None:
        short = figures.peer.name.partition(" ")[0]
        named += [(f"{short}: {outcome.name}", outcome) for outcome in figures.peer.outcomes]
    return named


def _kinds(outcome: Outcome, expect: str) -> dict[str, list[Trial]]:
    kinds: dict[str, list[Trial]] = {}
    for trial in outcome.expecting(expect):
        kinds.setdefault(f"{trial.kind}, {trial.rendered.case.language}", []).append(trial)
    return kinds


def _cells(found: Summary | None) -> list[str]:
    if found is None:
        return ["0", "", "", ""]
    return [str(found.count), *(f"{value:.0f}" for value in (found.p50, found.p95, found.most))]


def _share(count: int, of: int) -> str:
    return f"{count} ({100 * count / of:.0f} %)" if of else "0"
