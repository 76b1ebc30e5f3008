"""Instructions that somebody else carries out later (text messages, blacklist entries), kept safely.

One JSON object a line, flushed to disk before the call goes on: what the brain ordered is not lost
in a crash.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from voicebot.protocol.instruction import BLACKLIST, SHORT_MESSAGE, Blacklist, ShortMessage


class Outbox:
    """An append-only file of instructions.

    Args:
        path: the file; made with its folder when first needed, readable by the owner alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def store(self, call_id: str, party: str, instruction: ShortMessage | Blacklist) -> None:
        """Append an instruction.

        Args:
            call_id: the call it was given in.
            party: number of the far side of the call: the one a blacklist entry means.
            instruction: what to do.
        """
        entry = {
            "at": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            "call_id": call_id,
            "party": party,
            "instruction": SHORT_MESSAGE if isinstance(instruction, ShortMessage) else BLACKLIST,
            "parameters": asdict(instruction),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        # O_APPEND: several line workers write whole lines into the same file.
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
