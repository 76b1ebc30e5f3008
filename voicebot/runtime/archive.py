"""Keeps the records of calls as files: ``<data>/calls/<day>/<call>.json``."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from telephony.line.recorder import Recorder
from voicebot.conversation.record import CallRecord

_PIECE_BYTES = 1 << 20


def safe_name(call_id: str) -> str:
    """Turn a Call-ID, which the far side makes up, into a harmless file name."""
    return re.sub(r"[^A-Za-z0-9.@_-]", "_", call_id).lstrip(".")[:120] or "call"


def save_call(directory: Path, record: CallRecord, recorder: Recorder | None) -> Path:
    """Write a call record, with what is known of its recording; return its path. Blocks until both are on the disk."""
    if recorder is not None:
        recorder.join()
        try:
            record.recording = {**facts(recorder.path), "hidden_ms": recorder.hidden_ms}
        except FileNotFoundError:
            record.recording = {"hidden_ms": recorder.hidden_ms}  # somebody has taken it already
    return save_record(directory, record)


def facts(path: Path) -> dict[str, Any]:
    """Return what a call's record tells of its recording: name, size and SHA-256. Blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return {"file": path.name, "bytes": path.stat().st_size, "sha256": digest.hexdigest()}


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
