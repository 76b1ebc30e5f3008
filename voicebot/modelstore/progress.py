"""Telling the user how a download goes: bars on a terminal, a line a file elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

MIB = 1024 * 1024
_PLAIN_STEP_PERCENT = 25


class Meter(Protocol):
    """The progress of one transfer."""

    def update(self, done_bytes: int) -> None:
        """Say how many bytes are there now; the number falls when a transfer starts afresh."""


class Reporter(Protocol):
    """Where the model store says what it does."""

    def note(self, text: str) -> None:
        """Say one line."""

    def transfer(self, label: str, total_bytes: int) -> AbstractContextManager[Meter]:
        """Show one transfer while the context lasts."""


class SilentReporter:
    """Say nothing."""

    def note(self, text: str) -> None:
        """Ignore the line."""

    def update(self, done_bytes: int) -> None:
        """Ignore the bytes."""

    @contextmanager
    def transfer(self, label: str, total_bytes: int) -> Iterator[Meter]:
        """Show nothing."""
        yield self


class _PlainMeter:
    def __init__(self, label: str, total_bytes: int, stream: TextIO) -> None:
        self._label = label
        self._total_bytes = total_bytes
        self._stream = stream
        self._next_percent = _PLAIN_STEP_PERCENT

    def update(self, done_bytes: int) -> None:
        percent = 100 * done_bytes // max(self._total_bytes, 1)
        if percent >= self._next_percent:
            print(f"  {self._label}: {percent} % of {self._total_bytes / MIB:.1f} MiB", file=self._stream, flush=True)
            self._next_percent = (percent // _PLAIN_STEP_PERCENT + 1) * _PLAIN_STEP_PERCENT


class PlainReporter:
    """Print lines, for logs and pipes."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    def note(self, text: str) -> None:
        """Print the line."""
        print(text, file=self._stream, flush=True)

    @contextmanager
    def transfer(self, label: str, total_bytes: int) -> Iterator[Meter]:
        """Print a line at every quarter."""
        yield _PlainMeter(label, total_bytes, self._stream)


class RichReporter:
    """Draw progress bars on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def note(self, text: str) -> None:
        """Print the line above the bars."""
        self._console.print(text, markup=False, highlight=False)

    @contextmanager
    def transfer(self, label: str, total_bytes: int) -> Iterator[Meter]:
        """Draw a bar with size, speed and time left."""
        columns = (
            TextColumn("  {task.description}", markup=False),
            BarColumn(bar_width=None),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console, expand=True) as bars:
            yield _RichMeter(bars, label, total_bytes)


class _RichMeter:
    def __init__(self, bars: Progress, label: str, total_bytes: int) -> None:
        self._bars = bars
        self._task = bars.add_task(label, total=total_bytes)

    def update(self, done_bytes: int) -> None:
        self._bars.update(self._task, completed=done_bytes)


def console_reporter() -> Reporter:
    """Return bars if standard error is a terminal, else plain lines."""
    console = Console(stderr=True)
    return RichReporter(console) if console.is_terminal else PlainReporter()
