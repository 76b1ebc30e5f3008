"""What the user sees of a download."""

from __future__ import annotations

import io

from rich.console import Console

from voicebot.modelstore.progress import MIB, PlainReporter, RichReporter, SilentReporter


def test_plain_lines_come_at_quarters() -> None:
    out = io.StringIO()
    reporter = PlainReporter(out)
    reporter.note("fetching")
    with reporter.transfer("model.bin", 8 * MIB) as meter:
        for done in range(9):
            meter.update(done * MIB)
    assert out.getvalue().splitlines() == [
        "fetching",
        *(f"  model.bin: {percent} % of 8.0 MiB" for percent in (25, 50, 75, 100)),
    ]


def test_bars_show_name_and_size_and_take_brackets_literally() -> None:
    out = io.StringIO()
    reporter = RichReporter(Console(file=out, force_terminal=True, width=120, color_system=None))
    reporter.note("fetching [bold]")
    with reporter.transfer("[red]model", 2 * MIB) as meter:
        meter.update(2 * MIB)
    assert "fetching [bold]" in out.getvalue()
    assert "[red]model" in out.getvalue()
    assert "2.0/2.0 MiB" in out.getvalue()


def test_silence(capsys: object) -> None:
    reporter = SilentReporter()
    with reporter.transfer("x", 1) as meter:
        meter.update(1)
    reporter.note("x")
