"""What the figures of the calls bench should be, and whether they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.bench.calls import CallsFigures
from voicebot.bench.calls_proc import Usage
from voicebot.bench.calls_row import Row

LATE_PER_1000, CPU_TIMES, MEMORY_PERCENT = 1.0, 3.0, 5.0


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure, and what it should be at most."""

    name: str
    most: float
    measured: float

    @property
    def reached(self) -> bool:
        """Whether it is."""
        return self.measured <= self.most

    def cells(self) -> list[str]:
        """Return it as table cells."""
        return [self.name, f"{self.most:g}", number(self.measured), "yes" if self.reached else "no"]


def goals_of(figures: CallsFigures) -> list[Goal]:
    """Return the goals for which there are figures."""
    found: list[Goal] = []
    ours, line, native = figures.ours, figures.line, figures.native
    if ours is not None and line is not None:
        calls = f"{ours.calls} calls"
        found += [
            Goal(f"{calls}: not carried from beginning to end", 0, ours.calls - ours.made.good),
            Goal(f"{calls}: late frames, of 1,000 played out", LATE_PER_1000, per_1000(line.late, line.played)),
            Goal(
                f"{calls}: gaps over 40 ms, of 1,000 packets", LATE_PER_1000, _gaps(ours.heard.gaps, ours.heard.packets)
            ),
        ]
    if ours is not None and native is not None and native.percent_of_core():
        times = ours.percent_of_core() / native.percent_of_core()
        found.append(Goal("processor time of a call, times that of a native player", CPU_TIMES, times))
    if figures.setup is not None:
        made = figures.setup.made
        found.append(Goal(f"{figures.setup.per_s:g} new calls a second: failed", 0, made.asked - made.good))
    return [*found, *(_row_goals(figures.row) if figures.row is not None else [])]


def left_behind(before: Usage, after: Usage) -> tuple[int, int, int]:
    """Return by how much threads, files and sockets have grown."""
    return after.threads - before.threads, after.files - before.files, after.sockets - before.sockets


def memory_growth_percent(row: Row) -> float:
    """Return by how much the resident memory of all processes has grown."""
    before, after = (sum(each.rss_kib for each in usage.values()) for usage in (row.before, row.after))
    return 100 * (after - before) / before if before else 0.0


def per_1000(part: int, whole: int) -> float:
    """Return a share, of a thousand; 0 of nothing."""
    return 1000 * part / whole if whole else 0.0


def number(value: float) -> str:
    """Return a figure with as many digits as tell something."""
    return f"{value:.0f}" if value == int(value) or value >= 100 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _gaps(gaps: int, packets: int) -> float:
    return per_1000(gaps, packets)


def _row_goals(row: Row) -> Sequence[Goal]:
    what = f"{row.made.asked} calls in a row"
    grown = [left_behind(row.before[kind], row.after[kind]) for kind in row.before if kind in row.after]
    threads, files, sockets = (sum(max(0, each[at]) for each in grown) for at in range(3))
    return [
        Goal(f"{what}: failed", 0, row.made.asked - row.made.good),
        Goal(f"{what}: calls left", 0, sum(row.calls_left)),
        Goal(f"{what}: ports left (sockets)", 0, sockets),
        Goal(f"{what}: threads left", 0, threads),
        Goal(f"{what}: open files left", 0, files),
        Goal(f"{what}: files left in the data folder", 0, len(row.files_left)),
        Goal(f"{what}: growth of memory, %", MEMORY_PERCENT, memory_growth_percent(row)),
    ]
