"""Many calls in a row: what they leave behind."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from voicebot.bench.calls_load import service_pids, usage_by_kind
from voicebot.bench.calls_proc import Usage, holdings
from voicebot.bench.calls_rtp import Heard
from voicebot.bench.calls_sipp import Load, Made, make_calls
from voicebot.bench.calls_stage import BOT, Line, PhoneBank
from voicebot.bench.rig import Rig

AT_ONCE = 2
PLACES = 2 * AT_ONCE
"""A call that has just ended may still be counted when the next one comes."""
HOLD_MS = 300
_PER_S = 8.0
_SETTLE_S = 4.0
_STEP = 100
"""Calls after which memory is read, to see whether it goes on growing."""
_WARM_UP = 100
_SHARED = ("models", "prompts")


@dataclass(slots=True)
class Row:
    """A row of calls.

    Attributes:
        warm_up: calls before the first look.
        made: what SIPp says.
        heard: what the phones heard.
        before, after: what the processes use, by kind.
        rss_mib: memory of all of them, before and after each hundred calls.
        held: threads and open files that are more than before, by kind of process.
        calls_left: that the service believes to be up, and the edge.
        files_left: in the data folder, less those there before; with their sizes in bytes.
        grown: files that were there before and have grown, by so many bytes.
    """

    warm_up: int
    made: Made = field(default_factory=Made)
    heard: Heard = field(default_factory=Heard)
    before: dict[str, Usage] = field(default_factory=dict)
    after: dict[str, Usage] = field(default_factory=dict)
    rss_mib: list[float] = field(default_factory=list)
    held: dict[str, dict[str, int]] = field(default_factory=dict)
    calls_left: tuple[int, int] = (0, 0)
    files_left: dict[str, int] = field(default_factory=dict)
    grown: dict[str, int] = field(default_factory=dict)


async def call_in_a_row(
    rig: Rig, phones: PhoneBank, calls: int, folder: Path, line: Line, tell: Callable[[str], None]
) -> Row:
    """Make some calls to warm up, then ``calls`` more, a few at a time, and compare before with after."""
    supervisor = rig.service.supervisor
    row = Row(warm_up=min(calls, _WARM_UP))
    await _make(rig, phones, row.warm_up, folder, line)
    data = rig.settings.paths.data
    files, held, row.before = files_in(data), _holdings(), usage_by_kind(service_pids())
    row.rss_mib.append(_rss_mib(row.before))
    await phones.heard()
    done = 0
    while done < calls:
        step = min(_STEP, calls - done)
        row.made.add(await _make(rig, phones, step, folder, line))
        done += step
        row.rss_mib.append(_rss_mib(usage_by_kind(service_pids())))
        tell(f"row: {done} of {calls} calls, {row.rss_mib[-1]:.0f} MiB")
    row.after = usage_by_kind(service_pids())
    row.held = {kind: dict(own - held[kind]) for kind, own in _holdings().items() if own - held[kind]}
    row.heard = await phones.heard()
    row.calls_left = supervisor.calls, supervisor.edge.dispatcher.calls
    row.files_left, row.grown = changes(files, files_in(data))
    return row


def files_in(folder: Path) -> dict[str, int]:
    """Return the sizes of the files below a folder, by their paths in it; what is shared by a link is left out."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        try:
            if path.is_file() and name.parts[0] not in _SHARED:
                found[str(name)] = path.stat().st_size
        except FileNotFoundError:
            continue  # gone between the two looks
    return found


def changes(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the files that are new, with their sizes, and by how much others have grown."""
    new = {name: size for name, size in after.items() if name not in before}
    grown = {name: size - before[name] for name, size in after.items() if size > before.get(name, size)}
    return new, grown


async def _make(rig: Rig, phones: PhoneBank, calls: int, folder: Path, line: Line) -> Made:
    target = rig.target(BOT).partition("@")[2]
    ended = line.calls
    load = Load(target, BOT, phones.ports, calls, _PER_S, AT_ONCE, HOLD_MS)
    made = await make_calls(load, folder, "sipp-row")
    for _ in range(int(_SETTLE_S / 0.1)):
        if line.calls >= ended + made.good and not rig.service.supervisor.calls:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(_SETTLE_S / 4)
    return made


def _holdings() -> dict[str, Counter[str]]:
    return {kind: holdings(pids) for kind, pids in service_pids().items()}


def _rss_mib(usage: Mapping[str, Usage]) -> float:
    return sum(each.rss_kib for each in usage.values()) / 1024
