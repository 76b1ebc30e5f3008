"""How long the SIP library waits for an answer, which pjsua2 has no name for. For the SIP thread only."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import logging
from collections.abc import Callable, Iterator

import pjsua2 as pj

logger = logging.getLogger(__name__)

USUAL_S = 32.0
"""64 times T1 (RFC 3261 section 17)."""


@contextlib.contextmanager
def waiting(seconds: float) -> Iterator[None]:
    """Let requests that are sent in here wait for their answer only so long.

    A call holds its place in the library until its BYE is answered or given up: with the usual time a few far sides
    that have vanished block a worker for half a minute.
    """
    set_timers = _set_timers()
    # T1, T2 and T4 stay as they are.
    set_timers(0, 0, 0, round(seconds * 1000))
    try:
        yield
    finally:
        set_timers(0, 0, 0, round(USUAL_S * 1000))


@functools.lru_cache(maxsize=1)
def _set_timers() -> Callable[[int, int, int, int], None]:
    try:
        function = ctypes.CDLL(pj._pjsua2.__file__).pjsip_tsx_set_timers
    except (AttributeError, OSError) as error:
        logger.info("The SIP library keeps its own time for answers: %s", error)
        return lambda t1, t2, t4, td: None
    function.argtypes = [ctypes.c_uint] * 4
    function.restype = None
    return lambda t1, t2, t4, td: function(t1, t2, t4, td)
