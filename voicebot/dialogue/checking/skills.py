"""Skills in Python: all that is wrong with them by their text, and whether they can be imported."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from voicebot.errors import SkillError
from voicebot.skills.pool import START_S
from voicebot.skills.process import SkillProcess

_PLACE = re.compile(r"(?P<where>[^/\s:]+\.py:\d+): (?P<problem>.*)", re.DOTALL)


def import_problems(folder: Path) -> Iterator[str]:
    """Import the skills in a process of their own, as the service does at its start.

    Yields:
        ``file:line: problem`` of the first file that cannot be imported.
    """
    if not any(folder.glob("[!_]*.py")):
        return
    with tempfile.TemporaryDirectory() as home:
        problem = asyncio.run(_imported(SkillProcess(folder, Path(home))))
    found = _PLACE.search(problem)
    if found is not None:
        yield f"{folder / found['where']}: cannot be imported: {found['problem']}"
    elif problem:
        yield f"{folder}: {problem}"


async def _imported(process: SkillProcess) -> str:
    try:
        await asyncio.wait_for(process.start(), START_S)
    except asyncio.TimeoutError:
        return f"the import of the skills takes more than {START_S:g} s"
    except SkillError as error:
        return error.message
    finally:
        await process.end()
    return ""
