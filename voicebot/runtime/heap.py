"""The garbage collector beside calls."""

from __future__ import annotations

import gc

_YOUNG_OBJECTS = 10_000
"""New objects until the collector looks at them. An answer makes some hundred, so that with Python's 700 it would look
at answers in the making several times over."""


def keep_what_is_loaded() -> None:
    """Take all objects that there are now out of garbage collection.

    The vocabulary of the sentence vectors alone is some 300,000 objects, which stay for good. Each full collection
    would look through them, and hold up every call for a tenth of a second meanwhile.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *gc.get_threshold()[1:])
