from __future__ import annotations

import gc

from voicebot.runtime.heap import keep_what_is_loaded


def test_what_is_loaded_is_left_out_of_collections_and_what_comes_later_is_not() -> None:
    class Node:
        """Refers to itself, so that only the collector can free it."""

        freed = 0

        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            Node.freed += 1

    kept = Node()
    before, thresholds = gc.get_freeze_count(), gc.get_threshold()
    try:
        keep_what_is_loaded()
        assert gc.get_freeze_count() > before
        Node()
        gc.collect()
        assert Node.freed == 1
        assert kept.itself is kept
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
