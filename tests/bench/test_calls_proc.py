from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from voicebot.bench.calls_proc import Usage, by_kind, children, cpu_s_of, holdings, module_of, total, usage_of

STAT = "{pid} (a (b) c) S 1 1 1 0 -1 4194560 900 0 0 0 {user} {system} 0 0 20 0 {threads} 0 100 1000 200\n"
STATUS = "Name:\ta\nVmRSS:\t    4096 kB\nRssAnon:\t     512 kB\nThreads:\t5\n"
ROLLUP = "55 rollup\nRss:  4000 kB\nPss:  1024 kB\nPss_Dirty:  10 kB\nShared_Clean:  0 kB\n"


def process(proc: Path, pid: int, user: int = 0, system: int = 0, threads: int = 1, module: str = "") -> Path:
    own = proc / str(pid)
    (own / "fd").mkdir(parents=True)
    (own / "task" / str(pid)).mkdir(parents=True)
    (own / "task" / str(pid) / "children").write_text("")
    (own / "stat").write_text(STAT.format(pid=pid, user=user, system=system, threads=threads))
    (own / "status").write_text(STATUS)
    (own / "smaps_rollup").write_text(ROLLUP)
    (own / "cmdline").write_bytes(f"/usr/bin/python\0-m\0{module}\0".encode() if module else b"sh\0")
    return own


def test_a_process_is_read(tmp_path: Path) -> None:
    own = process(tmp_path, 7, user=150, system=50, threads=5)
    (own / "fd" / "0").symlink_to("/dev/null")
    (own / "fd" / "1").symlink_to("socket:[4711]")
    per_s = os.sysconf("SC_CLK_TCK")
    assert usage_of(7, tmp_path) == Usage(1, 200 / per_s, 4096, 1024, 5, 2, 1, 512)
    assert usage_of(7, tmp_path, shares=False) == Usage(1, 200 / per_s, 4096, 0, 5, 2, 1, 512)


def test_a_process_that_is_gone_uses_nothing(tmp_path: Path) -> None:
    assert usage_of(7, tmp_path) == Usage()
    assert cpu_s_of(7, tmp_path) == 0
    assert module_of(7, tmp_path) == ""
    assert children(7, tmp_path) == []


def test_several_add_up(tmp_path: Path) -> None:
    process(tmp_path, 7, threads=2)
    process(tmp_path, 8, threads=3)
    both = total([7, 8, 9], tmp_path)
    assert (both.processes, both.threads, both.pss_kib) == (2, 5, 2048)


def test_processes_by_what_they_run(tmp_path: Path) -> None:
    parent = process(tmp_path, 1)
    (parent / "task" / "1" / "children").write_text("2 3 4 6 ")
    process(tmp_path, 2, module="a.line")
    speech = process(tmp_path, 3, module="a.speech")
    (speech / "task" / "3" / "children").write_text("5 ")
    process(tmp_path, 4, module="another")
    process(tmp_path, 5)
    process(tmp_path, 6, module="a.line")
    assert by_kind({"a.line": "lines", "a.speech": "speech"}, 1, tmp_path) == {"lines": [2, 6], "speech": [3, 5]}


def test_what_processes_hold(tmp_path: Path) -> None:
    for pid in (7, 8):
        own = process(tmp_path, pid)
        (own / "task" / str(pid) / "comm").write_text("clock\n")
        (own / "fd" / "0").symlink_to(f"socket:[{pid}]")
    (tmp_path / "8" / "fd" / "1").symlink_to("/data/voicebot.db")
    found = holdings([7, 8, 9], tmp_path)
    assert found == {"thread clock": 2, "file socket": 2, "file /data/voicebot.db": 1}


def test_a_real_one() -> None:
    own = usage_of(os.getpid())
    assert own.processes == 1
    assert own.rss_kib > own.own_kib > 1000
    assert own.pss_kib > 1000
    assert own.files >= 1
    began_s = cpu_s_of(os.getpid())
    while cpu_s_of(os.getpid()) == began_s:
        time.process_time()  # its own work lets the time grow
    child = subprocess.Popen([sys.executable, "-m", "http.server", "--help"], stdout=subprocess.DEVNULL)
    try:
        assert child.pid in children(os.getpid())
    finally:
        child.wait()
