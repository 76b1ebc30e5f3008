"""Calls that have begun and not ended: what is left of those whose process died.

A file for each call, locked by the process that holds the call for as long as it lives. A file that nobody holds
belongs to a call whose process is gone, and tells what its last event has to say.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import uuid
from pathlib import Path

from voicebot.conversation.leg import CallInfo, HangupCause
from voicebot.conversation.record import CallRecord
from voicebot.events.cdr import cdr
from voicebot.events.event import ANSWERED, ENDED, STARTED, CallEvent

logger = logging.getLogger(__name__)

DIED = "the process that held the call died"


class OpenCalls:
    """The side of a process that holds calls.

    Args:
        folder: made when first needed, readable by the owner alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, tuple[Path, int]] = {}

    def note(self, event: CallEvent) -> None:
        """A call has begun, was answered, or has ended. Of other events nothing is kept.

        Raises:
            OSError: it could not be kept.
        """
        if event.kind == STARTED:
            self._begin(event)
        elif event.kind == ANSWERED and event.call_id in self._files:
            os.write(self._files[event.call_id][1], _line(event))
        elif event.kind == ENDED and event.call_id in self._files:
            path, descriptor = self._files.pop(event.call_id)
            path.unlink(missing_ok=True)
            os.close(descriptor)

    def close(self) -> None:
        """Let go of all calls, as the death of the process does."""
        for _, descriptor in self._files.values():
            os.close(descriptor)
        self._files.clear()

    def _begin(self, event: CallEvent) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / f"{event.id}.json"
        draft = path.with_suffix(".part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            # Locked before it has its name: whoever finds it by that finds it held.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Not flushed to the disk: it has to outlive the process, and hardly anybody waits for the machine's death.
            os.write(descriptor, _line(event))
            draft.replace(path)
        except OSError:
            os.close(descriptor)
            raise
        self._files[event.call_id] = path, descriptor


def lost_calls(folder: Path) -> list[tuple[Path, CallEvent]]:
    """Return the files of calls whose process is gone, each with the last event of its call.

    Whoever has passed the event on deletes the file. Asked twice, it is the same event.

    Raises:
        OSError: the folder cannot be read.
    """
    found = [(path, _settled(path)) for path in sorted(folder.glob("*.json")) if not _is_held(path)]
    return [(path, event) for path, event in found if event is not None]


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return True  # it has ended at this moment
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _settled(path: Path) -> CallEvent | None:
    events = _read(path)
    if not events:
        path.unlink(missing_ok=True)
        logger.error("a call was lost, and what was kept of it cannot be read: %s", path.name)
        return None
    started = events[0]
    said = {name: str(started.data.get(name, "")) for name in ("caller", "called", "line", "direction")}
    record = CallRecord(
        CallInfo(started.call_id, said["caller"], said["called"]),
        said["line"],
        started.at,
        cause=HangupCause.FAILED,
    )
    answered = any(event.kind == ANSWERED for event in events)
    told = cdr(record, outgoing=said["direction"] == "outgoing", answered=answered, status=0, reason=DIED)
    return CallEvent(ENDED, started.call_id, told, id=str(uuid.uuid5(uuid.NAMESPACE_OID, started.id)))


def _read(path: Path) -> list[CallEvent]:
    """Return the events of a file, as far as they are whole."""
    events: list[CallEvent] = []
    for line in path.read_bytes().splitlines():
        try:
            events.append(CallEvent.from_json(json.loads(line)))
        except (ValueError, TypeError, RecursionError):
            break
    return events


def _line(event: CallEvent) -> bytes:
    return json.dumps(event.as_json()).encode("ascii") + b"\n"
