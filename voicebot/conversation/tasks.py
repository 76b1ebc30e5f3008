"""The tasks of one call: each has a name, is held here, and is cancelled here."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class CallTasks:
    """Holds tasks by name; one that begins under a name takes the place of the one before.

    Args:
        call_id: for the names of the tasks.
    """

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Begin some work."""
        self.cancel(name)
        task = asyncio.get_running_loop().create_task(work, name=f"{name}-{self._call_id}")
        self._tasks[name] = task
        task.add_done_callback(lambda done: self._tasks.pop(name) if self._tasks.get(name) is done else None)

    def cancel(self, name: str) -> None:
        """Give some work up, if it is under way."""
        task = self._tasks.pop(name, None)
        # A task whose failure is just being told has come to its end by itself.
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    def cancel_all(self) -> list[asyncio.Task[None]]:
        """Give all work up; return what has to be waited for."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        return tasks
