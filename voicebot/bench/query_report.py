"""The figures of the query bench as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from voicebot.bench.figures import percentile, table
from voicebot.bench.query import AS_CALLERS_DO, WITHOUT_PAUSE, Figures, Held, Row
from voicebot.bench.query_load import Outcome
from voicebot.bench.query_server import STREAM_CHUNKS

GOAL_RATIO, GOAL_FIRST_CHUNK_MS, GOAL_SESSION_KIB = 0.5, 10.0, 64.0


def report(figures: Figures) -> str:
    """Return the figures with what each table shows."""
    plan = figures.plan
    return "\n".join(
        (
            f"An answer of {STREAM_CHUNKS} chunks, {plan.sessions} sessions side by side, each with its next query as "
            f"soon as an answer has ended; medians of {plan.rounds} rounds of {plan.seconds:g} s:",
            "",
            table(
                ["", "requests/s", "of the bare handler's", "server CPU in µs a request", "busy callers"],
                [_stream_row(row, figures.stream[0]) for row in figures.stream],
            ),
            "",
            f"Answers from the FAQ, {plan.sessions} sessions side by side, first chunk in ms:",
            "",
            table(
                ["", "answers", "requests/s", "p50", "p95", "p99", "max", "from the FAQ"], map(_faq_row, figures.faq)
            ),
            "",
            "Memory of the server's process in MiB, four turns a session:",
            "",
            table(["", "sessions", "before", "after", "KiB each"], map(_held_row, figures.held)),
            "",
            "Goals:",
            "",
            table(["", "goal", "measured", "reached"], _goals(figures)),
        )
    )


def ratio(row: Row, bare: Row) -> float:
    """Return a row's rate as a share of the bare handler's: the median of the rounds."""
    pairs = zip(row.outcomes, bare.outcomes, strict=True)
    return statistics.median(_rate(ours) / _rate(theirs) for ours, theirs in pairs)


def first_chunk_p99_ms(row: Row) -> float:
    """Return p99 of the time to the first chunk, all rounds together."""
    return percentile(_first_ms(row), 99)


def _rate(outcome: Outcome) -> float:
    return outcome.answers / outcome.seconds


def _median(row: Row, of: Callable[[Outcome], float]) -> float:
    return statistics.median(map(of, row.outcomes))


def _first_ms(row: Row) -> list[float]:
    return [value for outcome in row.outcomes for value in outcome.first_ms]


def _stream_row(row: Row, bare: Row) -> list[str]:
    return [
        row.name,
        f"{_median(row, _rate):.0f}",
        f"{ratio(row, bare):.2f}",
        f"{_median(row, lambda outcome: 1e6 * outcome.server_cpu_s / outcome.answers):.0f}",
        f"{_median(row, lambda outcome: 100 * outcome.client_cpu_s / outcome.seconds):.0f} %",
    ]


def _faq_row(row: Row) -> list[str]:
    first_ms = _first_ms(row)
    answers = sum(outcome.answers for outcome in row.outcomes)
    faq = sum(outcome.faq for outcome in row.outcomes)
    times = [statistics.median(first_ms), percentile(first_ms, 95), percentile(first_ms, 99), max(first_ms)]
    return [
        row.name,
        str(answers),
        f"{_median(row, _rate):.0f}",
        *(f"{value:.1f}" for value in times),
        f"{100 * faq / answers:.0f} %",
    ]


def _held_row(held: Held) -> list[str]:
    before, after = (f"{kib / 1024:.0f}" for kib in (held.before_kib, held.after_kib))
    return [held.name, str(held.sessions), before, after, f"{held.each_kib:.1f}"]


def _goals(figures: Figures) -> list[Sequence[str]]:
    share = ratio(figures.stream[1], figures.stream[0])
    goals: list[Sequence[str]] = [
        _goal(f"{STREAM_CHUNKS} chunks: share of the bare handler's rate", GOAL_RATIO, share, share >= GOAL_RATIO)
    ]
    for row in figures.faq:
        if row.name.endswith((AS_CALLERS_DO, WITHOUT_PAUSE)):
            p99 = first_chunk_p99_ms(row)
            name = f"first chunk p99 in ms: {row.name}"
            goals.append(_goal(name, GOAL_FIRST_CHUNK_MS, p99, p99 <= GOAL_FIRST_CHUNK_MS))
    for held in figures.held:
        reached = held.each_kib <= GOAL_SESSION_KIB
        goals.append(_goal(f"KiB each: {held.sessions} {held.name}", GOAL_SESSION_KIB, held.each_kib, reached))
    return goals


def _goal(name: str, goal: float, measured: float, reached: bool) -> list[str]:
    return [name, f"{goal:g}", f"{measured:.2f}" if goal < 1 else f"{measured:.1f}", "yes" if reached else "no"]
