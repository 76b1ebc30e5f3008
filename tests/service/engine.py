"""The example of a dialogue engine, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "example_engine.py"
TOKEN = "engine-key"
TONE_HZ = 1000.0


class ExampleEngine:
    """A started engine.

    Attributes:
        url: where it answers.
    """

    def __init__(self) -> None:
        self._process = _start("0")
        self.url = _url(self._process)

    def restart(self) -> None:
        """Kill it and start it again at the same address, with all its sessions forgotten."""
        self.kill()
        port = self.url.rpartition(":")[2].partition("/")[0]
        self._process = _start(port)
        assert _url(self._process) == self.url

    def kill(self) -> None:
        """End it as a crash does."""
        self._process.kill()
        self._process.communicate()


def _start(port: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-I", str(SCRIPT), "--port", port, "--token", TOKEN]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")


def _url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    match = re.match(r"listening at (\S+)$", process.stdout.readline())
    assert match is not None, "the engine did not start"
    return match.group(1)
