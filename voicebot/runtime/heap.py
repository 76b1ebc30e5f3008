"""The garbage collector beside calls."""

from __future__ import annotations

import gc


def keep_what_is_loaded() -> None:
    """Take all objects that there are now out of garbage collection.

    The vocabulary of the sentence vectors alone is some 300,000 objects, which stay for good. Each full collection
    would look through them, and hold up every call for a tenth of a second meanwhile.
    """
    gc.collect()
    gc.freeze()
