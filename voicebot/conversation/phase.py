"""The life of a call, in four phases."""

from __future__ import annotations

import enum


class Phase(enum.IntEnum):
    """Where a call is in its life."""

    NEW = 0
    TALKING = 1
    TRANSFERRING = 2
    OVER = 3
