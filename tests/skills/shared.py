"""What the tests of skills share: skill files, and a runner for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from voicebot.skills.pool import PythonSkills
from voicebot.skills.source import read_skills

SKILLS = '''\
"""Skills of the tests."""

from __future__ import annotations

import asyncio
import os
import sys
import time

from _helper import SIGN


def add(a: int, b: float = 0.5, *, negative: bool = False) -> float:
    """Add two numbers.

    More words that nobody reads.
    """
    return -(a + b) if negative else a + b


def order_status(order: str, tags: list[str] | None = None) -> dict[str, object]:
    """Look up an order."""
    return {"order": order, "status": "sent", "tags": tags or [], "sign": SIGN}


async def slowly(seconds: float) -> str:
    """Take some time, in asyncio."""
    await asyncio.sleep(seconds)
    return "done"


def block(seconds: float, begun: str = "", ended: str = "") -> str:
    """Take some time, and hold up the whole process."""
    if begun:
        _tell(begun)
    time.sleep(seconds)
    if ended:
        _tell(ended)
    return "done"


def fail(text: str) -> None:
    """Fail."""
    raise ValueError(text)


def leave() -> None:
    """Leave, as a script would."""
    sys.exit(3)


def crash() -> None:
    """Take the process along."""
    os._exit(9)


def chatter() -> str:
    """Print, and read what is not there."""
    print("noise")
    os.write(1, b"more noise\\n")
    return repr(sys.stdin.read())


def where() -> str:
    """Tell the working directory."""
    return os.getcwd()


def pid() -> int:
    """Tell the process id."""
    return os.getpid()


def strange() -> object:
    """Return what is not JSON."""
    return object()


def long() -> str:
    """Return too much."""
    return "x" * 2_000_000


def _tell(pipe: str) -> None:
    with open(pipe, "w") as file:
        file.write(f"{os.getpid()}\\n")


class NotASkill:
    def method(self) -> None:
        pass
'''


def write_skills(folder: Path, text: str = SKILLS) -> Path:
    """Write skill files into a folder and return it."""
    folder = folder / "skills"
    folder.mkdir()
    (folder / "tools.py").write_text(text, encoding="utf-8")
    (folder / "_helper.py").write_text("SIGN = '!'\n\n\ndef hidden(x):\n    pass\n", encoding="utf-8")
    return folder


@asynccontextmanager
async def python_skills(
    tmp_path: Path, text: str = SKILLS, *, tell_messages: bool = False
) -> AsyncIterator[PythonSkills]:
    """Run the skills of a text."""
    specs = read_skills(write_skills(tmp_path, text))
    skills = PythonSkills(specs, tmp_path / "home", tell_messages=tell_messages)
    try:
        yield skills
    finally:
        await skills.close()
