"""Keeps Python's state of a thread that comes from C from callback to callback."""

from __future__ import annotations

import ctypes
import threading

_kept: set[int] = set()


def keep_thread_state() -> None:
    """Keep the state of the calling thread; for a callback from a thread of the library. Cheap after the first time.

    For each callback from such a thread SWIG makes a thread state with a stack of its own (PyGILState_Ensure) and frees
    it afterwards: that is a system call for memory, and faults for its pages, hundreds of times a second. A state that
    somebody else holds as well stays (https://docs.python.org/3/c-api/init.html#c.PyGILState_Ensure). It is never let
    go: the thread lives as long as the process, and Python frees all states at its end.
    """
    thread = threading.get_ident()
    if thread not in _kept:
        _kept.add(thread)
        ctypes.pythonapi.PyGILState_Ensure()
