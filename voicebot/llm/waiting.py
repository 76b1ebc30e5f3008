"""Waiting with a limit, without losing a cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def within(limit_s: float, work: Coroutine[Any, Any, T]) -> T:
    """Await something; whatever happens, it has ended when this returns.

    Not ``asyncio.wait_for``: before Python 3.12 that loses a cancellation that comes as the work is done.

    Raises:
        TimeoutError: of asyncio: it took longer than ``limit_s``.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=max(limit_s, 0.0))
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    if task.cancelled():
        raise asyncio.TimeoutError
    return task.result()
