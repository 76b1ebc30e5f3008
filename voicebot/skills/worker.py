"""A skill process: imports the Python files of a bot's skills and runs one skill at a time.

Started as ``python -m voicebot.skills.worker FOLDER HOME``: the folder with the files, and the one the skills work in.
Orders come as JSON lines on stdin, results leave as JSON lines on stdout. It ends when stdin closes, in the middle of
a skill, too. Imports nothing but the standard library, so that it starts fast and is small.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import importlib.util
import inspect
import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

MAX_RESULT_BYTES = 1_000_000
_LIMIT_SLACK_S = 5.0


def main() -> None:
    """Run until stdin closes."""
    folder, home = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    orders, events = _take_pipes()
    incoming: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(orders, incoming), daemon=True).start()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)  # files of skills may tell of callers
    os.chdir(home)
    try:
        skills = _load(folder)
    except Exception as error:
        _tell(events, {"failed": f"{_place(error, folder)}: {type(error).__name__}: {error}"})
        return
    _tell(events, {"ready": sorted(skills)})
    while True:
        order = incoming.get()
        # Should whoever started us be gone, and the skill hold the interpreter so that stdin is not read.
        faulthandler.dump_traceback_later(float(order["limit_s"]) + _LIMIT_SLACK_S, exit=True)
        event = _run(skills.get(order["skill"]), order["arguments"], folder)
        faulthandler.cancel_dump_traceback_later()
        _tell(events, event)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep stdin and stdout for us: what skills print goes to stderr, and they have nothing to read."""
    orders, events = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return orders, events


def _read(orders: BinaryIO, incoming: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in orders:
        incoming.put(json.loads(line))
    os._exit(0)


def _load(folder: Path) -> dict[str, Callable[..., Any]]:
    sys.path.append(str(folder))  # for files that import from each other
    modules = [_import(file) for file in sorted(folder.glob("[!_]*.py"))]
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    }


def _import(file: Path) -> ModuleType:
    # A name of its own: a file called json.py must not take the place of the library's.
    spec = importlib.util.spec_from_file_location(f"bot_skills_{file.stem}", file)
    assert spec is not None, "a Python file has a loader"
    assert spec.loader is not None, "a Python file has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _run(skill: Callable[..., Any] | None, arguments: dict[str, Any], folder: Path) -> dict[str, Any]:
    if skill is None:
        return {"error": "its file has no such function any more"}
    try:
        result = skill(**arguments)
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
    except (Exception, SystemExit) as error:
        # The message may quote what a caller said; whether it is logged is for the service to say.
        return {"error": f"{type(error).__name__} at {_place(error, folder)}", "message": str(error)}
    return _result(result)


def _result(result: Any) -> dict[str, Any]:
    try:
        size = len(json.dumps(result))
    except (TypeError, ValueError):
        return {
            "error": f"returned a {type(result).__name__}; expected a text, a number, true or false, a list or dict"
        }
    if size > MAX_RESULT_BYTES:
        return {"error": f"returned more than {MAX_RESULT_BYTES} bytes"}
    return {"result": result}


def _place(error: BaseException, folder: Path) -> str:
    """Return ``file:line`` of the last line of the bot's own that an error went through."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).parent == folder]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else folder.name


def _tell(events: BinaryIO, event: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody listens any more; the reader of stdin ends us
        events.write(json.dumps(event).encode() + b"\n")
        events.flush()


if __name__ == "__main__":
    main()
