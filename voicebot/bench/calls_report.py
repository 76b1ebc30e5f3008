"""The figures of the calls bench as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from voicebot.bench.calls import CallsFigures
from voicebot.bench.calls_goals import goals_of, left_behind, memory_growth_percent, number, per_1000
from voicebot.bench.calls_load import Carried
from voicebot.bench.calls_proc import Usage
from voicebot.bench.calls_row import Row
from voicebot.bench.calls_rtp import Heard
from voicebot.bench.calls_sipp import Made
from voicebot.bench.calls_stage import Line
from voicebot.bench.figures import summarise, table

_MIB = 1024


def report(figures: CallsFigures) -> str:
    """Return the figures with what each table shows."""
    parts = [_calls(figures), _frames(figures)]
    if figures.ours is not None:
        parts += [_processor(figures.ours, figures.native), _memory(figures.ours, figures.native)]
    if figures.row is not None:
        parts += _row(figures.row)
    parts.append(_titled("Goals (at most):", ["", "goal", "measured", "reached"], _goal_cells(figures)))
    return "\n\n".join(part for part in parts if part)


def _titled(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = [list(row) for row in rows]
    return f"{title}\n\n{table(head, cells)}" if cells else ""


def _goal_cells(figures: CallsFigures) -> list[list[str]]:
    return [goal.cells() for goal in goals_of(figures)]


def _calls(figures: CallsFigures) -> str:
    rows = []
    if figures.ours is not None:
        ours = figures.ours
        rows.append(_made(f"{ours.calls} at a time, {_processes(ours, figures)}", ours.made))
    if figures.native is not None:
        native = figures.native
        rows.append(_made(f"{native.calls} at a time, {native.processes} native players", native.made))
    if figures.setup is not None:
        rows.append(_made(f"{figures.setup.per_s:g} new ones a second", figures.setup.made))
    if figures.row is not None:
        rows.append(_made("in a row", figures.row.made))
    head = ["", "asked", "carried", "failed", "why", "p50", "p95", "max"]
    return _titled("Calls, and the time from INVITE to 200 in ms:", head, rows)


def _processes(ours: Carried, figures: CallsFigures) -> str:
    workers = "one line worker" if ours.processes == 1 else f"{ours.processes} line workers"
    return f"{workers} (library for {figures.library_calls})"


def _made(name: str, made: Made) -> list[str]:
    times = summarise(made.setup_ms)
    cells = [f"{value:.0f}" for value in (times.p50, times.p95, times.most)] if times is not None else ["", "", ""]
    why = ", ".join(f"{reason}: {count}" for reason, count in sorted(made.why.items()))
    return [name, str(made.asked), str(made.good), str(made.asked - made.good), why, *cells]


def _frames(figures: CallsFigures) -> str:
    rows = []
    if figures.ours is not None:
        rows.append(_heard(f"{figures.ours.calls} calls", figures.ours.heard, figures.line))
    if figures.native is not None:
        rows.append(_heard(f"{figures.native.calls} calls, native players", figures.native.heard, None))
    if figures.setup is not None:
        rows.append(_heard("new calls", figures.setup.heard, figures.setup.line))
    head = [
        "", "played out", "late", "per 1000", "longest gap",
        "packets heard", "lost", "late", "per 1000", "gaps over 40 ms", "longest gap",
    ]  # fmt: skip
    title = (
        "Frames that the bot played out by its own count, and packets that the phones heard; late: by more than 10 ms, "
        "gaps in ms:"
    )
    return _titled(title, head, rows)


def _heard(name: str, heard: Heard, line: Line | None) -> list[str]:
    own = ["", "", "", ""]
    if line is not None:
        share = f"{per_1000(line.late, line.played):.2f}"
        own = [str(line.played), str(line.late), share, f"{line.max_gap_ms:.0f}"]
    late = f"{per_1000(heard.late, heard.packets):.2f}"
    theirs = [str(heard.packets), str(heard.lost), str(heard.late), late, str(heard.gaps), f"{heard.max_gap_ms:.0f}"]
    return [name, *own, *theirs]


def _processor(ours: Carried, native: Carried | None) -> str:
    rows = [[kind, number(ours.percent_of_core([kind]))] for kind in ours.cpu_s]
    rows.append(["all of the service", number(ours.percent_of_core())])
    if native is not None:
        rows.append([f"{native.processes} native players", number(native.percent_of_core())])
    return _titled(f"Processor time of one call, in % of a core, over {ours.window_s:.0f} s:", ["", "%"], rows)


def _memory(ours: Carried, native: Carried | None) -> str:
    rows = [_memory_row(kind, ours, kind) for kind in ours.idle]
    if native is not None:
        rows.append(_memory_row("native", native, "native players"))
    head = ["", "processes", "no calls", "with calls", "each call adds", "in all for each call", "resident"]
    title = (
        "Memory in MiB (PSS, where pages that processes share count once; resident, where they count for each), and "
        "divided by the calls:"
    )
    return _titled(title, head, rows)


def _memory_row(kind: str, carried: Carried, name: str) -> list[str]:
    idle, loaded = carried.idle[kind], carried.loaded.get(kind, Usage())
    grown_kib = loaded.own_kib - idle.own_kib
    in_all_kib = idle.pss_kib + grown_kib
    return [
        name,
        str(loaded.processes),
        *(f"{kib / _MIB:.0f}" for kib in (idle.pss_kib, in_all_kib)),
        f"{grown_kib / _MIB / carried.calls:.2f}",
        f"{in_all_kib / _MIB / carried.calls:.1f}",
        f"{loaded.rss_kib / _MIB:.0f}",
    ]


def _row(row: Row) -> list[str]:
    rows = []
    for kind, before in row.before.items():
        after = row.after.get(kind, Usage())
        change = [f"{value:+d}" for value in left_behind(before, after)]
        share = 100 * (after.rss_kib - before.rss_kib) / max(1, before.rss_kib)
        memory = [f"{each.rss_kib / _MIB:.1f}" for each in (before, after)]
        rows.append([kind, str(after.processes), *change, *memory, f"{share:+.1f} %"])
    head = ["", "processes", "threads", "open files", "sockets", "MiB before", "MiB after", "growth"]
    title = f"What {row.made.asked} calls in a row left behind, after {row.warm_up} calls to warm up:"
    steps = ", ".join(f"{value:.0f}" for value in row.rss_mib)
    found = [
        _titled(title, head, rows),
        f"Resident memory of all together, before and after each hundred calls, in MiB: {steps} "
        f"({memory_growth_percent(row):+.1f} %).",
    ]
    found += [f"More than before, {kind}: {_listed(held, '+')}." for kind, held in row.held.items()]
    if row.files_left:
        found.append(f"Files left, with their bytes: {_listed(row.files_left, '')}.")
    if row.grown:
        found.append(f"Files that have grown, by so many bytes: {_listed(row.grown, '+')}.")
    return found


def _listed(counts: Mapping[str, int], sign: str) -> str:
    return ", ".join(f"`{name}` ({sign}{count})" for name, count in counts.items())
