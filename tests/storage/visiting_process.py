"""A process that adds one text message to a database and leaves, as a command does beside the service."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.storage.stored import message, storage

if __name__ == "__main__":
    with storage(Path(sys.argv[1])) as opened:
        opened.outbox.add(message(sys.argv[2]))
        print(len(opened.outbox.messages()))
