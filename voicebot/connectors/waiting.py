"""Waiting for a deadline without losing a cancellation."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

import aiohttp

from voicebot.errors import BrainTimeoutError

logger = logging.getLogger(__name__)

T = TypeVar("T")


async def before(work: Coroutine[Any, Any, T], deadline_s: float, what: str) -> T:
    """Await something until a deadline of the loop's clock.

    Not ``asyncio.wait_for``: before Python 3.12 that loses a cancellation that comes at the very moment the work is
    done, and a caller who barged in would go on being answered.

    Raises:
        BrainTimeoutError: it did not come in time; ``what`` names it.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=max(deadline_s - asyncio.get_running_loop().time(), 0.0))
    except asyncio.CancelledError:
        await _abandon(task)
        raise
    if not done:
        await _abandon(task)
        raise BrainTimeoutError(f"no {what} from the dialogue endpoint in time")
    return task.result()


async def _abandon(task: asyncio.Future[T]) -> None:
    """Cancel a task and see it end; a response that arrived all the same is closed."""
    task.cancel()
    await asyncio.wait({task})
    if task.cancelled():
        return
    error = task.exception()
    if error is not None:
        logger.debug("abandoned request failed: %s", type(error).__name__)
        return
    result = task.result()
    if isinstance(result, aiohttp.ClientResponse):
        result.close()
