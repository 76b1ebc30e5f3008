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
        command = [sys.executable, "-I", str(SCRIPT), "--port", "0", "--token", TOKEN]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        assert self._process.stdout is not None
        match = re.match(r"listening at (\S+)$", self._process.stdout.readline())
        assert match is not None, "the engine did not start"
        self.url = match.group(1)

    def kill(self) -> None:
        """End it as a crash does."""
        self._process.kill()
        self._process.communicate()
