"""The life of a call, in phases."""

from __future__ import annotations

import enum


class Phase(enum.IntEnum):
    """Where a call is in its life."""

    NEW = 0
    TALKING = 1
    TRANSFERRING = 2
    OVER = 3
    BRIDGED = 4
    """The caller talks to somebody else through us; comes between TRANSFERRING and OVER."""
    TAKEN_OVER = 5
    """The caller talks to a supervisor; comes after TALKING, and may lead back to it."""
