"""What the kernel tells of processes (proc(5)): time used, memory, files and threads."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_NUMBERS = re.compile(r":?\[\d+\]")  # of sockets and pipes
# Fields of /proc/pid/stat after the name in brackets, counted from the state (field 3 of the manual) on.
_UTIME, _STIME, _THREADS = 11, 12, 17


@dataclass(frozen=True, slots=True)
class Usage:
    """One or more processes at a moment.

    Attributes:
        processes: how many.
        cpu_s: processor time since their start.
        rss_kib: resident memory, pages that several share counted for each.
        pss_kib: resident memory, shared pages by their share; 0 where that was not asked for.
        threads: threads.
        files: open files, sockets and pipes included.
        sockets: sockets among them.
        own_kib: resident memory that is no part of a file (RssAnon).
    """

    processes: int = 0
    cpu_s: float = 0.0
    rss_kib: int = 0
    pss_kib: int = 0
    threads: int = 0
    files: int = 0
    sockets: int = 0
    own_kib: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def cpu_s_of(pid: int, proc: Path = PROC) -> float:
    """Return the processor time of a process, in its own code and in the kernel's; 0 if it is gone."""
    fields = _stat(pid, proc)
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_PER_S if fields else 0.0


def usage_of(pid: int, proc: Path = PROC, *, shares: bool = True) -> Usage:
    """Return what a process uses; nothing if it is gone.

    Args:
        pid: the process.
        proc: where the kernel tells.
        shares: find out which pages it shares, too. That stops the process from getting memory for some milliseconds.
    """
    fields = _stat(pid, proc)
    if not fields:
        return Usage()
    try:
        targets = [_target(link) for link in (proc / str(pid) / "fd").iterdir()]
        memory = _kib((proc / str(pid) / "status").read_text(encoding="ascii", errors="replace"))
        if shares:
            memory |= _kib((proc / str(pid) / "smaps_rollup").read_text(encoding="ascii", errors="replace"))
    except (FileNotFoundError, ProcessLookupError):
        return Usage()
    return Usage(
        processes=1,
        cpu_s=cpu_s_of(pid, proc),
        rss_kib=memory.get("VmRSS", 0),
        pss_kib=memory.get("Pss", 0),
        threads=int(fields[_THREADS]),
        files=len(targets),
        sockets=sum(target.startswith("socket:") for target in targets),
        own_kib=memory.get("RssAnon", 0),
    )


def total(pids: Iterable[int], proc: Path = PROC, *, shares: bool = True) -> Usage:
    """Return what processes use together. See ``usage_of``."""
    return sum((usage_of(pid, proc, shares=shares) for pid in pids), Usage())


def holdings(pids: Iterable[int], proc: Path = PROC) -> Counter[str]:
    """Return what processes hold: each thread by its name, each open file by what it is, and how many of each."""
    found: Counter[str] = Counter()
    for pid in pids:
        for kind, pattern in (("thread", "task/*/comm"), ("file", "fd/*")):
            for path in (proc / str(pid)).glob(pattern):
                name = _target(path) if kind == "file" else _text(path).strip()
                if name:
                    found[f"{kind} {_NUMBERS.sub('', name)}"] += 1
    return found


def children(pid: int, proc: Path = PROC) -> list[int]:
    """Return the processes that a process has started and that are still there."""
    found: list[int] = []
    for file in (proc / str(pid) / "task").glob("*/children"):
        try:
            found += map(int, file.read_text(encoding="ascii").split())
        except (FileNotFoundError, ProcessLookupError):
            continue  # a thread that ended meanwhile
    return found


def module_of(pid: int, proc: Path = PROC) -> str:
    """Return the Python module that a process runs (``python -m``), "" for anything else."""
    try:
        arguments = (proc / str(pid) / "cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return arguments[arguments.index(b"-m") + 1].decode() if b"-m" in arguments[:-1] else ""


def by_kind(kinds: Mapping[str, str], parent: int, proc: Path = PROC) -> dict[str, list[int]]:
    """Return the children of a process by what they are; what they start themselves counts with them.

    Args:
        kinds: names by the modules they run; children with other modules are left out.
        parent: the process.
    """
    found: dict[str, list[int]] = {}
    for pid in children(parent, proc):
        kind = kinds.get(module_of(pid, proc))
        if kind is not None:
            found.setdefault(kind, []).extend([pid, *children(pid, proc)])
    return found


def _stat(pid: int, proc: Path) -> list[str]:
    try:
        text = (proc / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _target(link: Path) -> str:
    """Return where a link leads, "" if it is gone by now."""
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return ""


def _kib(text: str) -> dict[str, int]:
    values: dict[str, int] = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        parts = rest.split()
        if len(parts) == 2 and parts[1] == "kB":
            values[name] = values.get(name, 0) + int(parts[0])
    return values
