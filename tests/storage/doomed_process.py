"""A process that is killed in the middle of its work: ``write`` fills a spool, ``import`` empties one.

Says on stdout what is done, one id a line: what it has said must survive it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from voicebot.settings import Settings
from voicebot.storage.spool import Order, Spool


def write(data: Path) -> None:
    """Write orders until somebody ends it."""
    spool = Spool(Settings.model_validate({"paths": {"data": data}}).paths.outbox)
    while True:
        order = Order("system_shortmessage", {"mobile": "13800138000"}, "c1")
        spool.write(order)
        print(order.id, flush=True)


def import_some(data: Path, count: int) -> None:
    """Import orders; die after a number of them, when the database has one more and the spool has it still."""
    from voicebot.storage.store import Storage

    storage = Storage(Settings.model_validate({"paths": {"data": data}}))
    discard = storage.spool.discard
    done = 0

    def discard_or_die(order: Order) -> None:
        nonlocal done
        if done == count:
            os.kill(os.getpid(), signal.SIGKILL)
        discard(order)
        done += 1
        print(order.id, flush=True)

    storage.spool.discard = discard_or_die  # type: ignore[method-assign]
    storage.import_orders()


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(Path(sys.argv[2]))
    else:
        import_some(Path(sys.argv[2]), int(sys.argv[3]))
