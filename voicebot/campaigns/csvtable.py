"""Rows of a CSV file (RFC 4180), each on its own: one with a quote that is never closed does not swallow the others."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Row = tuple[int, list[str]]
"""Number of the line in the file, from 1, and its cells."""

_DELIMITERS = ",;\t|"
_MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that cannot be read.

    Attributes:
        line: where it begins.
        message: what is wrong, for people.
    """

    line: int
    message: str


def csv_rows(text: str) -> Iterator[Row | BrokenRow]:
    """Yield the rows of a text; the first line that has anything in it decides what is between the cells.

    A value in quotes may go over several lines, up to 100. Where a row cannot be read, the next one is looked for in
    the line behind its first.
    """
    # A comma inside of a value further down must not decide.
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    lines = list(io.StringIO(text, newline=""))
    place = 0
    while place < len(lines):
        window = (lines[at] for at in range(place, min(place + _MOST_LINES, len(lines))))
        reader = csv.reader(window, delimiter=delimiter, strict=True)
        try:
            cells = next(reader)
        except csv.Error as error:
            yield BrokenRow(place + 1, _told(error, lines[place : place + reader.line_num]))
            place += 1
            continue
        yield place + 1, [cell.strip() for cell in cells]
        place += reader.line_num


def _told(error: csv.Error, lines: Sequence[str]) -> str:
    if any('"' in line for line in lines):
        return 'a quote (") is not closed, or stands where none can be'
    return f"not CSV: {error}"
