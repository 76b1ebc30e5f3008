"""Keeps the records of calls as files: ``<data>/calls/<day>/<call>.json``."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from voicebot.conversation.record import CallRecord


def safe_name(call_id: str) -> str:
    """Turn a Call-ID, which the far side makes up, into a harmless file name."""
    return re.sub(r"[^A-Za-z0-9.@_-]", "_", call_id).lstrip(".")[:120] or "call"


def save_record(directory: Path, record: CallRecord) -> Path:
    """Write a call record, whole or not at all; return its path."""
    folder = directory / record.started_at[:10]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{safe_name(record.info.call_id)}.json"
    temporary = path.with_suffix(".part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(record.as_dict(), file, ensure_ascii=False, indent=1)
    temporary.replace(path)
    return path
