"""Small statistics and tables for the benches."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from voicebot.errors import VoicebotError


@dataclass(frozen=True, slots=True)
class Summary:
    """Five numbers of a sample, in the unit of its values."""

    count: int
    least: float
    p50: float
    p95: float
    most: float

    def cells(self) -> list[str]:
        """Return the numbers as table cells."""
        return [str(self.count), *(f"{value:.0f}" for value in (self.least, self.p50, self.p95, self.most))]


def percentile(values: Iterable[float], percent: int) -> float:
    """Return the value that so many percent of a sample do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


def summarise(values: Iterable[float]) -> Summary | None:
    """Summarise a sample; None if it is empty. p95: see ``percentile``."""
    ordered = sorted(values)
    if not ordered:
        return None
    return Summary(len(ordered), ordered[0], statistics.median(ordered), percentile(ordered, 95), ordered[-1])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose columns line up in a terminal, too."""
    everything = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in everything) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if not column else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(everything[0]), rule, *(line(row) for row in everything[1:])])


def replace_figures(file: Path, mark: str, text: str) -> None:
    """Put figures between the marks ``<!-- <mark>: begin -->`` and ``<!-- <mark>: end -->`` of a Markdown file.

    Raises:
        VoicebotError: a mark is missing.
    """
    first, last = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    old = file.read_text(encoding="utf-8")
    before, begin, rest = old.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise VoicebotError(f"{file}: the lines {first} and {last} are missing")
    file.write_text(f"{before}{first}\n{text}\n{last}{after}", encoding="utf-8")
