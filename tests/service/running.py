"""``voicebot serve`` in a process of its own, and what the tests look at from outside."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import yaml

from voicebot.settings import load_settings

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 90.0
EVENT_TIMEOUT_S = 30.0
_POLL_S = 0.05


class Output:
    """The lines of a pipe, as they come."""

    def __init__(self, pipe: IO[str]) -> None:
        self.lines: list[str] = []
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        """All that came so far."""
        return "\n".join(self.lines)

    def wait_for(self, pattern: str, timeout_s: float = EVENT_TIMEOUT_S, count: int = 1) -> str:
        """Return the line that matches, or the count-th such line; waits until there is one."""

        def found() -> list[str]:
            return [line for line in self.lines if re.search(pattern, line)]

        with self._changed:
            self._changed.wait_for(lambda: len(found()) >= count or self._closed, timeout_s)
            assert len(found()) >= count, f"no {count} lines like {pattern!r} in:\n{self.text}"
            return found()[count - 1]

    def close(self) -> None:
        """Wait for the end of the pipe."""
        self._thread.join()

    def _read(self, pipe: IO[str]) -> None:
        with pipe:
            for line in pipe:
                with self._changed:
                    self.lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class RunningService:
    """A started service.

    Args:
        folder: for its data; has its configuration file, too.
        config: settings that differ from the defaults.
        overrides: for ``--set``.
    """

    def __init__(self, folder: Path, config: Mapping[str, Any], overrides: Iterable[str] = ()) -> None:
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        # The models that are there; everything else of the service is new.
        (self.data / "models").symlink_to(load_settings(environ=os.environ).paths.models.resolve())
        file = folder / "voicebot.yaml"
        file.write_text(yaml.safe_dump({"paths": {"data": str(self.data)}, **config}, allow_unicode=True))
        command = [sys.executable, "-m", "voicebot.cli.main", "serve", "--config", str(file)]
        command += [part for override in overrides for part in ("--set", override)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("VOICEBOT_")}
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.out, self.log = Output(self.process.stdout), Output(self.process.stderr)
        self.sip_port = 0
        self.url = ""
        self.key = ""

    def until_ready(self) -> None:
        """Wait until it can be rung and has all its sentences at hand."""
        try:
            self.out.wait_for(r"Stop with Ctrl-C", START_TIMEOUT_S)
            self.log.wait_for(r"fixed sentences of the bots are rendered", START_TIMEOUT_S)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log.text}") from None
        self.sip_port = int(_found(r"ring +sip:\w+@127\.0\.0\.1:(\d+)", self.out.text))
        self.url = _found(r"POST (http://\S+)/stream/query", self.out.text)
        self.key = self._made_key()

    def _made_key(self) -> str:
        command = [sys.executable, "-m", "voicebot.cli.main", "keys", "add", "--quiet"]
        command += ["--config", str(self.data.parent / "voicebot.yaml")]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    @property
    def processes(self) -> dict[int, str]:
        """The processes below it: pid and module."""
        found: dict[int, str] = {}
        for pid in children(self.process.pid):
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            found[pid] = arguments[2].decode() if len(arguments) > 2 else ""
        return found

    def process_of(self, module: str) -> int:
        """The one process that runs a module."""
        (pid,) = (pid for pid, name in self.processes.items() if name == module)
        return pid

    async def record(self, caller: str, timeout_s: float = EVENT_TIMEOUT_S) -> dict[str, Any]:
        """Return the record of the call that came from a number; waits until it is written."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found[:] = [record for record in self.records() if record["info"]["caller"] == caller]
            return bool(found)

        try:
            await until(look, f"a record of the call from {caller}", timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log.text}") from None
        (record,) = found
        return record

    def records(self) -> list[dict[str, Any]]:
        """All records of calls."""
        return [json.loads(path.read_text(encoding="utf-8")) for path in self.data.glob("calls/*/*.json")]

    def recording(self, record: Mapping[str, Any]) -> Path:
        """The sound of a recorded call: the caller left, the bot right."""
        return self.data / "recordings" / f"{record['info']['call_id']}.wav"

    def terminate(self) -> None:
        """Ask it to stop, as an init system does."""
        self.process.send_signal(signal.SIGTERM)

    def ends(self, timeout_s: float) -> int:
        """Wait for its end; its exit status."""
        status = self.process.wait(timeout_s)
        self.out.close()
        self.log.close()
        return status

    def destroy(self) -> None:
        """Make sure that nothing is left."""
        if self.process.poll() is None:
            below = self.processes
            self.process.kill()
            for pid in below:
                _kill(pid)
        self.ends(10)


def heard(record: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """What the caller heard according to the record: texts, and whether they were heard to the end."""
    return [(item["text"], item["complete"]) for turn in record["turns"] for item in turn["heard"]]


def understood(record: Mapping[str, Any]) -> list[str]:
    """What the caller said according to the record."""
    return [turn["caller_text"] for turn in record["turns"] if turn["caller_text"]]


def children(pid: int) -> list[int]:
    """The processes that a process has started and that are still there."""
    return [int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]


def owner_of_udp_port(port: int, among: Iterable[int]) -> int:
    """Return which of some processes has bound a UDP port."""
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    inodes = {fields[9] for fields in map(str.split, lines) if int(fields[1].rpartition(":")[2], 16) == port}
    links = {f"socket:[{inode}]" for inode in inodes}
    owners = [pid for pid in among if links & {_target(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()}]
    (owner,) = owners
    return owner


def _target(link: Path) -> str:
    """Return where a link leads, "" if it is gone by now: processes close files while we look."""
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return ""


def is_alive(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be reaped."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


async def until(reached: Callable[[], bool], what: str, timeout_s: float = EVENT_TIMEOUT_S) -> None:
    """Wait for something that can only be looked for."""

    async def look() -> None:
        while True:
            if reached():
                return
            await asyncio.sleep(_POLL_S)

    try:
        await asyncio.wait_for(look(), timeout_s)
    except asyncio.TimeoutError:
        raise AssertionError(f"there is not {what}") from None


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, f"no {pattern!r} in:\n{text}"
    return match.group(1)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
